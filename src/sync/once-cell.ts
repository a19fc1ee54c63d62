/**
 * A cell that is filled once, by the first who comes. In one thread, or in several. Its state and its value are in once-core.ts; here is who
 * fills it, and who waits.
 */
import { arrives, travel, type Luggage } from '../prelude/travel.ts'
import { blockingCheck, deadlineOf, type BlockingOptions } from './blocking.ts'
import { ready } from './budget.ts'
import { display } from './display.ts'
import { Event } from './event.ts'
import { Core, EMPTY, FULL, KIND, type Parts } from './once-core.ts'
import { Empty } from './outcome.ts'
import { abandoned, type WaitOptions } from './waiters.ts'

/** A value that was not set, and why. */
export interface NotSet<T> {
  /** `Full`: there is one already. `Busy`: an initialiser is at work. */
  readonly _tag: 'Full' | 'Busy'
  readonly value: T
}

/** What has come of an initialiser. */
type Outcome<T> = { readonly value: T } | { readonly error: unknown }

/**
 * A cell for a value that is made when it is first asked for, once for all who ask.
 *
 * **When to use**  for what is made late and shared: a connection, a table that was read. To wait for what somebody else sets, {@link OnceCell.wait}
 * **Cancel**       a wait by `signal`; an initialiser whose call is abandoned leaves the cell empty, and the next one who waits tries
 * **Travel**       what it holds must be accepted by structured clone once the handle has been sent: each thread has its copy
 * **Death**        of the thread that fills it: the next one who waits tries
 * **Source**       tokio `sync::OnceCell`, and with `wait` its `SetOnce`
 * @example
 * const config = new OnceCell<{ port: number }>()
 * config.get() // => Empty
 * await config.getOrInit(async () => ({ port: 80 })) // => { port: 80 }
 * config.set({ port: 81 }) // => { _tag: 'Full', value: { port: 81 } }
 * await config.wait() // => { port: 80 }
 */
export class OnceCell<T> {
  #core: Core<T>

  /** Empty, or with a value. */
  constructor(...initial: [] | [value: T]) {
    this.#core = new Core(new Event())
    if (initial.length === 1) this.set(initial[0])
  }

  /** Whether there is a value. */
  get isInitialized(): boolean {
    return this.#core.state === FULL
  }

  /** The value, if there is one. */
  get(): T | Empty {
    return this.#core.read()
  }

  /** Fills the cell; says why not, with the value, when it is full or somebody is about to fill it. */
  set(value: T): NotSet<T> | undefined {
    const core = this.#core
    const stowed = core.stow(value)
    if (!core.begin()) return { _tag: core.state === FULL ? 'Full' : 'Busy', value }
    this.#fill(value, stowed)
    return undefined
  }

  #fill(value: T, stowed: Buffer | undefined): void {
    const core = this.#core
    try {
      core.fill(value, stowed)
    } catch (error) {
      core.fail()
      core.event.tell()
      throw error
    }
    core.event.tell()
  }

  /**
   * The value; the first who comes makes it, by `init`, and the others wait. When `init` fails its call rejects, and the next one tries
   * with its own.
   *
   * **Cancel**  by `signal`. It is given to `init`, which should stop by it: what it would still answer is dropped
   * **Errors**  rejects with what `init` throws
   */
  async getOrInit(init: (options: { readonly signal: AbortSignal | undefined }) => T | PromiseLike<T>, { signal }: WaitOptions = {}): Promise<T> {
    const { event } = this.#core
    for (;;) {
      const gone = abandoned(signal)
      if (gone !== undefined) return gone
      const value = this.get()
      if (value !== Empty) return ready(value)
      if (this.#core.begin()) return this.#init(init, signal)
      await event.until(() => this.#settled, signal)
    }
  }

  /** Nobody fills it now. */
  get #settled(): true | undefined {
    const { state } = this.#core
    return state === FULL || state === EMPTY ? true : undefined
  }

  async #init(init: (options: { readonly signal: AbortSignal | undefined }) => T | PromiseLike<T>, signal: AbortSignal | undefined): Promise<T> {
    const { event } = this.#core
    let outcome: Outcome<T> | undefined
    let over = false
    const end = (result: Outcome<T>): void => {
      if (over) return // abandoned: somebody else may be at it
      over = true
      outcome = result
      if ('error' in result) this.#core.fail()
      else {
        try {
          this.#core.fill(result.value, this.#core.stow(result.value))
        } catch (error) {
          this.#core.fail()
          outcome = { error }
        }
      }
      event.tell()
    }
    void Promise.resolve()
      .then(() => init({ signal }))
      .then((value) => { end({ value }) }, (error: unknown) => { end({ error }) })
    const result = await event.until(() => outcome, signal, () => {
      if (outcome !== undefined) return outcome
      over = true
      this.#core.fail()
      queueMicrotask(() => { event.tell() })
      return undefined
    })
    if ('error' in result) throw result.error
    return result.value
  }

  /**
   * As {@link getOrInit}, blocking this thread while another one fills the cell; for functions of `spawnBlocking`, and of stages on the
   * blocking lane.
   *
   * **Errors**  ERR_MILLRACE_WOULD_BLOCK_LOOP on a thread with an event loop, and when only this very thread could fill it;
   *             `TimeoutError` when another thread has not filled it after `timeoutMs`
   */
  blockingGetOrInit(init: () => T, options: BlockingOptions = {}): T {
    const call = 'OnceCell.blockingGetOrInit'
    blockingCheck(call)
    const deadline = deadlineOf(call, options)
    for (;;) {
      const value = this.get()
      if (value !== Empty) return value
      if (this.#core.begin()) {
        try {
          const made = init()
          this.#fill(made, this.#core.stow(made))
          return made
        } catch (error) {
          this.#core.fail()
          this.#core.event.tell()
          throw error
        }
      }
      this.#core.event.blockingUntil(call, () => this.#settled, deadline)
    }
  }

  /**
   * The value, waiting until somebody sets it.
   *
   * **Cancel**  by `signal`
   */
  async wait({ signal }: WaitOptions = {}): Promise<T> {
    return (await this.#core.event.until(() => this.#boxed(), signal)).value
  }

  /** As {@link wait}, blocking this thread; see {@link blockingGetOrInit}. */
  blockingWait(options: BlockingOptions = {}): T {
    const call = 'OnceCell.blockingWait'
    return this.#core.event.blockingUntil(call, () => this.#boxed(), deadlineOf(call, options)).value
  }

  #boxed(): { readonly value: T } | undefined {
    const value = this.get()
    return value === Empty ? undefined : { value }
  }

  /** Takes the value out: the cell is empty again. */
  take(): T | Empty {
    return this.#core.take()
  }

  /** Never waits: the value, or that there is none. */
  toString(): string {
    const value = this.get()
    return value === Empty ? 'OnceCell { <empty> }' : `OnceCell { ${display(value)} }`
  }

  /** As {@link toString}, for `console.log`. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }

  /** A handle of the same cell for another thread. */
  [travel](): Luggage {
    return { kind: KIND, parts: this.#core.pack() }
  }

  static {
    arrives(KIND, (parts: Parts) => {
      const cell = new OnceCell<unknown>()
      cell.#core = Core.arrive(parts)
      return cell
    })
  }
}

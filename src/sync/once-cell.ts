/**
 * A cell that is filled once, by the first who comes. In one thread, or in several.
 *
 *     STATE   0 empty ──cas──▶ mark of the thread that fills it ──store──▶ 1 full ──take──▶ 0
 *                └◀──── fails, is abandoned, or its thread dies ────┘
 *     words   STATE · VERSION: grows with every filling · BYTES of the value · event · the value, if it is small
 * Invariants
 *   O1  one at a time fills: STATE goes from 0 to a mark by one cas
 *   O2  whoever sees STATE full sees the value: it is written before. Who reads bytes while the cell is taken and filled again finds another
 *       VERSION after, and reads again
 *   O3  nobody waits for one who is gone: a mark whose thread is dead is 0 again as soon as anybody looks, and a death makes all look
 * In one thread the value is as it is. Once the cell has travelled its value is bytes (`node:v8`) among the words, or in shared memory that
 * is reserved with them and is none until it is needed (atomic/shared-memory.ts); each thread makes its own copy, once.
 */
import { deserialize, serialize } from 'node:v8'
import { extend, reserved, words as sharedWords } from '../atomic/shared-memory.ts'
import { shore } from '../atomic/shore.ts'
import { cellStays } from '../error/wording-sync.ts'
import { arrives, travel, type Luggage } from '../prelude/travel.ts'
import { blockingCheck, deadlineOf, type BlockingOptions } from './blocking.ts'
import { ready } from './budget.ts'
import { display } from './display.ts'
import { EVENT_WORDS, Event } from './event.ts'
import { Empty } from './outcome.ts'
import { reside, resident, type Name } from './residents.ts'
import { abandoned, type WaitOptions } from './waiters.ts'

const KIND = 'OnceCell'

const STATE = 0
const VERSION = 1
const BYTES = 2
const EVENT = 3
const SMALL = EVENT + EVENT_WORDS
/** Bytes of a value that is among the words. */
const SMALL_BYTES = 256
const WORDS = SMALL + SMALL_BYTES / Int32Array.BYTES_PER_ELEMENT

const EMPTY = 0
const FULL = 1

/** Bytes that a value can have: address space, of which only what is used is memory. */
const MOST_BYTES = 2 ** 28

interface Parts {
  readonly name: Name
  readonly words: Int32Array
  /** For a value that is not small. */
  readonly memory: SharedArrayBuffer
}

/** A value that was not set, and why. */
export interface NotSet<T> {
  /** `Full`: there is one already. `Busy`: an initialiser is at work. */
  readonly _tag: 'Full' | 'Busy'
  readonly value: T
}

/** A cell as all handles of one thread know it. */
class Core<T> {
  #words: Int32Array = new Int32Array(EVENT)
  #parts: Parts | undefined
  #memory: SharedArrayBuffer | undefined
  readonly event: Event
  /** The value of this version; the value itself while the cell is in one thread. */
  #value: T | undefined
  #version = 0

  constructor(event: Event) {
    this.event = event
  }

  static arrive(parts: Parts): Core<unknown> {
    return resident(KIND, parts.name, () => {
      const core = new Core(Event.attach(parts.words, EVENT))
      core.#words = parts.words
      core.#memory = parts.memory
      core.#parts = parts
      return core
    })
  }

  pack(): Parts {
    if (this.#parts !== undefined) return this.#parts
    const words = sharedWords(WORDS)
    words.set(this.#words)
    const memory = reserved(MOST_BYTES)
    if (words[STATE] === FULL) words[BYTES] = write(words, memory, encode(this.#value))
    this.#words = words
    this.#memory = memory
    this.event.share(words, EVENT)
    return (this.#parts = { name: reside(this), words, memory })
  }

  /** EMPTY, FULL, or the mark of a living thread. */
  get state(): number {
    const state = shore.load(this.#words, STATE)
    if (state === EMPTY || state === FULL || shore.living(state)) return state
    if (shore.cas(this.#words, STATE, state, EMPTY)) this.event.tell()
    return EMPTY
  }

  /** It is this thread's to fill. */
  begin(): boolean {
    return this.state === EMPTY && shore.cas(this.#words, STATE, EMPTY, shore.me())
  }

  /** It stays empty. */
  fail(): void {
    shore.store(this.#words, STATE, EMPTY)
  }

  /** Fills it, with a value as {@link Core.stow} has made it. */
  fill(value: T, stowed: Buffer | undefined): void {
    const words = this.#words
    const version = (shore.load(words, VERSION) + 1) | 0
    shore.store(words, VERSION, version)
    // it may have begun to travel since it was stowed
    if (this.#memory !== undefined) shore.store(words, BYTES, write(words, this.#memory, stowed ?? encode(value)))
    this.#value = this.#memory === undefined ? value : undefined
    this.#version = this.#memory === undefined ? version : version - 1
    shore.store(words, STATE, FULL)
  }

  /** What other threads get; throws when they cannot. Runs code of the value's (getters). */
  stow(value: T): Buffer | undefined {
    return this.#memory === undefined ? undefined : encode(value)
  }

  /** The value, when it is full. */
  read(): T | Empty {
    while (this.state === FULL) {
      const version = shore.load(this.#words, VERSION)
      if (this.#memory === undefined || this.#version === version) return this.#value as T
      const bytes = this.#bytes(this.#memory)
      if (shore.load(this.#words, VERSION) !== version || this.state !== FULL) continue // O2
      this.#value = deserialize(bytes) as T
      this.#version = version
      return this.#value
    }
    return Empty
  }

  /** The value, which is gone from the cell then. */
  take(): T | Empty {
    const words = this.#words
    while (this.state === FULL) {
      if (!shore.cas(words, STATE, FULL, shore.me())) continue
      const known = this.#memory === undefined || this.#version === shore.load(words, VERSION)
      const value = known ? (this.#value as T) : (deserialize(this.#bytes(this.#memory!)) as T)
      this.#value = undefined
      this.#version = shore.load(words, VERSION) - 1
      this.fail()
      this.event.tell()
      return value
    }
    return Empty
  }

  #bytes(memory: SharedArrayBuffer): Buffer {
    const bytes = shore.load(this.#words, BYTES)
    return Buffer.from(placeFor(this.#words, memory, bytes))
  }
}

const encode = (value: unknown): Buffer => {
  try {
    return serialize(value)
  } catch (cause) {
    throw cellStays(cause)
  }
}

/** Where a value of so many bytes is. */
const placeFor = (words: Int32Array, memory: SharedArrayBuffer, bytes: number): Uint8Array =>
  bytes <= SMALL_BYTES
    ? new Uint8Array(words.buffer, words.byteOffset + SMALL * Int32Array.BYTES_PER_ELEMENT, bytes)
    : new Uint8Array(memory, 0, bytes)

const write = (words: Int32Array, memory: SharedArrayBuffer, value: Buffer): number => {
  const bytes = value.byteLength
  if (bytes > MOST_BYTES) throw cellStays(new RangeError(`${bytes} bytes are more than ${MOST_BYTES}`))
  if (bytes > SMALL_BYTES) extend(memory, bytes)
  placeFor(words, memory, bytes).set(value)
  return bytes
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

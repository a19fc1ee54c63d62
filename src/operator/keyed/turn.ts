/**
 * What a function of `keyedProcess` may do for its key while it runs: look at the time, set and clear timers, let go of the key.
 *
 *     begin(key, …) ──▶ the user's function ──▶ it returned: what it asked for is done       it threw: nothing of it is
 *
 * One object per instance, used for every call; outside of a call it refuses. Called by keyed/engine.ts. Loaded by workers.
 */
import type { Key } from './keys.ts'
import type { OfKey } from './timers.ts'

/** A timer that goes off. */
export interface KeyTimer {
  /** The name that it was set with. */
  readonly name: string
  /** The instant that it was set to; it may go off later. */
  readonly at: number
}

/** What the functions of `keyedProcess` are given besides state and item. Good for the call that it was given to. */
export interface KeyContext<K extends Key = Key> {
  readonly key: K
  /** The instant of the item, or of the timer that goes off. */
  readonly at: number
  /** What time it is: no item from before is expected any more; -Infinity before there is any. By the clock: now. */
  readonly watermark: number
  /** The input has ended: timers that are set now do not go off. */
  readonly ended: boolean
  /**
   * Sets the key's timer of this name (default: that without one), or moves it: `onTimer` is called once when it is due. Instants are
   * those of `at`; one that has passed goes off at once, behind this call. `onTimer` may set one to a later instant only than that of the
   * timer that goes off, or it would never end. What a function that throws has set does not count.
   */
  setTimer(at: number, name?: string): void
  /** Clears it. Nothing happens where it is not set. */
  clearTimer(name?: string): void
  /** When the timer is due, or `undefined` where it is not set. */
  timer(name?: string): number | undefined
  /** Lets go of the key, with its state and its timers, behind this call; `onEvict` is not told. The next item of the key begins anew. */
  forget(): void
}

const tooManyTimers = (max: number): never => {
  const error = new RangeError(`keyedProcess: more than ${max} timers of one key (maxTimers); raise it, or set one timer anew: a name has one`)
  throw Object.assign(error, { code: 'ERR_MILLRACE_TOO_MANY_TIMERS' })
}

export class Turn implements KeyContext {
  key: Key = undefined
  at = -Infinity
  watermark = -Infinity
  ended = false
  /** What was asked for by this call: names, and beside each an instant, or `undefined` to clear. They are few: lists cost less than a map. */
  readonly names: string[] = []
  readonly instants: (number | undefined)[] = []
  forgotten = false
  readonly #maxTimers: number
  #of: OfKey | undefined
  #count = 0
  #open = false
  #fires = false

  constructor(maxTimers: number) {
    this.#maxTimers = maxTimers
  }

  begin(key: Key, at: number, watermark: number, of: OfKey | undefined, fires: boolean): void {
    this.key = key
    this.at = at
    this.watermark = watermark
    this.names.length = 0
    this.instants.length = 0
    this.forgotten = false
    this.#of = of
    this.#count = of?.size ?? 0
    this.#open = true
    this.#fires = fires
  }

  /** The call is over. */
  close(): void {
    this.#open = false
    this.#of = undefined
  }

  setTimer(at: number, name = ''): void {
    this.#check()
    if (typeof at !== 'number' || Number.isNaN(at)) {
      throw new TypeError(`keyedProcess: a timer is set to an instant in milliseconds, not to ${typeof at === 'number' ? 'NaN' : typeof at}`)
    }
    if (typeof name !== 'string') throw new TypeError(`keyedProcess: the name of a timer is a text, not ${typeof name}`)
    if (this.#fires && at <= this.at) {
      throw new RangeError(`keyedProcess: onTimer sets a timer to ${at}, and the one that goes off was set to ${this.at}: it would never end. Set it to a later instant`)
    }
    if (this.ended) return
    if (this.timer(name) === undefined && ++this.#count > this.#maxTimers) {
      this.#count--
      tooManyTimers(this.#maxTimers)
    }
    this.#ask(name, at)
  }

  clearTimer(name = ''): void {
    if (this.timer(name) === undefined) return
    this.#count--
    this.#ask(name, undefined)
  }

  timer(name = ''): number | undefined {
    this.#check()
    const place = this.names.indexOf(name)
    return place >= 0 ? this.instants[place] : this.#of?.get(name)?.at
  }

  forget(): void {
    this.#check()
    this.forgotten = true
  }

  #ask(name: string, at: number | undefined): void {
    const known = this.names.indexOf(name)
    const place = known >= 0 ? known : this.names.length
    this.names[place] = name
    this.instants[place] = at
  }

  #check(): void {
    if (!this.#open) throw new Error('keyedProcess: timers and keys are for the call that they were given to, and it has returned')
  }
}

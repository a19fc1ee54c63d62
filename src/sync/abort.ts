/**
 * What ends a wait before its time: the signal that was given with the call, and the end of the task that called.
 *
 *     wait ─┬─ its signal: an Audience, one listener for all waits of the signal
 *           └─ its task:   Ends, a list that the task ends at once
 *
 * An AbortSignal that is given to more than ten waits would warn of a leak (MaxListenersExceededWarning), since it cannot know that
 * each takes its listener away when it ends; so its waits share one listener, that is there while anybody waits.
 * When a signal aborts, or a task is ended, all of its waits end before any of them passes on what it had collected: none is
 * served by another's leaving. Called by waiters.ts, and by whoever waits without it.
 */
import { budget } from './budget.ts'
import { scope } from './scope.ts'

/** A wait that something may end. */
export interface Listener {
  /** The wait is over. Must not call user code. */
  aborted(reason: unknown): void
  /** All waits that ended together are over: what this one had collected goes to others. */
  left(): void
}

/** The waits of one signal, in the order of the calls. */
class Audience {
  readonly signal: AbortSignal
  readonly members = new Set<Listener>()

  constructor(signal: AbortSignal) {
    this.signal = signal
  }

  handleEvent(): void {
    const members = [...this.members]
    for (const member of members) member.aborted(this.signal.reason) // each ignores the signal from here on
    for (const member of members) member.left()
  }
}

const audiences = new WeakMap<AbortSignal, Audience>()

/** Tells `listener` when the signal aborts, until {@link ignore}. */
export const listen = (signal: AbortSignal, listener: Listener): void => {
  let audience = audiences.get(signal)
  if (audience === undefined) audiences.set(signal, (audience = new Audience(signal)))
  if (audience.members.size === 0) signal.addEventListener('abort', audience)
  audience.members.add(listener)
}

export const ignore = (signal: AbortSignal, listener: Listener): void => {
  const audience = audiences.get(signal)
  if (audience?.members.delete(listener) === true && audience.members.size === 0) signal.removeEventListener('abort', audience)
}

const NOBODY: readonly Listener[] = []

/**
 * The end of a task, or of a part of one: lighter than an AbortSignal, which it makes when somebody wants to see one.
 * It is a listener itself, so that an end ends what is inside of it.
 */
export class Ends implements Listener {
  #over = false
  #reason: unknown
  #members: Set<Listener> | undefined
  #leaving = NOBODY
  #controller: AbortController | undefined

  get isOver(): boolean {
    return this.#over
  }

  get reason(): unknown {
    return this.#reason
  }

  /** For code that takes an AbortSignal; the same each time. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#over) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  /** Ends every wait of now, and those to come; once. */
  end(reason: unknown): void {
    if (this.#over) return
    this.aborted(reason)
    this.left()
  }

  aborted(reason: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#reason = reason
    this.#leaving = this.#members === undefined ? NOBODY : [...this.#members]
    for (const member of this.#leaving) member.aborted(reason)
  }

  left(): void {
    const leaving = this.#leaving
    this.#leaving = NOBODY
    for (const member of leaving) member.left()
    this.#members = undefined
    this.#controller?.abort(this.#reason)
  }

  /** Tells `listener` of the end, until {@link Ends.ignore}; the caller has looked whether it is over. */
  listen(listener: Listener): void {
    this.#members ??= new Set()
    this.#members.add(listener)
  }

  ignore(listener: Listener): void {
    this.#members?.delete(listener)
  }
}

/** A wait begins: its task's end is told to it, until `ignore` of what is answered; `undefined` outside of tasks. */
export const follow = (listener: Listener): Ends | undefined => {
  const ends = scope()?.ends
  ends?.listen(listener)
  return ends
}

/**
 * A rejection, when the signal has aborted or the task was ended before the wait: with its reason.
 *
 * The end of a task is told over and over to code that catches it and tries again, so these answers are counted as those of
 * calls that need not wait: such a loop lets the event loop turn.
 */
export const gone = (signal: AbortSignal | undefined): Promise<never> | undefined => {
  // what is given as the reason is passed on as it is, an Error or not
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
  if (signal?.aborted === true) return Promise.reject(signal.reason)
  const ends = scope()?.ends
  if (ends?.isOver !== true) return undefined
  const turn = budget().spend()
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
  if (turn === undefined) return Promise.reject(ends.reason)
  return turn.then(() => {
    throw ends.reason
  })
}

/**
 * Many waits on one signal, by one listener: an AbortSignal that is given to more than ten waits would otherwise warn of a leak
 * (MaxListenersExceededWarning), since it cannot know that each takes its listener away when it ends.
 *
 * The listener is there while anybody waits. When the signal aborts all of its waits end before any of them passes on what
 * it had collected: none is served by another's leaving. Called by waiters.ts.
 */

/** A wait that its signal may end. */
export interface Listener {
  /** The signal has aborted: the wait is over. */
  aborted(reason: unknown): void
  /** All waits of the signal are over: what this one had collected goes to others. */
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

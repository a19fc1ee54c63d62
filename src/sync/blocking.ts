/** Who may be blocked, and for how long. Called by every `blocking…` of sync/ and channel/ before it looks at anything. */
import { here, sleepHere } from '../atomic/threads.ts'
import { argumentError } from '../error/pipeline-error.ts'
import { blockedTooLong, wouldBlockLoop } from '../error/wording-sync.ts'

/** How long a call may block. */
export interface BlockingOptions {
  /**
   * Milliseconds after which the call gives up: it throws `TimeoutError`, and nothing has been taken or sent. Default: it waits for as
   * long as it takes. 0 looks, and does not wait.
   */
  readonly timeoutMs?: number | undefined
}

/** Throws unless this thread may be blocked, also when there would be nothing to wait for: a mistake shows at once. */
export const blockingCheck = (call: string): void => {
  if (!here().mayBlock) throw wouldBlockLoop(call)
}

/** When the call has to end, on the clock of {@link sleepBefore}; checks the option. */
export const deadlineOf = (call: string, { timeoutMs }: BlockingOptions): number => {
  if (timeoutMs === undefined) return Infinity
  if (!(timeoutMs >= 0)) throw argumentError('range', `${call}: timeoutMs must be a number of milliseconds from 0 on`, `got ${String(timeoutMs)}`, 'correct the argument')
  return performance.now() + timeoutMs
}

/** Blocks this thread until it is woken, if it was not since `seen` was read; throws when it is too late for that. */
export const sleepBefore = (deadline: number, call: string, seen: number): void => {
  if (deadline === Infinity) {
    sleepHere(seen)
    return
  }
  const left = deadline - performance.now()
  if (left <= 0) throw blockedTooLong(call)
  sleepHere(seen, left)
}

/**
 * Lets the event loop turn among calls that never have to wait.
 *
 * `await` on what is ready runs on in the same turn: two tasks that feed each other through a channel would keep timers
 * and sockets waiting for ever. So each call that is answered at once takes one from a budget, and the one that finds it
 * used up is answered after the event loop has turned. The effect of the call is not delayed, only its answer, and the
 * answers keep their order. `try*` calls are not counted: who uses them loops by itself.
 * Source: tokio's cooperative budget, 128 operations per poll of a task; here per thread, since a promise has no task.
 * Called by sync/ and channel/.
 */
import { setImmediate } from 'node:timers'

/** Calls that are answered at once before the event loop gets its turn. */
export const BUDGET = 128

const DONE = Promise.resolve()

let left = BUDGET
let turning: Promise<void> | undefined

const turn = (): Promise<void> =>
  (turning ??= new Promise((resolve) => {
    setImmediate(() => {
      left = BUDGET
      turning = undefined
      resolve()
    })
  }))

/** The answer of a call that did not have to wait. */
export const ready = <A>(value: A): Promise<A> => {
  if (left === 0) return turn().then(() => value)
  left--
  return Promise.resolve(value)
}

/** As {@link ready}, for a call that only says when: makes no promise of its own. */
export const done = (): Promise<void> => {
  if (left === 0) return turn().then(() => undefined) // as far behind the turn as the answers of `ready`
  left--
  return DONE
}

/**
 * Lets the event loop turn among calls that never have to wait.
 *
 * `await` on what is ready runs on in the same turn: two tasks that feed each other through a channel would keep timers
 * and sockets waiting for ever. So each call that is answered at once takes one from a budget, and the one that finds it
 * used up is answered after the event loop has turned. The effect of the call is not delayed, only its answer, and the
 * answers keep their order. `try*` calls are not counted: who uses them loops by itself.
 *
 *     task a ── 128 ──▶ 0 ──▶ its next answer comes after a turn, and it has 128 again         task b: a budget of its own
 *
 * Each task has a budget of its own, so that one that never waits delays nobody's answers but its own; code outside of tasks
 * shares the thread's. The branches of a `select` or `join` share their task's.
 * Source: tokio's cooperative budget, 128 operations per poll of a task. Called by sync/, channel/ and task/.
 */
import { setImmediate } from 'node:timers'
import { scope } from './scope.ts'

/** Calls that are answered at once before the event loop gets its turn. */
export const BUDGET = 128

const DONE = Promise.resolve()

let forced = 0

/** How often code of this thread used up its budget, and had to let the event loop turn. */
export const budgetForcedYields = (): number => forced

export class Budget {
  #left: number
  readonly #full: number
  #turning: Promise<void> | undefined

  /** `Infinity` is never used up. */
  constructor(full = BUDGET) {
    this.#left = this.#full = full
    this.#turning = undefined
  }

  get left(): number {
    return this.#left
  }

  /** Takes one; a promise of the next turn when there is none left. */
  spend(): Promise<void> | undefined {
    if (this.#left === 0) return this.turn()
    this.#left--
    return undefined
  }

  /** Resolves when the event loop has turned, and the budget is full again. Callers of one turn share it. */
  turn(): Promise<void> {
    if (this.#turning !== undefined) return this.#turning
    if (this.#left === 0) forced++
    return (this.#turning = new Promise((resolve) => {
      setImmediate(() => {
        this.#left = this.#full
        this.#turning = undefined
        resolve()
      })
    }))
  }
}

/** What code outside of tasks shares. */
const shared = new Budget()

/** The budget of the code that asks. */
export const budget = (): Budget => scope()?.budget ?? shared

/** The answer of a call that did not have to wait. */
export const ready = <A>(value: A): Promise<A> => {
  const turn = budget().spend()
  return turn === undefined ? Promise.resolve(value) : turn.then(() => value)
}

/** As {@link ready}, for a call that only says when: makes no promise of its own. */
export const done = (): Promise<void> => {
  const turn = budget().spend()
  return turn === undefined ? DONE : turn.then(() => undefined) // as far behind the turn as the answers of `ready`
}

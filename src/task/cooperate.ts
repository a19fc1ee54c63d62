/**
 * Letting others have the thread: timers, sockets, other tasks.
 * Source: tokio `task::yield_now`, `task::coop`. Called by users, through `millrace/runtime`.
 */
import { Budget, budget, done } from '../sync/budget.ts'
import { gone } from '../sync/abort.ts'
import { scopeWith } from '../sync/scope.ts'
import { held } from './held.ts'

/**
 * Lets the event loop turn: timers that are due and sockets that are ready come first, and then this goes on.
 *
 * **Cost**    a turn of the loop, about a microsecond when it has nothing else to do
 * **Cancel**  with its task: rejects with its reason
 * **Source**  tokio `task::yield_now`
 * @example
 * let ran = false
 * setImmediate(() => (ran = true))
 * await yieldNow()
 * ran // => true
 */
export const yieldNow = async (): Promise<void> => {
  await gone(undefined)
  await budget().turn()
  await gone(undefined)
}

/**
 * Takes one from the task's budget, as every call of a channel or a lock does that need not wait: resolves at once, or after a turn of
 * the event loop when the budget of 128 is used up. For loops that otherwise wait for nothing.
 *
 * **Cost**    tens of nanoseconds, and a turn every 128 calls
 * **Cancel**  with its task: rejects with its reason
 * **Source**  tokio `task::consume_budget`
 * @example
 * let sum = 0
 * for (let n = 0; n < 1000; n++) {
 *   sum += n
 *   await consumeBudget()
 * }
 * sum // => 499500
 */
export const consumeBudget = (): Promise<void> => gone(undefined) ?? done()

/** Whether a call that need not wait would be answered at once; false means: after a turn of the event loop. */
export const hasBudgetRemaining = (): boolean => budget().left > 0

/**
 * Runs `fn`, and what it starts, without a budget: calls that need not wait never let the event loop turn.
 *
 * **When to use**  for code that lets the loop turn by itself; others starve timers and sockets
 * **Source**       tokio `task::unconstrained`
 * @example
 * const { sender, receiver } = mpsc<number>({ capacity: 1000 })
 * for (let n = 0; n < 1000; n++) sender.trySend(n)
 * let turned = false
 * setImmediate(() => (turned = true))
 * await unconstrained(async () => {
 *   for (let n = 0; n < 1000; n++) await receiver.recv()
 * })
 * turned // => false
 */
export const unconstrained = <A>(fn: () => A): A =>
  held(scopeWith({ budget: new Budget(Infinity) }), fn)

/** Waits in clean-up that the abort of the task should not end. Called by users, through `millrace/runtime`. */
import { scope, scopeWith } from '../sync/scope.ts'
import { held } from './held.ts'

/**
 * Runs `fn`, and what it starts, untouched by the abort of the task: for clean-up that has to wait. Everything else of the task,
 * its id, its task-locals and its budget, is as outside.
 *
 * **When to use**  in a `finally` or `catch` of a task that may be aborted, where a channel, a lock or a sleep is awaited
 * **Cancel**       by nothing but the signals that are given to the waits in it
 * **Source**       no equivalent: in Tokio clean-up cannot wait
 * @example
 * const told = mpsc<string>({ capacity: 1 })
 * const handle = spawn(async () => {
 *   try {
 *     await sleep(60_000)
 *   } finally {
 *     await shield(() => told.sender.send('stopped'))
 *   }
 * })
 * await yieldNow()
 * handle.abort()
 * await told.receiver.recv() // => 'stopped'
 */
export const shield = <A>(fn: () => A): A => {
  return scope()?.ends === undefined ? fn() : held(scopeWith({ ends: undefined }), fn)
}

/** The `signal` of a spawn: a task that is aborted with it. Called by spawn-task.ts and by runtime/. */
import { ignore, listen, type Listener } from '../sync/abort.ts'
import type { TaskCell } from './task-cell.ts'

/** Aborts the task with the signal's reason, now or until the task has ended. */
export const followSignal = (task: TaskCell<unknown>, signal: AbortSignal | undefined): void => {
  if (signal === undefined) return
  if (signal.aborted) {
    task.abort({ reason: signal.reason })
    return
  }
  const stop: Listener = {
    aborted: () => {
      ignore(signal, stop)
    },
    left: () => {
      task.abort({ reason: signal.reason })
    }
  }
  listen(signal, stop)
  task.whenEnded(() => {
    ignore(signal, stop)
  })
}

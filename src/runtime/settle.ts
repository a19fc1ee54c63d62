/**
 * From how a call ended on another thread to what its caller sees: the state of a task, or a value or a throw.
 * Called by runtime.ts and spawn.ts.
 */
import { runtimeShutDown } from '../error/wording-runtime.ts'
import { isAbort } from '../task/abort-error.ts'
import { JoinError } from '../task/join-error.ts'
import type { TaskCell } from '../task/task-cell.ts'
import type { Ended } from './parcel.ts'

/** What became of a job, told to its task. */
export const settle = <T>(task: TaskCell<T>, ended: Ended): void => {
  if (ended.kind === 'value') task.succeed(ended.value as T)
  else if (ended.kind === 'cancelled') task.cancel(ended.reason ?? task.request?.reason)
  else if (task.request !== undefined && isAbort(ended.error, task.request.reason)) task.cancel()
  else task.fail(ended.error)
}

/** What came of a call, to who waited for it in place. */
export const valueOf = (ended: Ended, what: string): unknown => {
  if (ended.kind === 'value') return ended.value
  throw ended.kind === 'failed' ? ended.error : runtimeShutDown(what)
}

/** What a task threw, to who does not know that it was a task. */
export const unwrapJoin = (error: unknown): never => {
  throw error instanceof JoinError && error.kind === 'failed' ? error.cause : error
}

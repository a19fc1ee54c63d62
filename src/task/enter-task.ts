/**
 * Code of this thread as a part of a task whose handle is elsewhere: what runs a blocking job on a worker.
 * Called by runtime/.
 */
import { Budget } from '../sync/budget.ts'
import { Ends, listen } from '../sync/abort.ts'
import type { TaskName } from '../sync/scope.ts'
import { held } from './held.ts'

export interface EnteredTask extends TaskName {
  /** Ends the waits of the code. */
  readonly signal?: AbortSignal | undefined
}

/** Runs `fn`, and what it starts, as that task. */
export const enterTask = <A>({ id, name, signal }: EnteredTask, fn: () => A): A => {
  const ends = new Ends()
  if (signal?.aborted === true) ends.end(signal.reason)
  else if (signal !== undefined) listen(signal, ends)
  return held({ task: { id, name }, ends, budget: new Budget(), locals: undefined }, fn)
}

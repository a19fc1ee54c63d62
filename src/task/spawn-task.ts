/**
 * Running an asynchronous function as a task of this thread's event loop.
 *
 *     spawn ─▶ handle            a microtask later: the task begins (local-task.ts), in a scope of its own
 *
 * Called by runtime/, which adds where a task runs and who counts it, and by sets and trackers.
 */
import { hold, inScope, scope } from '../sync/scope.ts'
import { followSignal } from './follow-signal.ts'
import { JoinHandle } from './join-handle.ts'
import { LocalTask, type TaskFunction } from './local-task.ts'
import type { TaskLabel, TaskTies } from './task-cell.ts'

export interface SpawnOptions extends TaskLabel, Pick<TaskTies, 'watcher' | 'onUnhandled'> {
  /** Aborts the task, with its reason. */
  readonly signal?: AbortSignal | undefined
}

const STARTED = Promise.resolve()

/** In the scope of a task: by that it is found, so that a start needs no function of its own. */
const begin = (): void => {
  ;(scope() as LocalTask<unknown>).begin()
}

/** A promise for each task: it keeps the asynchronous context of who spawns, that of other libraries too. */
const schedule = (): void => {
  void STARTED.then(begin)
}

/** Starts a task that has these ties. */
export const startTask = <T>(fn: TaskFunction<T>, ties: TaskTies, label: TaskLabel, signal: AbortSignal | undefined): JoinHandle<T> => {
  const task = new LocalTask(fn, ties, label)
  followSignal(task, signal)
  hold()
  inScope(task, schedule)
  return new JoinHandle(task)
}

/**
 * Starts `fn` as a task. It begins after the code that spawns it has come to its next `await`, and is not aborted with it.
 *
 * **Cost**    about a microsecond more than calling the function
 * **Errors**  none: whatever `fn` throws goes to the handle
 */
export const spawnTask = <T>(fn: TaskFunction<T>, options: SpawnOptions = {}): JoinHandle<T> => startTask(fn, options, options, options.signal)

/**
 * Who runs the tasks of sets and trackers: the default runtime, when there is one, else this thread's event loop.
 *
 * A late binding, since runtime/ lies above: it says here what it is. Called by join-set.ts, task-tracker.ts and runtime/.
 */
import type { JoinHandle } from './join-handle.ts'
import type { TaskFunction } from './local-task.ts'
import { spawnTask } from './spawn-task.ts'
import { noSpawner } from './wording.ts'

/** Runs tasks: a Runtime is one. */
export interface Spawner {
  spawn<T>(fn: TaskFunction<T>, options?: { readonly name?: string | undefined }): JoinHandle<T>
  /** Runs a function on a thread that may be blocked. */
  spawnBlocking?<A extends readonly unknown[], T>(fn: (...args: A) => T, ...args: A): JoinHandle<Awaited<T>>
}

let bound: Spawner = { spawn: spawnTask }

/** Says who runs tasks from now on. */
export const bindSpawner = (spawner: Spawner): void => {
  bound = spawner
}

export const defaultSpawner = (): Spawner => bound

/** Runs a function on a thread that may be blocked. */
export const spawnBlockingBy = <A extends readonly unknown[], T>(
  call: string,
  spawner: Spawner,
  fn: (...args: A) => T,
  args: A
): JoinHandle<Awaited<T>> => {
  if (spawner.spawnBlocking === undefined) throw noSpawner(call)
  return spawner.spawnBlocking(fn, ...args)
}

/**
 * Tasks that are joined as they end.
 *
 *     spawn ─▶ ● ● ○ ● ○     joinNext ─▶ ○ that ended first     abortAll, shutdown, dispose: all of them stop
 *
 * Source: tokio `task::JoinSet`. Called by users, through `millrace/runtime`.
 */
import { AbortHandle } from './abort-handle.ts'
import type { Member } from './gathering.ts'
import type { JoinHandle } from './join-handle.ts'
import type { TaskFunction } from './local-task.ts'
import type { Joined } from './task-cell.ts'
import { TaskGroup, type GroupSpawnOptions, type TaskGroupOptions } from './task-group.ts'

/**
 * A set of tasks with results of one type, joined in the order in which they end.
 *
 * **When to use**  for tasks whose results are wanted, and that should stop together: `await using tasks = new JoinSet()`
 * **Order**        of completion
 * **Cancel**       `joinNext` and `joinAll` by `signal`: no result is lost
 * **Errors**       a failure is a result, `{ status: 'rejected', reason }`; `joinAll` rejects with it. RangeError for a `limit` below 1
 * **Memory**       a task that was joined leaves nothing behind; with a `limit` the tasks that wait are functions in memory
 * **Source**       tokio `task::JoinSet`
 * @example
 * const tasks = new JoinSet<number>({ limit: 2 })
 * for (const n of [3, 1, 2]) tasks.spawn(() => Promise.resolve(n * 10))
 * let sum = 0
 * for await (const joined of tasks) if (joined.status === 'fulfilled') sum += joined.value
 * sum // => 60
 */
export class JoinSet<T> extends TaskGroup<undefined, T, Joined<T>> {
  constructor(options: TaskGroupOptions = {}) {
    super('ended', options)
  }

  /** A set of tasks, one for each function. */
  static from<T>(fns: Iterable<TaskFunction<T>>, options: TaskGroupOptions = {}): JoinSet<T> {
    const set = new JoinSet<T>(options)
    set.extend(fns)
    return set
  }

  protected override handOut({ task }: Member<undefined, T>): Joined<T> {
    return task.joined()
  }

  /** Starts a task in the set. */
  spawn(fn: TaskFunction<T>, options?: GroupSpawnOptions): AbortHandle {
    return new AbortHandle(this.start(fn, undefined, options).task)
  }

  /** Starts a function on the blocking lane, as a task in the set; functions and arguments as for `spawnBlocking` of the runtime. */
  spawnBlocking<A extends readonly unknown[]>(fn: (...args: A) => T, ...args: A): AbortHandle {
    return new AbortHandle(this.startBlocking(fn, args, undefined).task)
  }

  /** Takes a task into the set that was spawned elsewhere. */
  add(handle: JoinHandle<T>): AbortHandle {
    return new AbortHandle(this.adopt(handle, undefined).task)
  }

  /** Starts a task for each function. */
  extend(fns: Iterable<TaskFunction<T>>): void {
    for (const fn of fns) this.spawn(fn)
  }
}

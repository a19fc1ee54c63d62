/**
 * Tasks that are joined in the order in which they were spawned.
 *
 *     spawn ─▶ ● ○ ○ ●     joinNext ─▶ waits for the first ●, though others have ended
 *
 * Source: tokio-util `task::JoinQueue`. Called by users, through `millrace/runtime`.
 */
import { AbortHandle } from './abort-handle.ts'
import type { Member } from './gathering.ts'
import type { JoinHandle } from './join-handle.ts'
import type { TaskFunction } from './local-task.ts'
import type { Joined } from './task-cell.ts'
import { TaskGroup, type GroupSpawnOptions, type TaskGroupOptions } from './task-group.ts'

/**
 * A queue of tasks that run at the same time, and whose results come in the order of `spawn`.
 *
 * **Order**   of `spawn`; `tryJoinNext` answers `Empty` while the oldest runs
 * **Cancel**  `joinNext` and `joinAll` by `signal`: no result is lost
 * **Errors**  as {@link JoinSet}
 * **Memory**  results that wait for an older task are kept
 * **Source**  tokio-util `task::JoinQueue`
 * @example
 * const tasks = new JoinQueue<string>()
 * tasks.spawn(() => sleep(5).then(() => 'slow'))
 * tasks.spawn(() => Promise.resolve('fast'))
 * await tasks.joinAll() // => ['slow', 'fast']
 */
export class JoinQueue<T> extends TaskGroup<undefined, T, Joined<T>> {
  constructor(options: TaskGroupOptions = {}) {
    super('added', options)
  }

  protected override handOut({ task }: Member<undefined, T>): Joined<T> {
    return task.joined()
  }

  /** Starts a task at the end of the queue. */
  spawn(fn: TaskFunction<T>, options?: GroupSpawnOptions): AbortHandle {
    return new AbortHandle(this.start(fn, undefined, options).task)
  }

  /** Starts a function on the blocking lane, at the end of the queue. */
  spawnBlocking<A extends readonly unknown[]>(fn: (...args: A) => T, ...args: A): AbortHandle {
    return new AbortHandle(this.startBlocking(fn, args, undefined).task)
  }

  /** Takes a task to the end of the queue that was spawned elsewhere. */
  add(handle: JoinHandle<T>): AbortHandle {
    return new AbortHandle(this.adopt(handle, undefined).task)
  }
}

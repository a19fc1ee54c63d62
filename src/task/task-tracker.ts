/**
 * Tasks that are waited for together, without their results: for a shutdown that lets everybody finish.
 *
 *     spawn, track, token ─▶ count      wait: closed AND none left      close: spawning goes on, `wait` may end
 *
 * Source: tokio-util `TaskTracker`. Called by users, through `millrace/runtime`.
 */
import { done } from '../sync/budget.ts'
import { Waiters, abandoned, type WaitOptions } from '../sync/waiters.ts'
import { cellOf, type JoinHandle } from './join-handle.ts'
import type { TaskFunction } from './local-task.ts'
import { defaultSpawner, spawnBlockingBy, type Spawner } from './spawner.ts'
import type { GroupSpawnOptions } from './task-group.ts'

export interface TaskTrackerOptions {
  /** Who runs the tasks: a Runtime. Default: the default runtime. */
  readonly spawner?: Spawner | undefined
}

/** Counts as a task until it is disposed. */
export class TaskTrackerToken implements Disposable {
  #leave: (() => void) | undefined

  /** Made by {@link TaskTracker.token}. */
  constructor(leave: () => void) {
    this.#leave = leave
  }

  [Symbol.dispose](): void {
    const leave = this.#leave
    this.#leave = undefined
    leave?.()
  }
}

/**
 * Counts tasks, and tells when the last has ended.
 *
 * **When to use**  to wait at shutdown for tasks whose results nobody wants; with a {@link CancellationToken} that tells them to end
 * **Order**        waits end in the order of their calls
 * **Errors**       a failure of a tracked task goes to its handle; one that nobody awaits is told as for any task
 * **Memory**       a task that has ended leaves nothing behind, however many there were
 * **Source**       tokio-util `TaskTracker`
 * @example
 * const tracker = new TaskTracker()
 * tracker.spawn(() => sleep(1))
 * tracker.spawn(() => sleep(2))
 * tracker.close()
 * await tracker.wait()
 * tracker.len // => 0
 */
export class TaskTracker {
  readonly #spawner: Spawner | undefined
  readonly #waiting = new Waiters<void>()
  #count = 0
  #closed = false

  constructor({ spawner }: TaskTrackerOptions = {}) {
    this.#spawner = spawner
  }

  /** Tasks that have not ended. */
  get len(): number {
    return this.#count
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Starts a task and counts it. */
  spawn<T>(fn: TaskFunction<T>, options?: GroupSpawnOptions): JoinHandle<T> {
    return this.#counted((this.#spawner ?? defaultSpawner()).spawn(fn, options))
  }

  /** Starts a function on the blocking lane and counts it; functions and arguments as for `spawnBlocking` of the runtime. */
  spawnBlocking<A extends readonly unknown[], T>(fn: (...args: A) => T, ...args: A): JoinHandle<Awaited<T>> {
    return this.#counted(spawnBlockingBy('TaskTracker.spawnBlocking', this.#spawner ?? defaultSpawner(), fn, args))
  }

  /** Counts a promise, or a task that was spawned elsewhere, until it settles; answers a promise of the same. */
  track<T>(work: PromiseLike<T>): Promise<T> {
    this.#count++
    return Promise.resolve(work).finally(() => {
      this.#leave()
    })
  }

  /** Counts as a task until it is disposed: `using token = tracker.token()`. */
  token(): TaskTrackerToken {
    this.#count++
    return new TaskTrackerToken(() => {
      this.#leave()
    })
  }

  /** Lets `wait` end when there are no tasks; more may be added all the same. Whether this call closed it. */
  close(): boolean {
    const open = !this.#closed
    this.#closed = true
    this.#release()
    return open
  }

  /** The opposite of `close`: waits that have ended stay so, others wait for the next close. Whether this call opened it. */
  reopen(): boolean {
    const closed = this.#closed
    this.#closed = false
    return closed
  }

  /**
   * Resolves in the moment in which the tracker is closed and has no tasks.
   *
   * **Cancel**  by `signal`
   */
  wait({ signal }: WaitOptions = {}): Promise<void> {
    return abandoned(signal) ?? (this.#closed && this.#count === 0 ? done() : this.#waiting.wait(undefined, signal))
  }

  #counted<T>(handle: JoinHandle<T>): JoinHandle<T> {
    this.#count++
    cellOf(handle).whenEnded(() => {
      this.#leave()
    })
    return handle
  }

  #leave(): void {
    this.#count--
    this.#release()
  }

  #release(): void {
    if (this.#closed && this.#count === 0) this.#waiting.settleAll()
  }
}

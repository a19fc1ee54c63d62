/**
 * The handle of a task: to await its value, to stop it, or to let it go.
 *
 *     spawn ──▶ handle ─┬─ await, join ──▶ value, or JoinError          drop, detach: the task goes on
 *                       └─ abort ──▶ the task's waits reject ──▶ its clean-up runs ──▶ JoinError 'cancelled'
 *
 * Source: tokio `task::JoinHandle`. Made by spawn-task.ts and by runtime/; given to users.
 */
import { waitsForItself } from '../error/wording-sync.ts'
import { blockingCheck } from '../sync/blocking.ts'
import type { WaitOptions } from '../sync/waiters.ts'
import { AbortHandle } from './abort-handle.ts'
import type { AbortOptions, Joined, TaskCell } from './task-cell.ts'

/** The task behind a handle; for sets of tasks. */
export let cellOf: <T>(handle: JoinHandle<T>) => TaskCell<T>

/**
 * A task that was spawned. It runs whether or not the handle is awaited.
 *
 * **Order**   those who await it are told in the order of their calls
 * **Cancel**  giving up an await (`join` with a signal) loses nothing: the value is there for the next
 * **Errors**  rejects with {@link JoinError}: `kind` 'failed', with what was thrown as its `cause`; or 'cancelled'. A failure
 *             that nobody awaits is told once, as a process warning or to the spawner's `onUnhandled`; it crashes nothing
 * **Source**  tokio `task::JoinHandle`
 * @example
 * const handle = spawn(() => Promise.resolve(42))
 * await handle // => 42
 */
export class JoinHandle<T> implements PromiseLike<T>, Disposable {
  readonly #task: TaskCell<T>

  static {
    cellOf = (handle) => handle.#task
  }

  /** Made by who spawns tasks. */
  constructor(task: TaskCell<T>) {
    this.#task = task
  }

  /** The task's id: unique among the tasks of the program, on all of its threads. */
  get id(): number {
    return this.#task.id
  }

  get name(): string | undefined {
    return this.#task.name
  }

  /** Whether the task has ended, its clean-up included. */
  get isFinished(): boolean {
    return this.#task.state !== 'running'
  }

  /**
   * Asks the task to stop, and returns at once.
   *
   * A task that has not begun does not begin. In one that runs every wait of millrace's (channels, locks, sleep, other handles) rejects with
   * the reason, those that it is in and those that it begins later, and the signal that the function was given aborts; so its
   * clean-up runs (`finally`), and then the handle rejects with a JoinError 'cancelled', also when the function returns a
   * value after all. When something else is thrown on the way, the error is 'failed'. Waits in clean-up need {@link shield}.
   *
   * A function that awaits a promise of somebody else's, and does not look at its signal, goes on until that settles: nothing in
   * JavaScript can end it. Until then the task has not ended; `force` does not wait for it. A blocking task that runs
   * sees its signal's flag, also in a busy loop; `force` ends its thread. A task that has ended stays as it is.
   */
  abort(options: AbortOptions = {}): void {
    this.#task.abort(options)
  }

  /** What can stop the task, and nothing else; it crosses threads. */
  abortHandle(): AbortHandle {
    return new AbortHandle(this.#task)
  }

  /** Says that nobody will await it: a failure is told at once. The task goes on. */
  detach(): void {
    this.#task.detach()
  }

  /** What `await` does, with a signal for giving up the wait; the task goes on then, and can be awaited again. */
  join(options: WaitOptions = {}): Promise<T> {
    return this.#task.join(options)
  }

  /** As {@link JoinHandle.join}, with failure as a value. */
  async joined(options: WaitOptions = {}): Promise<Joined<T>> {
    if (this.#task.state === 'running') {
      await this.#task.settled(options)
    }
    return this.#task.joined()
  }

  /**
   * The value, blocking this thread until it is there; for threads that may block, and tasks of other threads.
   *
   * **Errors**  ERR_MILLRACE_WOULD_BLOCK_LOOP on a thread with an event loop, when the task has not ended
   */
  blockingJoin(): T {
    const task = this.#task
    task.hear()
    if (task.state !== 'running') return task.result()
    blockingCheck('JoinHandle.blockingJoin')
    if (!task.block()) throw waitsForItself('JoinHandle.blockingJoin', `the task runs on this thread's event loop`)
    return task.result()
  }

  /** For `await`; see {@link JoinHandle.join}. */
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null
  ): Promise<A | B> {
    return this.#task.then(fulfilled, rejected)
  }

  /** `using` detaches; {@link abortOnDispose} makes it abort. */
  [Symbol.dispose](): void {
    this.detach()
  }
}

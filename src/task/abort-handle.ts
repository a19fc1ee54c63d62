/**
 * The right to stop a task, without the right to its value; it crosses threads.
 *
 *     another thread: abort() ──▶ token `stop` ══ shared memory ══▶ the task's thread: abort()
 *                 isFinished ◀── token `finished` ◀══ shared memory ══ the task has settled
 *
 * Source: tokio `task::AbortHandle`. Called by users, through `millrace/runtime`.
 */
import { arrives, travel, type Luggage, type Traveller } from '../prelude/travel.ts'
import { outside } from '../sync/scope.ts'
import { CancellationToken } from './cancellation-token.ts'
import type { AbortOptions, TaskCell } from './task-cell.ts'

const KIND = 'AbortHandle'

/** How the threads of a handle speak to that of its task. */
interface Line {
  readonly id: number
  readonly stop: CancellationToken
  readonly force: CancellationToken
  readonly finished: CancellationToken
}

/** What of a task a handle of it uses. */
type Stoppable = Pick<TaskCell<unknown>, 'id' | 'state' | 'abort' | 'whenEnded'>

const lines = new WeakMap<Stoppable, Line>()

/** The line of a task, made when the first of its handles travels. */
const lineOf = (task: Stoppable): Line => {
  let line = lines.get(task)
  if (line !== undefined) return line
  const stop = new CancellationToken()
  const force = new CancellationToken()
  const finished = new CancellationToken()
  line = { id: task.id, stop, force, finished }
  lines.set(task, line)
  outside(() => {
    void stop.cancelled().then(() => {
      task.abort()
    })
    void force.cancelled().then(() => {
      task.abort({ force: true })
    })
  })
  task.whenEnded(() => {
    finished.cancel()
    stop[Symbol.dispose]()
    force[Symbol.dispose]()
  })
  return line
}

/**
 * Stops a task. As an argument of a blocking task, or in the `env` of a stage, it is a handle of the same task there.
 *
 * **Errors**  none: what has ended stays as it is
 * **Source**  tokio `task::AbortHandle`
 * @example
 * const handle = spawn(() => sleep(60_000))
 * handle.abortHandle().abort()
 * const joined = await handle.joined()
 * joined.status === 'rejected' ? joined.reason.kind : '' // => 'cancelled'
 */
export class AbortHandle implements Traveller {
  readonly #task: Stoppable | Line

  static {
    arrives<Line>(KIND, (line) => new AbortHandle(line))
  }

  /** Made by {@link JoinHandle.abortHandle}, and by sets. */
  constructor(task: Stoppable | Line) {
    this.#task = task
  }

  get id(): number {
    return this.#task.id
  }

  /** Whether the task has ended, clean-up included; in another thread, a moment later. */
  get isFinished(): boolean {
    return 'finished' in this.#task ? this.#task.finished.isCancelled : this.#task.state !== 'running'
  }

  /**
   * Stops the task: see {@link JoinHandle.abort}. From another thread it gets there when the task's thread next turns its
   * event loop, and the reason does not.
   */
  abort(options: AbortOptions = {}): void {
    if (!('finished' in this.#task)) this.#task.abort(options)
    else if (options.force === true) this.#task.force.cancel()
    else this.#task.stop.cancel()
  }

  [travel](): Luggage {
    const { id, stop, force, finished } = 'finished' in this.#task ? this.#task : lineOf(this.#task)
    return { kind: KIND, parts: { id, stop, force, finished } satisfies Line }
  }
}

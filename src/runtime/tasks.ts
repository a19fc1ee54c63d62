/**
 * The tasks of a runtime that have not ended: counted, listed in the order of their spawns, and told to tools.
 *
 *     began ─▶ oldest ⇄ … ⇄ newest          ended ─▶ out of the list, from wherever it is; the last one out tells who waits for quiet
 *
 * The tasks are the links of the list themselves: a runtime may have a hundred thousand of them, and a table of so many costs more than
 * the tasks. Runs of pipelines are counted here too, since a shutdown waits for both. Called by runtime.ts and closing.ts.
 */
import { channel } from 'node:diagnostics_channel'
import { TaskCell, type TaskInfo, type TaskState, type TaskWatcher } from '../task/task-cell.ts'
import { Line } from './line.ts'

/** Told of every task, with { runtime, id, name, lane, site }, and at its end with its state. */
const spawned = channel('millrace:task:spawn')
const ended = channel('millrace:task:end')

const told = ({ id, name, lane, site }: TaskInfo): Pick<TaskInfo, 'id' | 'name' | 'lane' | 'site'> => ({ id, name, lane, site })

/** A run: settles by `done`. */
export interface RunLike {
  readonly done: Promise<unknown>
  cancel(reason?: unknown): void
}

export class Tasks implements TaskWatcher {
  readonly #runtime: number
  readonly #runs = new Set<RunLike>()
  readonly #alive = new Line<TaskCell<unknown>>()
  #spawned = 0
  #quiet: (() => void)[] = []

  /** `runtime`: its id, for tools. */
  constructor(runtime: number) {
    this.#runtime = runtime
  }

  /** Tasks that have not ended. */
  get alive(): number {
    return this.#alive.size
  }

  /** Tasks so far. */
  get spawned(): number {
    return this.#spawned
  }

  /** Whether a task, as a scope names it, is one of these. */
  has(task: object): boolean {
    return task instanceof TaskCell && task.watcher === this && task.state === 'running'
  }

  began(task: TaskCell<unknown>): void {
    this.#spawned++
    if (spawned.hasSubscribers) spawned.publish({ runtime: this.#runtime, ...told(task) })
    task.since = Math.floor(performance.now())
    this.#alive.push(task)
  }

  ended(task: TaskCell<unknown>, state: TaskState): void {
    if (ended.hasSubscribers) ended.publish({ runtime: this.#runtime, ...told(task), state })
    this.#alive.remove(task)
    this.#lookQuiet()
  }

  /** Oldest first; a list of its own, so that tasks may end meanwhile. */
  all(): readonly TaskCell<unknown>[] {
    return this.#alive.all()
  }

  /** A run of a pipeline, until it is done. */
  running(run: RunLike): void {
    this.#runs.add(run)
    const over = (): void => {
      this.#runs.delete(run)
      this.#lookQuiet()
    }
    run.done.then(over, over)
  }

  cancelRuns(reason: unknown): void {
    for (const run of [...this.#runs]) run.cancel(reason)
  }

  abortAll(reason: unknown, force: boolean): void {
    for (const task of this.all()) task.abort({ reason, force })
  }

  get #isQuiet(): boolean {
    return this.#alive.size + this.#runs.size === 0
  }

  /** Resolves when there is neither a task nor a run. */
  quiet(): Promise<void> {
    return this.#isQuiet ? Promise.resolve() : new Promise((resolve) => this.#quiet.push(resolve))
  }

  #lookQuiet(): void {
    if (this.#quiet.length === 0 || !this.#isQuiet) return
    const quiet = this.#quiet
    this.#quiet = []
    for (const tell of quiet) tell()
  }
}

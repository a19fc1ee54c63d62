/**
 * The end of a runtime.
 *
 *   open ──shutdown──▶ closing: nothing new; runs are cancelled, tasks aborted, jobs asked to stop ──all ended──▶ closed: threads end
 *                         └── 300 ms: asynchronous tasks are left behind      └── timeoutMs: running jobs are ended with their threads
 *
 * Called by runtime.ts.
 */
import { argumentError, type PipelineError } from '../error/pipeline-error.ts'
import { runtimeShutDown, shutdownInside } from '../error/wording-runtime.ts'
import { outside, scope } from '../sync/scope.ts'
import { forgetCrew, type Crew } from './crew.ts'
import type { Tasks } from './tasks.ts'

export interface RuntimeShutdownOptions {
  /**
   * After so long the call ends, whatever still runs: blocking jobs are ended with their threads, in milliseconds. 0 does so at
   * once. Default: as long as running blocking jobs take.
   */
  readonly timeoutMs?: number | undefined
}

/** What there is to be closed. */
export interface Closed {
  readonly tasks: Tasks
  /** The clock of its own, if it has one. */
  readonly clock: { close(reason: Error): void } | undefined
  /** Its threads, if there are any by now. */
  readonly crew: () => Crew | undefined
  /** Pipelines without a runtime use the same threads. */
  readonly shared: boolean
}

/** How long an asynchronous task may go on after it was aborted by a shutdown, in milliseconds. */
const ABANDON_MS = 300
/** The longest delay that a timer of Node takes, in milliseconds; longer ones would go off at once. */
const LONGEST_MS = 0x7fffffff

export class Closing {
  readonly #what: Closed
  /** Why it closed by itself. */
  #cause: unknown
  #down: Promise<void> | undefined

  constructor(what: Closed) {
    this.#what = what
  }

  /** From the first shutdown on. */
  get isClosed(): boolean {
    return this.#down !== undefined
  }

  /** The error of who asks for something from now on. */
  gone(what: string): PipelineError {
    return runtimeShutDown(what, this.#cause)
  }

  /** Waits until all have ended; see Runtime.shutdown. */
  async shutdown({ timeoutMs }: RuntimeShutdownOptions): Promise<void> {
    if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
      throw argumentError('range', 'Runtime.shutdown: timeoutMs must be a number from 0', `got ${String(timeoutMs)}`, 'leave it out to wait for what runs')
    }
    const inside = scope()?.task
    if (timeoutMs !== 0 && inside !== undefined && this.#what.tasks.has(inside)) throw shutdownInside()
    const down = this.close()
    if (timeoutMs === undefined) return down
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((resolve) => {
      if (timeoutMs === 0) resolve('late')
      else timer = setTimeout(resolve, Math.min(timeoutMs, LONGEST_MS), 'late')
    })
    if ((await Promise.race([down, late])) === 'late') this.#what.tasks.abortAll(this.gone('shutdown'), true)
    clearTimeout(timer)
  }

  /** Begins to close, once; `cause`: what it closes by itself for. */
  close(cause?: unknown): Promise<void> {
    if (this.#down !== undefined) return this.#down
    this.#cause = cause
    let ended!: () => void
    let failed!: (reason: unknown) => void
    this.#down = new Promise((resolve, reject) => {
      ended = resolve
      failed = reject
    })
    outside(() => this.#end()).then(ended, failed) // what it aborts finds it closed
    return this.#down
  }

  async #end(): Promise<void> {
    const { tasks, clock, shared } = this.#what
    const why = this.gone('shutdown')
    tasks.cancelRuns(why)
    tasks.abortAll(why, false)
    const abandon = setTimeout(() => {
      for (const task of tasks.all()) if (task.lane === 'async') task.abort({ reason: why, force: true })
    }, ABANDON_MS)
    await tasks.quiet()
    clearTimeout(abandon)
    clock?.close(why)
    const crew = this.#what.crew()
    if (crew === undefined) return
    if (shared) {
      if (crew.busy) return // pipelines without a runtime still use it
      forgetCrew(crew)
    }
    await crew.close()
  }
}

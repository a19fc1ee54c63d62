/**
 * A runtime: the threads that pipelines run on, as a value that can be passed around and shut down.
 */
import { availableParallelism } from 'node:os'
import { argumentError } from '../error/pipeline-error.ts'
import { runtimeClosed } from '../error/wording-run.ts'
import type { RunOptions } from '../graph/runner.ts'
import { closeCrew, crewOf } from './crew.ts'
import type { Pipeline } from './pipeline.ts'
import type { Outputs, Run } from './run.ts'

export interface MultiThreadOptions {
  /** Threads of the blocking lane. Default: one per core. A whole number from 1 to 128. */
  readonly workers?: number | undefined
}

/**
 * Where pipelines run.
 *
 * **Source**  tokio `runtime::Runtime`
 * @example
 * const runtime = Runtime.multiThread({ workers: 2 })
 * await runtime.run(p).done
 * await runtime.shutdown()
 */
export class Runtime implements AsyncDisposable {
  /** Threads of the blocking lane; 0 for a current-thread runtime. */
  readonly workers: number
  readonly #runs = new Set<Run<Outputs>>()
  #closed = false

  private constructor(workers: number) {
    this.workers = workers
  }

  /** CPU stages on a pool of worker threads. Threads start with the first work that is worth one. */
  static multiThread({ workers }: MultiThreadOptions = {}): Runtime {
    const count = workers ?? availableParallelism()
    if (!Number.isInteger(count) || count < 1 || count > 128) {
      throw argumentError('range', 'Runtime.multiThread: workers must be a whole number from 1 to 128', `got ${String(workers)}`, 'use Runtime.currentThread() for none')
    }
    return new Runtime(count)
  }

  /** Everything on the calling event loop: the same results, in a deterministic order of events. For tests and debugging. */
  static currentThread(): Runtime {
    return new Runtime(0)
  }

  /** Runs a pipeline here. Throws ERR_MILLRACE_CLOSED after `shutdown`. */
  run<O extends Outputs>(pipeline: Pipeline<O>, options: Pick<RunOptions, 'signal'> = {}): Run<O> {
    if (this.#closed) throw runtimeClosed()
    const run = pipeline.run({ ...options, workers: this.workers })
    this.#runs.add(run)
    void run.done.catch(() => undefined).finally(() => this.#runs.delete(run))
    return run
  }

  /** Cancels what still runs, waits for it, and ends the threads (shared with other runtimes of the same size only while they run). */
  async shutdown(): Promise<void> {
    this.#closed = true
    const runs = [...this.#runs]
    for (const run of runs) run.cancel(new Error('the runtime is shutting down'))
    await Promise.allSettled(runs.map((run) => run.done))
    if (this.workers > 0) await closeCrew(crewOf(this.workers))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown()
  }
}

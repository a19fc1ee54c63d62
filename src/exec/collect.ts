/** Running a pipeline in a test: all its outputs as arrays. */
import type { Observable } from 'rxjs'
import type { RunOptions } from '../graph/runner.ts'
import type { DeadLetter } from './failure.ts'
import type { Pipeline } from './pipeline.ts'
import type { Report } from './report.ts'
import type { OutputOf, Outputs } from './run.ts'

/** What `collect` answers. */
export interface Collected<O extends Outputs> {
  /** What every output emitted, in order. */
  readonly outputs: { readonly [K in keyof O]: OutputOf<O[K]>[] }
  readonly deadLetters: readonly DeadLetter[]
  readonly report: Report<O>
}

/**
 * Runs a pipeline to its end and answers everything that came out. By default on the caller's loop (`workers: 0`), so
 * that a test is deterministic and starts no thread.
 *
 * **Memory**  all items of all outputs
 * **Errors**  rejects as `run.done` does
 * @example
 * const { outputs } = await collect(pipeline({ n: range(0, 3).observe() }))
 * outputs.n // => [0, 1, 2]
 */
export const collect = async <O extends Outputs>(pipeline: Pipeline<O>, options: RunOptions = {}): Promise<Collected<O>> => {
  const run = pipeline.run({ workers: 0, ...options })
  const outputs: Record<string, unknown[]> = {}
  const deadLetters: DeadLetter[] = []
  for (const [name, output] of Object.entries<Observable<unknown>>(run.outputs)) {
    const items: unknown[] = (outputs[name] = [])
    output.subscribe({ next: (item) => items.push(item), error: () => undefined })
  }
  run.deadLetters.subscribe({ next: (letter) => deadLetters.push(letter), error: () => undefined })
  const report = await run.done
  return { outputs: outputs as Collected<O>['outputs'], deadLetters, report }
}

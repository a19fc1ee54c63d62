/**
 * A sink that keeps everything.
 */
import type { StageOptions } from '../../graph/options.ts'
import { sinkOf, type Sink } from '../../graph/source.ts'
import type { SinkWriter } from '../../graph/spec.ts'
import { stageOptions } from '../../operator/check.ts'
import { STAGE } from '../option-names.ts'

const writer = (): SinkWriter<unknown[]> => {
  const all: unknown[] = []
  return {
    write: (items) => {
      for (const item of items) all.push(item)
    },
    finish: () => all,
    abort: () => undefined
  }
}

/**
 * Answers all items as one array, when the source has ended: `report.results.NAME`, or the one item of the output.
 *
 * **Memory**  all items
 * @example
 * const report = await pipeline({ n: range(0, 3).to(toArray()) }).run().done
 * report.results.n // => [0, 1, 2]
 */
export const toArray = <A>(options: StageOptions = {}): Sink<A, A[]> => {
  stageOptions('toArray', options, STAGE)
  return sinkOf<A, A[]>({ role: 'sink', kind: 'toArray', args: {}, accepts: 'items', open: writer }, options.name)
}

/**
 * Emits the newest item at every beat of the clock, if one has come since the last.
 *
 *     in  ab---c-------d-|   sample({ ms: 4 })    out  ----b---c--------d|
 *     lane async             state the newest item
 */
import { flowOf, type Flow } from '../graph/source.ts'
import type { StageOptions } from '../graph/options.ts'
import { atHand } from './waiting/at-hand.ts'
import { milliseconds, stageOptions } from './check.ts'
import { newest } from './waiting/newest.ts'
import { passesAll, processSpec } from './process.ts'

export interface SampleOptions extends StageOptions {
  /** From beat to beat, in milliseconds; the first beat is one of these after the stage has started. A number >= 1. */
  readonly ms: number
}

/**
 * Emits, every `ms`, the newest of the items that have come since the last beat; nothing if none has. The last item of the input
 * is emitted when it ends, so what was true last is known. A reader that is slower gets fewer, never older ones.
 *
 * **Order**   kept
 * **Cost**    a timer only while there is something to emit
 * **Memory**  one item
 * **Source**  RxJS `sampleTime` (which loses the last item)
 * @example
 * await range(0, 1000).pipe(sample({ ms: 60_000 })).toArray() // => [999]
 */
export const sample = <A>(options: SampleOptions): Flow<A, A> => {
  stageOptions('sample', options)
  const ms = milliseconds('sample', 'ms', options.ms, 1)
  const run = atHand(newest((_, since, began) => began + (Math.floor((since - began) / ms) + 1) * ms))
  return flowOf(passesAll(processSpec('sample', run, options, { ms })), options.name)
}

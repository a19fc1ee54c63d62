/**
 * Emits an item when no other has come for a while.
 *
 *     in  a-b-c-------d----|   debounce({ ms: 3 })    out  -------c-------d--|
 *     lane async               state the newest item
 */
import { flowOf, type Flow } from '../graph/source.ts'
import type { StageOptions } from '../graph/options.ts'
import { atHand } from './waiting/at-hand.ts'
import { milliseconds, stageOptions } from './check.ts'
import { newest } from './waiting/newest.ts'
import { passesAll, processSpec } from './process.ts'

export interface DebounceOptions extends StageOptions {
  /** The silence that an item waits for, in milliseconds. */
  readonly ms: number
  /** The longest that items which keep coming hold back the newest of them, in milliseconds. Default: for ever. */
  readonly maxMs?: number | undefined
}

/**
 * Emits the newest item once none has come for `ms`, or once items have kept coming for `maxMs`; at the end of the input at once.
 * The others are thrown away. Time is that at which the stage takes an item; a slow reader does not hold it back from taking.
 *
 * **Order**   kept
 * **Cost**    one look at the clock per batch, and one timer at a time
 * **Memory**  one item
 * **Source**  RxJS `debounceTime`, Effect `debounce`
 * @example
 * await from(['m', 'mi', 'mill']).pipe(debounce({ ms: 20 })).toArray() // => ['mill']
 */
export const debounce = <A>(options: DebounceOptions): Flow<A, A> => {
  stageOptions('debounce', options)
  const ms = milliseconds('debounce', 'ms', options.ms, 0)
  const maxMs = options.maxMs === undefined ? Infinity : milliseconds('debounce', 'maxMs', options.maxMs, 0)
  const args = { ms, ...(maxMs === Infinity ? {} : { maxMs }) }
  const run = atHand(newest((now, since) => Math.min(now + ms, since + maxMs)))
  return flowOf(passesAll(processSpec('debounce', run, options, args)), options.name)
}

/**
 * Puts the newest items of several sources side by side, until one of them has ended.
 *
 *     a  1-----2-----|
 *     b  ---x-----y-----z--|   zipLatest(a, b)    out  ---[1,x]--[2,x]--[2,y]|
 *     lane async               state one item per source, and one batch per source in hand
 */
import type { StageOptions } from '../graph/options.ts'
import type { Source } from '../graph/source.ts'
import { latest } from './combine-latest.ts'
import { inputsOf, joined, processSpec } from './process.ts'
import type { Row, Several } from './zip.ts'

/**
 * A row of the newest item of each source, whenever a source has a new one, as `combineLatest`; but it ends, as `zip`, when the
 * first source has ended: when what a row says of that source is not true any more. Options come last.
 *
 * **Order**   that of each source is kept; between them it is that of arrival
 * **Cost**    one array per item
 * **Errors**  none of its own
 * **Memory**  one item and one batch per source
 * **Source**  Pekko `zipLatest`
 * @example
 * await zipLatest(from(['a']), from([1])).toArray() // => [['a', 1]]
 */
export function zipLatest<S extends Several>(...inputs: S): Source<Row<S>>
export function zipLatest<S extends Several>(...given: readonly [...inputs: S, options: StageOptions]): Source<Row<S>>
export function zipLatest(...given: readonly unknown[]): Source<unknown> {
  const [inputs, options] = inputsOf(given)
  return joined(processSpec('zipLatest', latest(true), options), inputs, 2, options.name)
}

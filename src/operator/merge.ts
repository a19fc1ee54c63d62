/**
 * Puts the items of several sources into one: as they come, one source first, or in order.
 *
 *     a  1-----2--|
 *     b  ---x-----y--|    merge(a, b)    out  1--x--2--y--|
 *     lane async          state one batch per source in hand
 */
import type { StageOptions } from '../graph/options.ts'
import type { Source } from '../graph/source.ts'
import type { ProcessContext } from '../graph/spec.ts'
import { argumentError } from '../error/pipeline-error.ts'
import { wholeNumber } from './check.ts'
import { mergeOrdered, mergePreferred } from './merge-ways.ts'
import { orderOf, type OrderOptions } from './order.ts'
import { inputsOf, joined, passesAll, processSpec, type ItemOf } from './process.ts'

export interface MergeOptions<A> extends StageOptions, OrderOptions<A> {
  /** The source (its position, from 0) whose items go first; the others' go on while it has none. */
  readonly prefer?: number | undefined
}

const run = async ({ inlets, outlets }: ProcessContext): Promise<void> => {
  const outlet = outlets[0]!
  let open = true
  await Promise.all(
    inlets.map(async (inlet) => {
      while (open) {
        const batch = await inlet.pull()
        if (batch === undefined) return
        if (open && (await outlet.push(batch.items))) continue
        open = false
        for (const each of inlets) each.close()
      }
    })
  )
}

/**
 * The items of all sources in one, as they come; ends when all have ended. None can starve another: each has at most one batch
 * waiting. Options come last:
 *
 *   - `prefer` names one source whose items go first. The others wait as long as it has some, which may be for ever
 *   - `by` or `compare`: the sources are sorted, and so is what comes out; of equal items those of the earlier source come first.
 *     It waits until every source that has not ended has an item
 *
 * **Order**   that of each source is kept; between them there is none, but for `by` and `compare`
 * **Cost**    none per item; sorted, a comparison per source and item
 * **Errors**  a source that is not sorted as was said ends the run, and so does what `by` or `compare` throws
 * **Memory**  one batch per source
 * **Source**  RxJS `merge`; Pekko `mergePreferred`, `mergeSorted`
 * @example
 * (await merge(range(0, 2), range(5, 7)).toArray()).sort() // => [0, 1, 5, 6]
 * await merge(from([1, 4]), from([2, 3, 5]), { by: (n) => n }).toArray() // => [1, 2, 3, 4, 5]
 */
export function merge<S extends readonly Source<unknown>[]>(...inputs: S): Source<ItemOf<S[number]>>
export function merge<S extends readonly Source<unknown>[]>(
  ...given: readonly [...inputs: S, options: MergeOptions<ItemOf<S[number]>>]
): Source<ItemOf<S[number]>>
export function merge(...given: readonly unknown[]): Source<unknown> {
  const [inputs, options] = inputsOf<MergeOptions<unknown>>(given)
  const { prefer, by, compare, order, name } = options
  if (by !== undefined || compare !== undefined || order !== undefined) {
    if (prefer !== undefined) {
      throw argumentError('type', 'merge: a source cannot be preferred where there is an order', 'got both', 'leave one out')
    }
    const args = { order: order ?? 'ascending' }
    return joined(processSpec('merge', mergeOrdered(orderOf('merge', options as OrderOptions<never>)), options, args), inputs, 1, name)
  }
  if (prefer === undefined) return joined(passesAll(processSpec('merge', run, options)), inputs, 1, name)
  if (wholeNumber('merge', 'prefer', prefer, 0) >= inputs.length) {
    throw argumentError('range', 'merge: prefer must be the position of a source', `got ${prefer} of ${inputs.length}`, 'count from 0')
  }
  return joined(passesAll(processSpec('merge', mergePreferred(prefer), options, { prefer })), inputs, 1, name)
}

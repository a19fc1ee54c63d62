/**
 * Puts the items of several sources into one, as they come.
 *
 *     a  1-----2--|
 *     b  ---x-----y--|    merge(a, b)    out  1--x--2--y--|
 *     lane async          state one batch per source in hand
 */
import type { Source } from '../graph/source.ts'
import type { ProcessContext } from '../graph/spec.ts'
import { joined, processSpec, type ItemOf } from './process.ts'

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
 * waiting.
 *
 * **Order**   that of each source is kept; between them there is none
 * **Source**  RxJS `merge`
 * @example
 * (await merge(range(0, 2), range(5, 7)).toArray()).sort() // => [0, 1, 5, 6]
 */
export const merge = <S extends readonly Source<unknown>[]>(...inputs: S): Source<ItemOf<S[number]>> =>
  joined(processSpec('merge', run), inputs, 1)

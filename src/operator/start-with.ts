/**
 * Emits some items first, at once, however long the input takes.
 *
 *     in  ---a--b--|   startWith(x, y)    out  x-y-a--b--|
 *     lane async       state none
 */
import { flowOf, type Flow } from '../graph/source.ts'
import type { ProcessContext } from '../graph/spec.ts'
import { processSpec } from './process.ts'

const run =
  (first: readonly unknown[]) =>
  async ({ inlets, outlets }: ProcessContext): Promise<void> => {
    const [inlet, outlet] = [inlets[0]!, outlets[0]!]
    let more = await outlet.push([...first])
    while (more) {
      const batch = await inlet.pull()
      if (batch === undefined) return
      more = await outlet.push(batch.items)
    }
  }

/**
 * Emits `first`, then the items of the input. It waits for nothing: a reader that joins it with others has something at once.
 *
 * **Order**   kept
 * **Cost**    the items cross to the event loop
 * **Errors**  none of its own
 * **Memory**  the items given
 * **Source**  RxJS `startWith`
 * @example
 * await from([2, 3]).pipe(startWith(0, 1)).toArray() // => [0, 1, 2, 3]
 */
export const startWith = <A, B = A>(...first: readonly B[]): Flow<A, A | B> =>
  flowOf(processSpec('startWith', run([...first]), {}, { count: first.length }))

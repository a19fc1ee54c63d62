/**
 * Puts the items of several sources into one, one source after the other.
 *
 *     a  1--2--|
 *     b  x--y--|          concat(a, b)    out  1--2--x--y--|
 *     lane async          state none
 */
import type { StageOptions } from '../graph/options.ts'
import type { Source } from '../graph/source.ts'
import type { ProcessContext } from '../graph/spec.ts'
import { inputsOf, joined, passesAll, processSpec, type ItemOf } from './process.ts'

const run = async ({ inlets, outlets }: ProcessContext): Promise<void> => {
  const outlet = outlets[0]!
  for (const inlet of inlets) {
    for (let batch = await inlet.pull(); batch !== undefined; batch = await inlet.pull()) {
      if (!(await outlet.push(batch.items))) return
    }
  }
}

/**
 * All items of the first source, then all of the second, and so on. A later source starts with the others and waits, with
 * what its channel holds, until its turn comes. Options come last.
 *
 * **Order**   kept
 * **Errors**  two of its sources must not share a stage: it would wait for a reader whose turn never comes. The plan refuses that
 * **Source**  RxJS `concat`
 * @example
 * await concat(range(0, 2), range(5, 7)).toArray() // => [0, 1, 5, 6]
 */
export function concat<S extends readonly Source<unknown>[]>(...inputs: S): Source<ItemOf<S[number]>>
export function concat<S extends readonly Source<unknown>[]>(
  ...given: readonly [...inputs: S, options: StageOptions]
): Source<ItemOf<S[number]>>
export function concat(...given: readonly unknown[]): Source<unknown> {
  const [inputs, options] = inputsOf(given)
  return joined(passesAll(processSpec('concat', run, options)), inputs, 1, options.name)
}

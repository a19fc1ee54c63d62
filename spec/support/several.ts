/** Inputs for the operators that read several sources, and sources to declare them with. */
import fc from 'fast-check'
import type { Source } from '../../src/graph/source.ts'
import { input } from './run-kernel.ts'
import type { Feeding } from './run-process.ts'

/** Sources that are never opened, one per inlet. */
export const several = (n: number): Source<number>[] => Array.from({ length: n }, () => input<number>())

export const two = (): [Source<number>, Source<number>] => [input<number>(), input<number>()]

/** Items that say where they come from: inlet * 1000 + position. */
export const feedings: fc.Arbitrary<readonly Feeding[]> = fc
  .array(fc.record({ sizes: fc.array(fc.nat(4), { maxLength: 5 }), gap: fc.func(fc.nat(3)) }), { minLength: 2, maxLength: 4 })
  .map((inlets) =>
    inlets.map(({ sizes, gap }, inlet) => {
      let n = inlet * 1000
      return { batches: sizes.map((size) => Array.from({ length: size }, () => n++)), gap }
    })
  )

export const all = (feeding: Feeding): readonly unknown[] => feeding.batches.flat()

/** A source that says nothing. */
export const quiet: Feeding = { batches: [], endless: true }

/**
 * For kernels: the functions of a stage whose `args` hold the shape of an aggregate, with those of the aggregate added under
 * the names of a combiner's. Called once per instance of a stage, on workers too.
 */
import type { Fns } from '../loop/kernel.ts'
import type { Shape } from './core.ts'
import { cores } from './cores.ts'
import { gather, type Gather } from './gather.ts'

export const gatherHere = (shape: Shape, fns: Fns): Gather => gather(shape, fns, cores)

/** `args.shape` is absent where the functions are a user's own, as they are. */
export const bindShape = (fns: Fns, args: Readonly<Record<string, unknown>>): Fns => {
  const shape = args['shape'] as Shape | undefined
  if (shape === undefined) return fns
  const { create, add, combine, finish, deduct, size } = gatherHere(shape, fns)
  return { ...fns, create, add, combine, finish, ...(deduct && { deduct }), ...(size && { size }) }
}

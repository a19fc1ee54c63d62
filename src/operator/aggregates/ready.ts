/**
 * Makes the aggregates that come with millrace, and remembers how each travels.
 *
 *     ready(core, args, by) ── an Aggregate whose functions work here ── shapeOf(it) ── what travels instead of them
 *
 * The shape is remembered beside the value, not in it: a copy with other functions ({ ...sum(), finish }) is the user's own.
 * Called by the constructors of this folder; `describe` by the operators that take aggregates. Main thread only.
 */
import { argumentError } from '../../error/pipeline-error.ts'
import { callable } from '../check.ts'
import type { Aggregate } from '../combiner.ts'
import type { Fns } from '../loop/kernel.ts'
import { gather, type Cores } from './gather.ts'
import type { Args, Core, Shape } from './core.ts'

/** How an aggregate travels: its shape, and the functions that the shape names. */
export interface Described {
  readonly shape: Shape
  readonly fns: Fns
  /** Those that the shape names, for its functions here; workers have them all. */
  readonly cores: Cores
}

const known = new WeakMap<object, Described>()

const aggregateOf = <A, R, E>({ shape, fns, cores }: Described): Aggregate<A, R, E> => {
  const { create, add, combine, finish, deduct, size, ordered } = gather(shape, fns, cores)
  const made = { create, add, combine, finish, ...(deduct && { deduct }), ...(size && { size }), ...(ordered && { ordered }) }
  known.set(made, { shape, fns, cores })
  return Object.freeze(made) as unknown as Aggregate<A, R, E>
}

/** An aggregate over what `by` answers, or over the items themselves. */
export const ready = <A, R, E>(core: Core, args: Args = {}, by?: (item: A, env: E) => unknown): Aggregate<A, R, E> => {
  const cores = { [core.name]: core }
  if (by === undefined) return aggregateOf({ shape: { kind: 'core', name: core.name, args }, fns: {}, cores })
  callable(core.name, 'by', by)
  return aggregateOf({ shape: { kind: 'core', name: core.name, args, by: 'by' }, fns: { by }, cores })
}

/** A function that cannot be left out. */
export const needed = <F>(aggregate: string, by: F): F => {
  callable(aggregate, 'by', by)
  return by
}

const OWN = ['create', 'add', 'combine', 'finish', 'deduct', 'size'] as const

/** A user's own: each of its functions travels by itself. */
const describeOwn = (where: string, combiner: Readonly<Record<string, unknown>>): Described => {
  const fns: Record<string, unknown> = {}
  for (const name of OWN) {
    const fn = combiner[name]
    if (fn === undefined && (name === 'finish' || name === 'deduct' || name === 'size')) continue
    callable(where, name, fn)
    fns[name] = fn
  }
  const names = Object.fromEntries(Object.keys(fns).map((name) => [name, name]))
  return { shape: { kind: 'own', fns: names, ordered: combiner['ordered'] === true }, fns, cores: {} }
}

/** How any aggregate travels, or a refusal: it is none. `where` begins the message. */
export const describe = (where: string, aggregate: unknown): Described => {
  if (typeof aggregate !== 'object' || aggregate === null) {
    throw argumentError('type', `${where}: the combiner must be an object`, `got ${typeof aggregate}`, 'pass { create, add, combine }, or one such as sum()')
  }
  return known.get(aggregate) ?? describeOwn(where, aggregate as Readonly<Record<string, unknown>>)
}

/** Whether the aggregate is one that comes with millrace. */
export const isReady = (aggregate: object): boolean => known.has(aggregate)

/** A shape whose functions have other names: what several shapes name in one record must differ. */
const renamed = (shape: Shape, name: (of: string) => string): Shape => {
  switch (shape.kind) {
    case 'core': return shape.by === undefined ? shape : { ...shape, by: name(shape.by) }
    case 'own': return { ...shape, fns: Object.fromEntries(Object.entries(shape.fns).map(([key, of]) => [key, name(of)])) }
    case 'combined': return { kind: 'combined', parts: shape.parts.map(([key, part]) => [key, renamed(part, name)]) }
  }
}

/** Several aggregates as one. */
export const combinedOf = <A, R, E>(parts: readonly (readonly [string, Described])[]): Aggregate<A, R, E> => {
  const name = (i: number) => (of: string): string => `p${i}_${of}`
  const shape: Shape = { kind: 'combined', parts: parts.map(([key, part], i) => [key, renamed(part.shape, name(i))]) }
  const fns = parts.flatMap(([, part], i) => Object.entries(part.fns).map(([of, fn]) => [name(i)(of), fn] as const))
  const cores = Object.assign({}, ...parts.map(([, part]) => part.cores)) as Cores
  return aggregateOf({ shape, fns: Object.fromEntries(fns), cores })
}

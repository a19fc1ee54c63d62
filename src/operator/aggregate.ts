/**
 * The two halves of every aggregation: a partial kernel gathers where the items are, a merge kernel combines the
 * gathered parts behind the channel and emits the one answer when the input has ended.
 *
 *     partial   items in  ── add ──▶ state,  at the end: the state goes out      (one per worker)
 *     merge     states in ── combine ──▶ total, at the end: finish(total) goes out  (one)
 *
 * Used by reduce (with `combine`), countBy and aggregateBy. Source: combiners, Dean and Ghemawat, MapReduce, OSDI 2004.
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import type { KernelSpec } from '../graph/spec.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './kernel.ts'

/**
 * How to gather items into an answer, in parts that can be combined. All functions are pure; each travels like a stage's
 * function (inline and self-contained, or `portable`). States must survive structured clone.
 *
 * @typeParam A  items
 * @typeParam S  the state that gathers
 * @typeParam R  the answer
 */
export interface Combiner<A, S, R = S> {
  /** A fresh state. */
  readonly create: () => S
  /** The state with one item added; may change and return the given state. */
  readonly add: (state: S, item: A) => S
  /** Two states as one; may change and return the first. */
  readonly combine: (a: S, b: S) => S
  /** The answer; default: the state itself. */
  readonly finish?: (state: S) => R
}

export const partialKernel: Kernel = {
  kind: 'aggregate.partial',
  state: () => ({ value: undefined, has: false }),
  each: (g, item) => `if (!${g.state}.has) { ${g.state}.value = ${g.call('create')}; ${g.state}.has = true; }
    ${g.state}.value = ${g.call('add', `${g.state}.value`, item)};`,
  end: (g) => {
    const part = g.fresh('part')
    return `if (${g.state}.has) { ${part} = ${g.state}.value; ${g.state}.has = false; ${g.emit(part)} }`
  }
}

export const mergeKernel: Kernel = {
  kind: 'aggregate.merge',
  state: () => ({ value: undefined, has: false }),
  each: (g, item) => `if (${g.state}.has) { ${g.state}.value = ${g.call('combine', `${g.state}.value`, item)}; }
    else { ${g.state}.value = ${item}; ${g.state}.has = true; }`,
  end: (g) => {
    const total = g.fresh('total')
    return `if (!${g.state}.has) { ${g.state}.value = ${g.call('create')}; }
      ${total} = ${g.call('finish', `${g.state}.value`)}; ${g.emit(total)}`
  }
}

const identity = (state: unknown): unknown => state

/** The spec of an aggregation; the planner replaces it by its halves. */
export const aggregateSpec = (kind: string, combiner: Combiner<never, unknown, unknown>, options: CpuOptions<unknown>): KernelSpec => {
  const { create, add, combine, finish = identity } = combiner
  const partial = cpu('aggregate.partial', { create, add }, options, { parallelism: 'partial' })
  const merge = cpu('aggregate.merge', { create, combine, finish }, { ...options, lane: 'async' }, { parallelism: 'serial' })
  return cpu(kind, { create, add, combine, finish }, options, { parallelism: 'partial', halves: { partial, merge } })
}

export const aggregate = <A, S, R>(kind: string, combiner: Combiner<A, S, R>, options: CpuOptions<unknown>): Flow<A, R> =>
  flowOf(aggregateSpec(kind, combiner as unknown as Combiner<never, unknown, unknown>, options), options.name)

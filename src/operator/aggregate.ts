/**
 * The two halves of every aggregation: a partial kernel gathers where the items are, a merge kernel combines the
 * gathered parts behind the channel and emits the one answer when the input has ended.
 *
 *     partial   items in  ── add ──▶ state,  at the end, or when it is large: the state goes out      (one per worker)
 *     merge     states in ── combine ──▶ total, at the end: finish(total) goes out  (one)
 *
 * Used by reduce (with `combine`); countBy and aggregateBy have halves of their own, with a state per key.
 * Source: combiners, Dean and Ghemawat, MapReduce, OSDI 2004.
 */
import { argumentError } from '../error/pipeline-error.ts'
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import type { KernelSpec } from '../graph/spec.ts'
import { stageOptions } from './check.ts'
import { cpu } from './cpu.ts'
import type { Emitter, Kernel } from './kernel.ts'

/**
 * How to gather items into an answer, in parts that can be combined. Each function travels like a stage's function (inline and
 * self-contained, or `portable`). States must survive structured clone. Parts are made of whatever items a worker came by, and
 * combined in any order, so `combine` must not care (be associative and commutative), and a fresh state must change nothing.
 *
 * @typeParam A  items
 * @typeParam S  the state that gathers
 * @typeParam R  the answer
 * @typeParam E  `env`, given to every function as its last argument
 */
export interface Combiner<in A, S, R = S, in E = undefined> {
  /** A fresh state. */
  readonly create: (env: E) => S
  /** The state with one item added; may change and return the given state. */
  readonly add: (state: S, item: A, env: E) => S
  /** Two states as one; may change and return the first. */
  readonly combine: (a: S, b: S, env: E) => S
  /** The answer; default: the state itself. */
  readonly finish?: ((state: S, env: E) => R) | undefined
  /**
   * How much a state holds of what grows with the input, in keys or list items; for a state that may grow large. A worker sends a
   * part of {@link PART_SIZE} or more on to be combined and begins a fresh one, so that what many keys take is taken once, where
   * the parts are combined, and not again on every worker. Looked at every {@link PART_CHECK} items. Default: parts leave at the end.
   */
  readonly size?: ((state: S, env: E) => number) | undefined
}

/** What a worker's part may hold, in keys, before it is sent on to be combined. Serialized it is a few hundred KiB. */
export const PART_SIZE = 16_384
/** How many items are added between two looks at the size of a part. */
export const PART_CHECK = 1024

type Fresh = (g: Emitter) => string

/** Code that sends a worker's map of keys on to be combined, and begins a fresh one. */
export const sendPart = (g: Emitter, map: string): string => {
  const part = g.fresh('part')
  return `${part} = ${g.state}.${map}; ${g.state}.${map} = new Map(); ${g.emit(part)}`
}

/** The half beside the items; `fresh` is an expression for a state that nothing has been added to. */
export const partialOf = (kind: string, fresh: Fresh): Kernel => {
  const send = (g: Emitter): string => {
    const [part, s] = [g.fresh('part'), g.state]
    return `${part} = ${s}.value; ${s}.value = undefined; ${s}.has = false; ${g.emit(part)}`
  }
  return {
    kind,
    state: () => ({ value: undefined, has: false, added: 0 }),
    each: (g, item) => {
      const [y, s] = [g.fresh('y'), g.state]
      const large = g.has('size')
        ? `if (++${s}.added >= ${PART_CHECK}) { ${s}.added = 0; if (${g.call('size', `${s}.value`)} >= ${PART_SIZE}) { ${send(g)} } }`
        : ''
      return `if (!${s}.has) { ${s}.value = ${fresh(g)}; ${s}.has = true; }
        ${y} = ${g.call('add', `${s}.value`, item)}; ${g.refusePromise(y)} ${s}.value = ${y}; ${large}`
    },
    end: (g) => `if (${g.state}.has) { ${send(g)} }`
  }
}

/** The half behind the channel; `answer` is an expression for what the total becomes. */
export const mergeOf = (kind: string, fresh: Fresh, answer: (g: Emitter, total: string) => string): Kernel => ({
  kind,
  state: () => ({ value: undefined, has: false }),
  each: (g, item) => {
    const [y, s] = [g.fresh('y'), g.state]
    return `if (${s}.has) { ${y} = ${g.call('combine', `${s}.value`, item)}; ${g.refusePromise(y)} ${s}.value = ${y}; }
      else { ${s}.value = ${item}; ${s}.has = true; }`
  },
  end: (g) => {
    const y = g.fresh('y')
    return `${y} = ${g.state}.has ? ${g.state}.value : ${fresh(g)}; ${y} = ${answer(g, y)}; ${g.refusePromise(y)} ${g.emit(y)}`
  }
})

export const partialKernel = partialOf('aggregate.partial', (g) => g.call('create'))
export const mergeKernel = mergeOf('aggregate.merge', (g) => g.call('create'), (g, total) => g.call('finish', total))

/** What a stage of two halves needs besides its partial half's functions. */
interface Halves {
  readonly partial: Readonly<Record<string, unknown>>
  readonly merge: Readonly<Record<string, unknown>>
  readonly args?: Readonly<Record<string, unknown>> | undefined
}

/**
 * The spec of a stage that the planner replaces by its halves, `KIND.partial` and `KIND.merge`. The policy for failing items is
 * the partial half's: when a part cannot be combined the answer would be wrong, so that ends the run.
 */
export const halved = (kind: string, { partial, merge, args = {} }: Halves, options: CpuOptions<unknown>): KernelSpec => {
  const whole = cpu(kind, { ...partial, ...merge }, options, { parallelism: 'partial', args })
  return {
    ...whole,
    halves: {
      partial: cpu(`${kind}.partial`, partial, options, { parallelism: 'partial', args }),
      merge: cpu(`${kind}.merge`, merge, { ...options, lane: 'async', onError: 'fail' }, { parallelism: 'serial', args })
    }
  }
}

/** Refuses what is no combiner; its functions are checked one by one. */
export const combinerOf = <C extends object>(kind: string, combiner: C | undefined): C => {
  if (typeof combiner === 'object' && (combiner as unknown) !== null) return combiner
  throw argumentError(
    'type',
    `${kind}: the combiner must be an object`,
    `got ${typeof combiner}`,
    'pass { create, add, combine }'
  )
}

const itself = (state: unknown): unknown => state

/**
 * Gathers all items into one answer: each worker a part of its own, combined at the end. Emits one item.
 *
 * **Cost**    one call of `add` per item, inside the task's loop; one state per worker crosses threads
 * **Order**   of items is not kept: see {@link Combiner}
 * **Errors**  an item that `add` throws on is handled by `onError`; what `combine` and `finish` throw ends the run
 * **Memory**  one state per worker, and the sum; a state that grows with its keys says its `size`, and is then held once
 * @example
 * const mean = aggregate({
 *   create: () => ({ sum: 0, n: 0 }),
 *   add: (s, x: number) => ({ sum: s.sum + x, n: s.n + 1 }),
 *   combine: (a, b) => ({ sum: a.sum + b.sum, n: a.n + b.n }),
 *   finish: (s) => s.sum / s.n
 * })
 * await range(0, 5).pipe(mean).toArray() // => [2]
 */
export const aggregate = <A, S, R = S, E = undefined>(combiner: Combiner<A, S, R, E>, options: CpuOptions<E> = {}): Flow<A, R> => {
  const { create, add, combine, finish = itself, size } = combinerOf('aggregate', combiner)
  stageOptions('aggregate', options)
  const partial = size === undefined ? { create, add } : { create, add, size }
  return flowOf(halved('aggregate', { partial, merge: { create, combine, finish } }, options), options.name)
}

/**
 * The two halves of every aggregation: a partial kernel gathers where the items are, a merge kernel combines the
 * gathered parts behind the channel and emits the one answer when the input has ended. Parts that may be many and large are combined on a
 * worker first, so that the caller's loop, which calls `finish`, is given one.
 *
 *     partial   items in  ── add ──▶ state,  at the end, or when it is large: the state goes out      (one per worker)
 *     combine   states in ── combine ──▶ total, at the end: the total goes out      (one, on a worker, where parts leave early)
 *     merge     states in ── combine ──▶ total, at the end: finish(total) goes out  (one)
 *     inOrder   items in  ── add ──▶ state, at the end: finish(state) goes out      (one, where the order of the items matters)
 *
 * Used by reduce (with `combine`); countBy and aggregateBy have halves of their own, with a state per key.
 * Source: combiners, Dean and Ghemawat, MapReduce, OSDI 2004.
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import type { KernelSpec, Reads } from '../graph/spec.ts'
import { bindShape } from './aggregates/bind.ts'
import { describe, isReady } from './aggregates/ready.ts'
import { stageOptions } from './check.ts'
import { PART_CHECK, PART_SIZE, type Combiner } from './combiner.ts'
import { cpu } from './cpu.ts'
import type { Emitter, Kernel } from './loop/kernel.ts'

type Fresh = (g: Emitter) => string

/** Code that sends a worker's map of keys on to be combined, and begins a fresh one. */
export const sendPart = (g: Emitter, map: string): string => {
  const part = g.fresh('part')
  return `${part} = ${g.state}.${map}; ${g.state}.${map} = new Map(); ${g.emit(part)}`
}

/** The half beside the items; `fresh` is an expression for a state that nothing has been added to. `sends`: large parts leave early. */
export const partialOf = (kind: string, fresh: Fresh, sends = true): Kernel => {
  const send = (g: Emitter): string => {
    const [part, s] = [g.fresh('part'), g.state]
    return `${part} = ${s}.value; ${s}.value = undefined; ${s}.has = false; ${g.emit(part)}`
  }
  return {
    kind,
    state: () => ({ value: undefined, has: false, added: 0 }),
    each: (g, item) => {
      const [x, y, s] = [g.fresh('x'), g.fresh('y'), g.state]
      const large = sends && g.has('size')
        ? `if (++${s}.added >= ${PART_CHECK}) { ${s}.added = 0; if (${g.call('size', `${s}.value`)} >= ${PART_SIZE}) { ${send(g)} } }`
        : ''
      return `if (!${s}.has) { ${y} = ${fresh(g)}; ${g.refusePromise(y)} ${s}.value = ${y}; ${s}.has = true; }
        ${x} = ${s}.value; ${y} = ${g.call('add', x, item)};
        if (${y} !== ${x}) { ${g.refusePromise(y)} ${s}.value = ${y}; } ${large}`
    },
    end: (g) => `if (${g.state}.has) { ${send(g)} }`
  }
}

/** Between the halves: all parts as one, which is sent on when the input has ended; nothing when there were none. */
const combineOf = (kind: string): Kernel => ({
  ...mergeOf(kind, () => '', () => ''),
  end: (g) => {
    const part = g.fresh('part')
    return `if (${g.state}.has) { ${part} = ${g.state}.value; ${g.state}.value = undefined; ${g.state}.has = false; ${g.emit(part)} }`
  }
})

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

const created: Fresh = (g) => g.call('create')
const finished = (g: Emitter, total: string): string => (g.has('finish') ? g.call('finish', total) : total)

export const partialKernel: Kernel = { ...partialOf('aggregate.partial', created), bind: bindShape }
export const combineKernel: Kernel = { ...combineOf('aggregate.combine'), bind: bindShape }
export const mergeKernel: Kernel = { ...mergeOf('aggregate.merge', created, finished), bind: bindShape }
const whole = partialOf('aggregate.inOrder', created, false)
export const inOrderKernel: Kernel = { ...whole, end: mergeOf('', created, finished).end!, bind: bindShape }

/** What a stage remembers, as its spec says it. */
export type Held = Pick<KernelSpec, 'holds' | 'unbounded'>

/** What a stage of two halves needs besides its partial half's functions. */
interface Halves extends Held {
  readonly partial: Readonly<Record<string, unknown>>
  readonly merge: Readonly<Record<string, unknown>>
  /** The functions that make one part of several. Absent: there is one per worker, which the merge half sees to. */
  readonly combine?: Readonly<Record<string, unknown>> | undefined
  readonly args?: Readonly<Record<string, unknown>> | undefined
  /** See `KernelSpec`; of the partial half. */
  readonly reads?: Reads | undefined
}

/**
 * The spec of a stage that the planner replaces by its halves, `KIND.partial` and `KIND.merge`. The policy for failing items is
 * the partial half's: when a part cannot be combined the answer would be wrong, so that ends the run. Parts are combined on a worker
 * where they are made on workers; what `lane` says is said of the items.
 */
export const halved = (
  kind: string, { partial, merge, combine, args = {}, holds, unbounded, reads }: Halves, options: CpuOptions<unknown>
): KernelSpec => {
  const whole = cpu(kind, { ...partial, ...merge }, options, { parallelism: 'partial', args })
  const between = combine && cpu(`${kind}.combine`, combine, { ...options, lane: undefined, onError: 'fail' }, { parallelism: 'serial', args })
  return {
    ...whole,
    halves: {
      partial: cpu(`${kind}.partial`, partial, options, { parallelism: 'partial', args, reads }),
      ...(between && { combine: between }),
      merge: cpu(`${kind}.merge`, merge, { ...options, lane: 'async', onError: 'fail' }, { parallelism: 'serial', args, holds, unbounded })
    }
  }
}

/** What a stage gathers with, as its functions and arguments; `ordered`: in one place. */
export interface Gathering {
  readonly fns: Readonly<Record<string, unknown>>
  readonly args: Readonly<Record<string, unknown>>
  readonly ordered: boolean
  /** Parts leave when they have become large. */
  readonly inParts: boolean
}

/** The functions of a user's own aggregate are called as they are; of one of millrace's the shape travels: see aggregates/core.ts. */
export const gatheringOf = (kind: string, combiner: object): Gathering => {
  const { shape, fns } = describe(kind, combiner)
  const ordered = (combiner as { readonly ordered?: unknown }).ordered === true
  const inParts = (combiner as { readonly size?: unknown }).size !== undefined
  return { fns, args: isReady(combiner) ? { shape } : {}, ordered, inParts }
}

/** Those of the functions that a half needs: the others need not travel with it. */
export const only = (fns: Gathering['fns'], ...names: readonly string[]): Gathering['fns'] =>
  Object.fromEntries(Object.entries(fns).filter(([name]) => names.includes(name)))

/** The spec of a stage that gathers: in two halves, or in one place where the order of the items matters. */
export const gatheringSpec = (
  kind: string,
  { fns, args, ordered, inParts }: Gathering,
  more: Gathering['fns'],
  moreArgs: Gathering['args'],
  options: CpuOptions<unknown>,
  held: Held = {}
): KernelSpec => {
  const all = { ...args, ...moreArgs }
  if (ordered) return cpu(`${kind}.inOrder`, { ...more, ...fns }, options, { parallelism: 'serial', args: all, ...held })
  const own = args['shape'] === undefined
  const partial = { ...more, ...(own ? only(fns, 'create', 'add', 'size') : fns) }
  const combine = inParts ? (own ? only(fns, 'create', 'combine') : fns) : undefined
  return halved(kind, { partial, combine, merge: own ? only(fns, 'create', 'combine', 'finish') : fns, args: all, ...held }, options)
}

/**
 * Gathers all items into one answer: each worker a part of its own, combined at the end. Emits one item. Takes an aggregate of
 * millrace's (`sum()`, `topK(10, by)` …) or one of your own.
 *
 * **Cost**    one call of `add` per item, inside the task's loop; one state per worker crosses threads. Where a combiner says its `size`,
 *             states are combined on a worker, and the caller's loop gets one
 * **Order**   of items is not kept: see {@link Combiner}; an `ordered` aggregate gathers in one place, in order
 * **Errors**  an item that `add` throws on is handled by `onError`; what `combine` and `finish` throw ends the run, but for an
 *             `ordered` aggregate, where `onError` handles it
 * **Memory**  one state per worker, and the sum; a state that grows with its keys says its `size`, and is then held once
 * @example
 * const spread = aggregate({
 *   create: () => ({ least: Infinity, most: -Infinity }),
 *   add: (s, x: number) => ({ least: Math.min(s.least, x), most: Math.max(s.most, x) }),
 *   combine: (a, b) => ({ least: Math.min(a.least, b.least), most: Math.max(a.most, b.most) }),
 *   finish: (s) => s.most - s.least
 * })
 * await range(0, 5).pipe(spread).toArray() // => [4]
 */
export const aggregate = <A, S, R = S, E = undefined>(combiner: Combiner<A, S, R, E>, options: CpuOptions<E> = {}): Flow<A, R> => {
  const gathering = gatheringOf('aggregate', combiner)
  stageOptions('aggregate', options)
  return flowOf(gatheringSpec('aggregate', gathering, {}, {}, options), options.name)
}

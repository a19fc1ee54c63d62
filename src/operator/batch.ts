/**
 * Gathers items into arrays.
 *
 *     in  a--b--c--d--e--|   batch({ count: 2 })    out  ---[a,b]--[c,d]--[e]|
 *     lane blocking          state the batch that is being filled      fuses with serial neighbours
 *
 * With `maxMs` the clock takes part, so the stage waits on the event loop instead: see timed-batch.ts.
 */
import { argumentError } from '../error/pipeline-error.ts'
import type { CpuOptions, OnError, Retry } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { callable, milliseconds, numberFrom, stageOptions, wholeNumber } from './check.ts'
import { cpu } from './cpu.ts'
import type { Emitter, Kernel } from './loop/kernel.ts'
import { timedBatch, type TimedBatch } from './timed-batch.ts'

export interface BatchOptions<A, E = undefined> extends CpuOptions<E> {
  /** Items in a full batch. A whole number >= 1. */
  readonly count?: number | undefined
  /** The weight that a batch does not exceed, unless one item alone does. A number > 0; needs `weigh`. */
  readonly maxWeight?: number | undefined
  /** What an item weighs: a number >= 0, such as its length in bytes. */
  readonly weigh?: ((item: A, env: E) => number) | undefined
  /** The longest that an item waits for its batch to fill, in milliseconds. */
  readonly maxMs?: number | undefined
  /** What becomes of an item that `weigh` throws on. Default `'fail'`. */
  readonly onError?: Exclude<OnError, Retry> | undefined
}

const byCount = (g: Emitter, item: string): string => {
  const [s, y] = [g.state, g.fresh('y')]
  return `${s}.items.push(${item}); if (${s}.items.length >= ${g.args}.count) { ${y} = ${s}.items; ${s}.items = []; ${g.emit(y)} }`
}

/** An item may complete two batches: the one that it does not fit into, and one of its own when it is heavy. */
const byWeight = (g: Emitter, item: string): string => {
  const [s, w, y, full] = [g.state, g.fresh('w'), g.fresh('y'), g.fresh('full')]
  return `${w} = ${g.call('weigh', item)}; ${g.refusePromise(w)} ${g.help}.weight(${w});
    ${y} = undefined;
    if (${s}.items.length > 0 && ${s}.weight + ${w} > ${g.args}.maxWeight) { ${y} = ${s}.items; ${s}.items = []; ${s}.weight = 0; }
    ${s}.items.push(${item}); ${s}.weight += ${w};
    ${full} = ${s}.items.length >= ${g.args}.count || ${s}.weight >= ${g.args}.maxWeight;
    while (${y} !== undefined || ${full}) {
      if (${y} === undefined) { ${y} = ${s}.items; ${s}.items = []; ${s}.weight = 0; ${full} = false; }
      ${g.emitOne(y)}
      ${y} = undefined;
    }`
}

export const kernel: Kernel = {
  kind: 'batch',
  state: () => ({ items: [], weight: 0 }),
  each: (g, item) => (g.has('weigh') ? byWeight : byCount)(g, item),
  end: (g) => {
    const y = g.fresh('y')
    return `if (${g.state}.items.length > 0) { ${y} = ${g.state}.items; ${g.state}.items = []; ${g.state}.weight = 0; ${g.emit(y)} }`
  }
}

const bounds = <A, E>({ count, maxWeight, weigh, maxMs, onError, lane }: BatchOptions<A, E>): void => {
  if (count === undefined && maxWeight === undefined && maxMs === undefined) {
    throw argumentError('type', 'batch: at least one bound is needed', 'got none', 'give count, maxWeight (with weigh) or maxMs')
  }
  if (count !== undefined) wholeNumber('batch', 'count', count, 1)
  if (maxMs !== undefined) milliseconds('batch', 'maxMs', maxMs, 0)
  if (maxWeight !== undefined && numberFrom('batch', 'maxWeight', maxWeight, 0) === 0) {
    throw argumentError('range', 'batch: maxWeight must be more than 0', 'got 0', 'correct the argument')
  }
  if (weigh !== undefined) callable('batch', 'weigh', weigh)
  if ((maxWeight === undefined) !== (weigh === undefined)) {
    throw argumentError(
      'type',
      'batch: maxWeight and weigh go together',
      `got only ${weigh === undefined ? 'maxWeight' : 'weigh'}`,
      'give both or neither'
    )
  }
  if (typeof onError === 'object') {
    throw argumentError(
      'type',
      'batch: onError cannot be a retry',
      'a weight would be the same again',
      "choose 'fail', 'skip', 'deadLetter' or 'stop'"
    )
  }
  if (maxMs !== undefined && lane === 'blocking') {
    throw argumentError(
      'type',
      "batch: with maxMs the lane cannot be 'blocking'",
      'got both',
      'leave the lane out: a clock needs the event loop'
    )
  }
}

/**
 * Gathers items into arrays: a batch goes on when it has `count` items, when the next item would make it heavier than
 * `maxWeight`, when its first item has waited for `maxMs`, or when the input ends; whatever comes first.
 *
 * **Order**   kept. Serial: all items pass one place
 * **Cost**    one push per item; with `maxMs` the items cross to the event loop
 * **Errors**  an item that `weigh` throws on, or for which it answers no number >= 0, is handled by `onError`
 * **Memory**  one batch
 * **Source**  RxJS `bufferCount`, `bufferTime`; Akka `groupedWeightedWithin`
 * @example
 * await range(0, 5).pipe(batch({ count: 2 })).toArray() // => [[0, 1], [2, 3], [4]]
 */
export const batch = <A, E = undefined>(options: BatchOptions<A, E>): Flow<A, readonly A[]> => {
  stageOptions('batch', options)
  bounds(options)
  const { count = Infinity, maxWeight = Infinity, weigh, maxMs } = options
  if (maxMs !== undefined) {
    return flowOf(timedBatch({ count, maxWeight, maxMs, weigh: weigh as TimedBatch['weigh'], env: options.env }, options), options.name)
  }
  const fns = weigh === undefined ? {} : { weigh }
  return flowOf(cpu('batch', fns, options, { parallelism: 'serial', args: { count, maxWeight }, holds: 'one batch' }), options.name)
}

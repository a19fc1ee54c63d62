/**
 * Gathers items by key, each key into a state of its own; the answers are emitted when the input has ended.
 *
 *     in  a1--b5--a2--|   aggregateBy(letter, sum)    out  ----------{ a: 3, b: 5 }|
 *     lane blocking       state one per key; one map per worker, combined key by key as they get large, and at the end, on a worker
 */
import { flowOf, type Flow } from '../graph/source.ts'
import { gatheringOf, gatheringSpec, sendPart } from './aggregate.ts'
import { bindShape } from './aggregates/bind.ts'
import { PART_SIZE, type Combiner } from './combiner.ts'
import { answeredByKey, keyedArgs, type KeyedOptions } from './count-by.ts'
import type { Emitter, Kernel } from './loop/kernel.ts'
import { keyedBy, keyOf, type Key, type KeyField } from './keyed/keys.ts'

const addTo = (g: Emitter, item: string, sends: boolean): string => {
  const [key, before, after, isNew] = [g.fresh('key'), g.fresh('before'), g.fresh('after'), g.fresh('isNew')]
  return `${key} = ${keyOf(g, item)}; ${before} = ${g.state}.parts.get(${key});
    ${isNew} = ${before} === undefined && !${g.state}.parts.has(${key});
    if (${isNew}) {
      ${g.refusePromise(key)} ${key} = ${g.help}.newKey('aggregateBy', ${g.state}.parts.size, ${g.args}.maxKeys, ${key});
      ${before} = ${g.call('create')}; ${g.refusePromise(before)}
    }
    ${after} = ${g.call('add', before, item)};
    if (${isNew} || ${after} !== ${before}) { ${g.refusePromise(after)} ${g.state}.parts.set(${key}, ${after}); }
    ${sends ? `if (${isNew} && ${g.state}.parts.size >= ${PART_SIZE}) { ${sendPart(g, 'parts')} }` : ''}`
}

export const partialKernel: Kernel = {
  kind: 'aggregateBy.partial',
  bind: bindShape,
  state: () => ({ parts: new Map() }),
  each: (g, item) => addTo(g, item, true),
  end: (g) => `if (${g.state}.parts.size > 0) { ${sendPart(g, 'parts')} }`
}

const answer = (g: Emitter): string => {
  const [answers, one, y] = [g.fresh('answers'), g.fresh('one'), g.fresh('y')]
  const finished = g.has('finish') ? g.call('finish', `${one}[1]`) : `${one}[1]`
  return `${answers} = new Map();
    for (${one} of ${g.state}.parts) { ${y} = ${finished}; ${g.refusePromise(y)} ${answers}.set(${one}[0], ${y}); }
    ${g.state}.parts = new Map(); ${g.emit(answers)}`
}

/** Where the order of the items matters: one map, in one place. */
export const inOrderKernel: Kernel = {
  kind: 'aggregateBy.inOrder',
  bind: bindShape,
  state: () => ({ parts: new Map() }),
  each: (g, item) => addTo(g, item, false),
  end: answer
}

export const mergeKernel: Kernel = {
  kind: 'aggregateBy.merge',
  bind: bindShape,
  state: () => ({ parts: new Map() }),
  each: (g, item) => {
    const [one, key, part] = [g.fresh('one'), g.fresh('key'), g.fresh('part')]
    const parts = `${g.state}.parts`
    return `if (${parts}.size === 0) ${parts} = ${item};
      else for (${one} of ${item}) {
        ${key} = ${one}[0]; ${part} = ${one}[1];
        if (${parts}.has(${key})) { ${part} = ${g.call('combine', `${parts}.get(${key})`, part)}; ${g.refusePromise(part)} }
        else ${key} = ${g.help}.newKey('aggregateBy', ${parts}.size, ${g.args}.maxKeys, ${key});
        ${parts}.set(${key}, ${part});
      }`
  },
  end: answer
}

/** Between the halves: all maps as one. */
export const combineKernel: Kernel = { ...mergeKernel, kind: 'aggregateBy.combine', end: partialKernel.end! }

/**
 * Gathers the items of each key with `combiner`, one of millrace's (`sum()`, `count()` …) or of your own, and emits one map at the
 * end: key to answer. The order of the keys is not promised. `key` is a function, or the name of a field. To leave behind what the
 * combiner does not need either, see `pick`.
 *
 * **Cost**    one call of `key` and of `add` and one look-up per item; a map per worker, and per 16 384 keys, crosses
 *             threads
 * **Errors**  an item that `key` or `add` throws on, or whose key is an object, is handled by `onError`; what `combine` and
 *             `finish` throw ends the run (of an `ordered` aggregate, is handled by `onError`); more than `maxKeys` keys are `ERR_MILLRACE_TOO_MANY_KEYS`
 * **Memory**  a state per different key in the sum, and 16 384 on each worker: bound the keys, by what they are or by `maxKeys`
 * @example
 * const bytesByHost = aggregateBy((r: { host: string; bytes: number }) => r.host, sum((r) => r.bytes))
 * await from([{ host: 'a', bytes: 1 }, { host: 'a', bytes: 2 }]).pipe(bytesByHost).toArray() // => [Map { 'a' => 3 }]
 */
export function aggregateBy<A, K extends Key, S, R = S, E = undefined>(
  key: (item: A, env: E) => K,
  combiner: Combiner<A, S, R, E>,
  options?: KeyedOptions<E>
): Flow<A, ReadonlyMap<K, R>>
export function aggregateBy<A, F extends KeyField<A>, S, R = S, E = undefined>(
  field: F,
  combiner: Combiner<A, S, R, E>,
  options?: KeyedOptions<E>
): Flow<A, ReadonlyMap<A[F], R>>
export function aggregateBy<A, S, R, E>(
  key: unknown,
  combiner: Combiner<A, S, R, E>,
  options: KeyedOptions<E> = {}
): Flow<A, ReadonlyMap<unknown, R>> {
  const gathering = gatheringOf('aggregateBy', combiner)
  const { fns, args } = keyedBy(key) // what the combiner reads is not known
  const all = { ...args, ...keyedArgs('aggregateBy', options) }
  return flowOf(gatheringSpec('aggregateBy', { ...gathering, inParts: true }, fns, all, options, answeredByKey('a state', options)), options.name)
}

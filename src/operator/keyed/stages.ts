/**
 * Stages with a state per key: the code that they share, and how the planner runs them side by side.
 *
 *     items ── spread: hash of the key ──▶ partition 0: states of its keys ──▶ gather ── results
 *                                     └──▶ partition 1 …                  ──┘
 *
 * One partition per worker, each in one place: a key has one owner, and its items come in order. It is keyed routing, not a stream of
 * streams: however many keys there are, there are as many queues as partitions, so that nothing waits for a stream that nobody reads.
 * With one worker, or none, there is one partition and nothing is routed. lower.ts does it.
 * Called by mapState, scanBy and keyedProcess.
 */
import type { CpuOptions } from '../../graph/options.ts'
import type { KernelSpec, ProcessSpec, UserFunction } from '../../graph/spec.ts'
import { argumentError } from '../../error/pipeline-error.ts'
import { callable, flag, milliseconds, oneOf, wholeNumber } from '../check.ts'
import { cpu } from '../cpu.ts'
import type { Emitter, Kernel } from '../loop/kernel.ts'
import { emptyStore } from './store.ts'
import { keyedBy, keyLimit, keyOf, unboundedBy } from './keys.ts'

/** What bounds the states of a stage that keeps one per key. */
export interface KeptOptions<A, E = undefined> extends CpuOptions<E> {
  /** States that each partition keeps. A whole number >= 1, or Infinity: the keys are known to be few, and nobody need be warned. */
  readonly maxKeys?: number | undefined
  /** What a new key does when `maxKeys` are kept: it is an error (default), or lets go of a key that was not used for long. */
  readonly whenFull?: 'fail' | 'evictOldest' | undefined
  /** The state of a key that has not been used for so long is forgotten, in milliseconds > 0. */
  readonly ttlMs?: number | undefined
  /**
   * The time of an item in milliseconds, for `ttlMs`: what counts then is the latest time of the items seen, not the clock.
   * Default: the clock.
   */
  readonly at?: ((item: A, env: E) => number) | undefined
  /**
   * Behind an item that the stage failed on (and `onError` skipped or set aside) the state of its key begins anew, for nobody knows what it
   * is worth. Default false: it stays as the function left it.
   */
  readonly restart?: boolean | undefined
}

/** The same, with the types forgotten. */
type Kept = Omit<KeptOptions<never, unknown>, 'at'> & { readonly at?: UserFunction | undefined }

/** What is kept, as `explain()` says it. */
const heldOf = ({ maxKeys, ttlMs }: Pick<Kept, 'maxKeys' | 'ttlMs'>): string => {
  const most = maxKeys === Infinity ? 'of keys that are said to be few' : `at most ${maxKeys} in a partition`
  const bounds = [...(maxKeys === undefined ? [] : [most]), ...(ttlMs === undefined ? [] : [`forgotten after ${ttlMs} ms without use`])]
  return `a state per key, ${bounds.length === 0 ? 'without a bound (maxKeys, ttlMs)' : bounds.join(', ')}`
}

/** That, and whether it is bounded at all; for a spec. */
export const keptBy = (options: Pick<Kept, 'maxKeys' | 'ttlMs'>) => ({
  holds: heldOf(options),
  unbounded: unboundedBy({ maxKeys: options.maxKeys, ttlMs: options.ttlMs })
})

/** The arguments that bound the states, checked. */
export const keptArgs = (kind: string, options: Kept): Readonly<Record<string, unknown>> => {
  const { ttlMs, at } = options
  const maxKeys = keyLimit(kind, options.maxKeys)
  const whenFull = oneOf(kind, 'whenFull', options.whenFull ?? 'fail', ['fail', 'evictOldest'])
  if (whenFull === 'evictOldest') wholeNumber(kind, 'maxKeys', maxKeys, 1)
  if (ttlMs !== undefined && milliseconds(kind, 'ttlMs', ttlMs, 0) === 0) {
    throw argumentError('range', `${kind}: ttlMs must be more than 0`, 'got 0', 'correct the argument')
  }
  if (at !== undefined) callable(kind, 'at', at)
  if (at !== undefined && ttlMs === undefined) {
    throw argumentError('type', `${kind}: at is the time that ttlMs goes by`, 'got at without ttlMs', 'give both, or ttlMs alone')
  }
  return { maxKeys, evict: whenFull === 'evictOldest', ttlMs, restart: flag(kind, 'restart', options.restart) }
}

/** What passes the batches of all copies on. */
export const gather: ProcessSpec = {
  role: 'process',
  kind: 'gather',
  args: {},
  run: () => Promise.reject(new Error('millrace: a stage that passes batches on is not run')),
  forwards: true,
  reads: [],
  passes: 'items',
  onError: 'fail',
  outlets: 1
}

/** The options of the stage that reads keys: where a field is the key, there is no call to try again. */
export const spreadOptions = (options: CpuOptions<unknown>, fns: object): CpuOptions<unknown> => {
  const { onError } = options
  return typeof onError === 'object' && Object.keys(fns).length === 0 ? { ...options, onError: onError.then } : options
}

/** The spec of a stage with a state per key; `key` says whose: a function, or the name of a field. */
export const keyedSpec = (
  kind: string,
  key: unknown,
  fns: Readonly<Record<string, unknown>>,
  options: Kept,
  args: Readonly<Record<string, unknown>> = {}
): KernelSpec => {
  const { at } = options
  const by = keyedBy(key)
  const all = { ...by.fns, ...fns, ...(at === undefined ? {} : { at }) }
  const whole = cpu(kind, all, options, { parallelism: 'serial', args: { ...keptArgs(kind, options), ...by.args, ...args } })
  const spread = cpu('spread', by.fns, spreadOptions(options, by.fns), { args: by.args, passes: 'items' })
  return { ...whole, ...keptBy(options), keyed: { spread, gather } }
}

/** What a stage says to one item. Names are names of variables in the loop. */
export interface Step {
  /** An expression for the state of a key that is new, or has been forgotten. */
  readonly fresh: (g: Emitter, key: string) => string
  /** Statements that answer an item, from the state's `value`; they end in {@link Step.done}. */
  readonly each: (g: Emitter, item: string, names: {
    readonly key: string
    readonly value: string
    readonly keep: (value: string) => string
    /** Statements that call the user's function, which may fail. */
    readonly tried: (call: string) => string
  }) => string
}

/** Tells of a state that was let go, when the stage wants to know. */
const gone = (g: Emitter, entry: string, why: string): string => {
  if (!g.has('onEvict')) return ''
  const y = g.fresh('y')
  return `${g.mine} ${y} = ${g.call('onEvict', `${entry}.value`, `${entry}.key`, `'${why}'`)}; ${g.refusePromise(y)}
    if (${y} !== undefined) { ${g.emitOne(y)} ${g.pause} }`
}

const body = (kind: string, g: Emitter, item: string, { fresh, each }: Step): string => {
  const [key, entry, old, value, isNew] = [g.fresh('key'), g.fresh('entry'), g.fresh('old'), g.fresh('value'), g.fresh('isNew')]
  const [s, a, store] = [g.state, g.args, `${g.help}.store`]
  // A failure leaves what was kept: a new state is kept when its first item has been answered.
  const keep = (made: string): string =>
    `if (${isNew}) ${store}.keep(${s}, ${key}, ${made}); else { ${store}.touch(${s}, ${entry}); ${entry}.value = ${made}; }`
  // What is below this stage may fail too: only the call itself is of interest.
  const tried = (call: string): string =>
    `try { ${call} } catch (e) { if (${a}.restart && !${isNew}) ${entry}.value = ${fresh(g, key)}; throw e; }`
  return `if (${a}.ttlMs !== undefined) {
      ${store}.timeOf(${s}, ${g.has('at') ? g.call('at', item) : 'undefined'});
      while ((${old} = ${store}.expired(${s}, ${a}.ttlMs)) !== undefined) { ${gone(g, old, 'ttl')} }
      ${g.mine}
    }
    ${key} = ${keyOf(g, item)};
    ${entry} = ${s}.kept.get(${key});
    ${isNew} = ${entry} === undefined;
    if (${isNew}) {
      ${g.refusePromise(key)} ${key} = ${g.help}.newKey('${kind}', ${s}.kept.size, ${a}.evict ? undefined : ${a}.maxKeys, ${key});
      if (${a}.evict) while ((${old} = ${store}.evicted(${s}, ${a}.maxKeys)) !== undefined) { ${gone(g, old, 'full')} }
      ${g.mine} ${value} = ${fresh(g, key)};
    } else if (${a}.ttlMs !== undefined && ${store}.stale(${s}, ${entry}, ${a}.ttlMs)) {
      ${old} = { key: ${key}, value: ${entry}.value };
      ${store}.touch(${s}, ${entry}); ${entry}.value = ${value} = ${fresh(g, key)};
      do { ${gone(g, old, 'ttl')} } while (false);
      ${g.mine}
    } else ${value} = ${entry}.value;
    ${each(g, item, { key, value, keep, tried })}`
}

const ending = (g: Emitter): string => {
  if (!g.has('onEvict')) return ''
  const old = g.fresh('old')
  return `for (${old} of ${g.help}.store.takeAll(${g.state})) { ${gone(g, old, 'end')} }`
}

/** The kernel of a stage with a state per key; `expands`: it may tell of states that are let go, many at once. */
export const keyedKernel = (kind: string, step: Step, expands: boolean): Kernel => ({
  kind,
  state: () => emptyStore(),
  each: (g, item) => body(kind, g, item, step),
  end: ending,
  expands
})

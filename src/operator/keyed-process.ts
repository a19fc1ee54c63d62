/**
 * A state per key, with timers that the key sets: the stage in which time may do what no item does.
 *
 *     in  a1--a2-----------b9--|   keyedProcess({ at, process: set a timer to item + 5, onTimer: emit what came })
 *     out ---------------[a, 1, 2]--[b, 9]|                        (a's timer, at 7, goes off when the watermark has passed it)
 *     lane blocking (on the event loop with at: 'arrival')       state one per key, by one owner each; bounded by maxKeys and ttlMs
 */
import { argumentError } from '../error/pipeline-error.ts'
import type { CpuOptions, OnError, Retry } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import type { KernelSpec, ProcessSpec } from '../graph/spec.ts'
import { byClock } from './waiting/by-clock.ts'
import { byTimeKernel } from './by-time.ts'
import { callable, numberFrom, oneOf, optionsObject, policyOf, wholeNumber } from './check.ts'
import { cpu } from './cpu.ts'
import { gather, keptArgs, keptBy, type KeptOptions } from './keyed/stages.ts'
import { keyedEngine, type KeyedArgs, type KeyedState } from './keyed/engine.ts'
import type { KeyContext, KeyTimer } from './keyed/turn.ts'
import { keyedBy, type HasKey, type Key, type KeyOf } from './keyed/keys.ts'
import type { Gone } from './map-state.ts'

export interface KeyedProcessOptions<A, S, B, C, D, K extends Key, E = undefined>
  extends Omit<KeptOptions<A, E>, 'at' | 'onError'> {
  /** Whose state an item is for. */
  readonly key: (item: A, env: E) => K
  /** The state of a key that is new: an object, which the other functions change. It must survive structured clone. */
  readonly create: (key: K, env: E) => S
  /** The answer to an item; `undefined` emits nothing. May change the state, and set and clear timers of the key by `on`. */
  readonly process: (state: S, item: A, on: KeyContext<K>, env: E) => B
  /** Called when a timer of the key is due; what it answers is emitted, unless it is `undefined`. May do what `process` may. */
  readonly onTimer: (state: S, timer: KeyTimer, on: KeyContext<K>, env: E) => C
  /** Told of every state that is let go, once, but for `forget()`; what it answers is emitted, unless it is `undefined`. */
  readonly onEvict?: ((state: S, key: K, why: Gone, env: E) => D) | undefined
  /**
   * When an item happened, in milliseconds since the epoch: timers go off when the watermark has passed them. `'arrival'`: when it comes
   * here, by the clock of the runtime, and timers go off by that clock, whether or not anything comes.
   */
  readonly at: ((item: A, env: E) => number) | 'arrival'
  /** How much earlier than the latest item before it an item may be and still be in time, in milliseconds. Default 0. */
  readonly outOfOrderMs?: number | undefined
  /**
   * What becomes of an item from before the watermark: `'process'` (default) gives it to `process` like any other, whose `on` has both
   * instants; `'drop'` counts it as skipped; `'deadLetter'` sends it to the run's dead letters with `ERR_MILLRACE_LATE`.
   */
  readonly late?: 'process' | 'drop' | 'deadLetter' | undefined
  /** Timers that a key may have set at a time; one more is an error. A whole number >= 1; default 16. */
  readonly maxTimers?: number | undefined
  /** What becomes of an item that a function throws on, and of a timer that `onTimer` throws on. Default `'fail'`. */
  readonly onError?: Exclude<OnError, Retry> | undefined
}

/** The same, where a field of the items is the key. */
export interface KeyedProcessFieldOptions<A, F extends keyof A, S, B, C, D, E = undefined>
  extends Omit<KeyedProcessOptions<A, S, B, C, D, KeyOf<A, F>, E>, 'key'> {
  /** The field that says whose state an item is for. */
  readonly key: F
}

export const kernel = byTimeKernel<KeyedState>('keyedProcess', (args, fns) => keyedEngine(args as unknown as KeyedArgs, fns))

// ---- declaration ----

type Erased = Omit<KeyedProcessOptions<never, object, unknown, unknown, unknown, Key, unknown>, 'key'> & { readonly key: unknown }

const refuse = (message: string, got: string, remedy: string): never => {
  throw argumentError('type', `keyedProcess: ${message}`, got, remedy)
}

const argsOf = (options: Erased): Omit<KeyedArgs, 'field'> => {
  const { at, outOfOrderMs = 0, maxTimers = 16 } = options
  if (at === 'arrival') {
    const named = (['outOfOrderMs', 'late'] as const).find((name) => options[name] !== undefined)
    if (named !== undefined) refuse(`${named} is not for at: 'arrival'`, 'got both', 'leave it out: what arrives is in order and never late')
    if (options.lane === 'blocking') refuse("with at: 'arrival' the lane cannot be 'blocking'", 'got both', 'leave the lane out: a clock needs the event loop')
  } else callable('keyedProcess', 'at', at)
  if (typeof policyOf('keyedProcess', options.onError) === 'object') {
    refuse('onError cannot be a retry', 'a state would be changed twice', "choose 'fail', 'skip', 'deadLetter' or 'stop'")
  }
  return {
    ...(keptArgs('keyedProcess', { ...options, at: undefined }) as Pick<KeyedArgs, 'maxKeys' | 'evict' | 'ttlMs' | 'restart'>),
    outOfOrderMs: numberFrom('keyedProcess', 'outOfOrderMs', outOfOrderMs, 0),
    maxTimers: wholeNumber('keyedProcess', 'maxTimers', maxTimers, 1),
    late: oneOf('keyedProcess', 'late', options.late ?? 'process', ['process', 'drop', 'deadLetter'])
  }
}

const specOf = (options: Erased): KernelSpec | ProcessSpec => {
  optionsObject('keyedProcess', options)
  const { key, create, process, onTimer, onEvict, at } = options
  const plain = options as CpuOptions<unknown>
  const by = keyedBy(key)
  const args = { ...argsOf(options), ...by.args }
  const given = { ...by.fns, create, process, onTimer, ...(onEvict === undefined ? {} : { onEvict }) }
  const fns = at === 'arrival' ? given : { ...given, at }
  const held = keptBy(options)
  const holds = `${held.holds}, with at most ${args.maxTimers} timers each`
  const alone = cpu('keyedProcess', fns, plain, { parallelism: 'serial', args, ...held, holds })
  if (at === 'arrival') {
    const run = byClock(() => keyedEngine(args, alone.fns, true), { env: options.env, onError: alone.onError, late: args.late })
    return { role: 'process', kind: 'keyedProcess', args: { ...args, at }, run, onError: alone.onError, outlets: 1, ...held, holds }
  }
  const spread = cpu('spread.timed', { ...by.fns, at }, plain, { args: { ...by.args, operator: 'keyedProcess' } })
  return { ...alone, keyed: { spread, copy: { ...alone, args: { ...args, marked: true } }, gather } }
}

/**
 * Keeps a state per key, and lets the key set timers: `process` answers every item of the key, `onTimer` every timer of it that is due;
 * what they answer is emitted, unless it is `undefined`. Answer a list, and put `flatMap` behind, where there are several results.
 *
 * The items and timers of one key are answered in one place, in their order; those of different keys side by side, one partition of the keys
 * per worker. A key has one timer of each name: setting it again moves it. Timers go off in the order of their instants, of equals the
 * one that was set first, and by the time of the items: when the watermark, the latest instant less `outOfOrderMs`, has passed
 * them. Time goes on for all keys alike, whichever has items. With `at: 'arrival'` the clock counts, and nothing need come.
 *
 * At the end of the input every timer that is still set goes off once, in the order of their instants, whether by the items' time or by
 * the clock (a timer's `at` says when it would have been); one that is set from then on does not. Then `onEvict` is told of every state.
 *
 * **Order**   kept within a key; between keys only when the plan has one partition (`workers` 0 or 1, `lane: 'async'`, `at: 'arrival'`)
 * **Cost**    a call of `key`, `at` and `process` and a look-up per item; moving a timer to a later instant costs a look-up. With several
 *             workers one more call of `key` and `at`, and the items cross threads twice; with `at: 'arrival'` they cross to the event loop
 * **Errors**  an item that a function throws on is handled by `onError`, and so is, in the place of an item, `{ key, name, at }` of a timer
 *             that `onTimer` throws on; timers that were set by the call are not. With `restart` the state of the key begins anew, without timers.
 *             `ERR_MILLRACE_TOO_MANY_KEYS` beyond `maxKeys`, `ERR_MILLRACE_TOO_MANY_TIMERS` beyond `maxTimers`
 * **Memory**  one state per key, and its timers: in each partition at most `maxKeys`, and those used within twice `ttlMs` (a key with a
 *             timer is in use until it has gone off). A state that is evicted takes its timers with it
 * **Source**  Flink `KeyedProcessFunction`; timers by name: Apache Beam
 * @example
 * const visits = keyedProcess({
 *   key: 'user',
 *   at: (click: { user: string; at: number }) => click.at,
 *   create: () => ({ clicks: 0 }),
 *   process: (visit, click, on) => { visit.clicks++; on.setTimer(click.at + 30) },
 *   onTimer: (visit, timer, on) => { on.forget(); return `${on.key}: ${visit.clicks}, over at ${timer.at}` },
 *   maxKeys: 10_000
 * })
 * const clicks = from([{ user: 'ann', at: 1 }, { user: 'ann', at: 20 }, { user: 'bob', at: 70 }, { user: 'ann', at: 71 }])
 * await clicks.pipe(visits).toArray({ workers: 0 }) // => ['ann: 2, over at 50', 'bob: 1, over at 100', 'ann: 1, over at 101']
 */
export function keyedProcess<A, S extends object, B, C, K extends Key, D = undefined, E = undefined>(
  options: KeyedProcessOptions<A, S, B, C, D, K, E>
): Flow<A, Exclude<B | C | D, undefined | void>>
export function keyedProcess<F extends string, A extends HasKey<F>, S extends object, B, C, D = undefined, E = undefined>(
  options: KeyedProcessFieldOptions<A, F & keyof A, S, B, C, D, E>
): Flow<A, Exclude<B | C | D, undefined | void>>
export function keyedProcess<A, R>(options: unknown): Flow<A, R> {
  const erased = options as Erased
  return flowOf(specOf(erased), (erased as { readonly name?: string } | undefined)?.name)
}

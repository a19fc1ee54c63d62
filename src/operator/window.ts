/**
 * Gathers items into windows of time, per key, and emits what an aggregate makes of each.
 *
 *     in  1:02--1:40--2:10--1:55--3:20--|   window(tumbling({ sizeMs: minute }), { at, outOfOrderMs: 30 s, aggregate: count() })
 *     out -----------------------------{ start: 1:00, value: 3 }--{ start: 2:00, value: 1 }--{ start: 3:00, value: 1 }|
 *     lane blocking (on the event loop where the clock takes part)      state one per key and open window (windows/)
 *
 * The time is that of the items: see windows/watermark.ts. With `idleMs`, `early.everyMs` or `at: 'arrival'` the clock takes part,
 * so the stage waits on the event loop: see timed-window.ts.
 */
import { argumentError } from '../error/pipeline-error.ts'
import type { CpuOptions, OnError, Retry } from '../graph/options.ts'
import { Source, flowOf, type Flow } from '../graph/source.ts'
import type { KernelSpec, ProcessSpec } from '../graph/spec.ts'
import { makeStage } from '../graph/stage.ts'
import { describe } from './aggregates/ready.ts'
import { byTimeKernel } from './by-time.ts'
import { callable, flag, milliseconds, numberFrom, oneOf, optionsObject, policyOf, sources, stageOptions, wholeNumber } from './check.ts'
import type { Combiner } from './combiner.ts'
import { cpu } from './cpu.ts'
import { gather } from './keyed/stages.ts'
import type { Key } from './keyed/keys.ts'
import { timedWindow } from './timed-window.ts'
import type { EngineState, WindowResult } from './windows/engine.ts'
import type { WindowKind } from './windows/kinds.ts'
import { windowsOf, type WindowArgs } from './windows/windows.ts'

export interface WindowOptions<A, K, S, R, E = undefined> extends Omit<CpuOptions<E>, 'onError'> {
  /**
   * When an item happened: milliseconds since the epoch. `'arrival'`: when it comes here, by the clock of the runtime; windows then
   * close by the clock, whether or not more comes. Not for `counted` and `everything`, which have no time.
   */
  readonly at?: ((item: A, env: E) => number) | 'arrival' | undefined
  /** How much earlier than the latest item before it an item may be and still be in time, in milliseconds. Default 0. */
  readonly outOfOrderMs?: number | undefined
  /** The part of the input that an item comes from, where each is in order for itself: a file, a partition. Default: all is one. */
  readonly split?: ((item: A, env: E) => Key) | undefined
  /** Splits that have to have said something before any window closes. A whole number >= 1; default 1. */
  readonly expectSplits?: number | undefined
  /** Splits that may be told apart; one more is an error. A whole number >= 1; default 1024. */
  readonly maxSplits?: number | undefined
  /** After so many milliseconds without an item, by the clock, a split is left out of the watermark. Default: never. */
  readonly idleMs?: number | undefined
  /** How long after its close a window still takes items, in milliseconds of the watermark; it fires again for each. Default 0. */
  readonly latenessMs?: number | undefined
  /** Items of different keys are in different windows. Default: all are in the same. */
  readonly key?: ((item: A, env: E) => K) | undefined
  /** What is made of the items of a window. */
  readonly aggregate: Combiner<A, S, R, E>
  /** Lets a window fire before it closes: for every so many items, every so many milliseconds by the clock if it has something new. */
  readonly early?: { readonly count?: number | undefined, readonly everyMs?: number | undefined } | undefined
  /**
   * What becomes of an item whose windows have closed: `'drop'` (default) counts it as skipped in the report, `'deadLetter'` sends it
   * to the run's dead letters with `ERR_MILLRACE_LATE`. {@link windowWithLate} has them as a source of their own.
   */
  readonly late?: 'drop' | 'deadLetter' | undefined
  /**
   * `false`: windows of different keys may come out in any order, and the keys are shared among the workers, `maxWindows` each. What is in
   * them, and what is late, stays the same. Costs about a fifth more CPU time in all: for windows that keep their one thread busy while
   * others have nothing to do. Default true.
   */
  readonly ordered?: boolean | undefined
  /** States that may be held: one per key and open window, of sliding windows per key and pane. One more is an error. Default 65 536. */
  readonly maxWindows?: number | undefined
  /** What becomes of an item that a function throws on, and of a window that cannot be finished. Default `'fail'`. */
  readonly onError?: Exclude<OnError, Retry> | undefined
}

export const kernel = byTimeKernel<EngineState>('window', (args, fns) => windowsOf(args as unknown as WindowArgs, fns))

// ---- declaration ----

const refuse = (message: string, got: string, remedy: string): never => {
  throw argumentError('type', `window: ${message}`, got, remedy)
}

const KINDS: readonly unknown[] = ['sliding', 'session', 'counted']

const isTimed = ({ at, idleMs, early }: WindowOptions<never, unknown, unknown, unknown, never>): boolean =>
  at === 'arrival' || idleMs !== undefined || early?.everyMs !== undefined

/** Options that say something about the time of items, where there is none or the clock says it. */
const TIMES = ['outOfOrderMs', 'split', 'expectSplits', 'maxSplits', 'idleMs', 'latenessMs'] as const

const checkTimes = (kind: WindowKind, options: WindowOptions<never, unknown, unknown, unknown, never>): void => {
  const { at, lane, early } = options
  const given = TIMES.find((name) => options[name] !== undefined)
  if (kind.kind === 'counted') {
    const named = at === undefined ? given : 'at'
    if (named !== undefined) refuse(`${named} is not for windows that have no time`, 'got both', 'leave it out')
  } else if (at === 'arrival') {
    if (given !== undefined) refuse(`${given} is not for at: 'arrival'`, 'got both', 'leave it out: what arrives is in order and never late')
  } else callable('window', 'at', at)
  if (early !== undefined) {
    optionsObject('window: early', early)
    if (early.count === undefined && early.everyMs === undefined) refuse('early needs count or everyMs', 'got neither', 'give one of them')
  }
  if (isTimed(options) && lane === 'blocking') {
    refuse("with idleMs, early.everyMs or at: 'arrival' the lane cannot be 'blocking'", 'got both', 'leave the lane out: a clock needs the event loop')
  }
}

const argsOf = (kind: WindowKind, options: WindowOptions<never, unknown, unknown, unknown, never>): Omit<WindowArgs, 'shape'> => {
  const { outOfOrderMs = 0, expectSplits = 1, maxSplits = 1024, idleMs, latenessMs = 0, early, maxWindows = 65_536 } = options
  return {
    window: kind,
    outOfOrderMs: numberFrom('window', 'outOfOrderMs', outOfOrderMs, 0),
    expectSplits: wholeNumber('window', 'expectSplits', expectSplits, 1),
    maxSplits: wholeNumber('window', 'maxSplits', maxSplits, 1),
    idleMs: idleMs === undefined ? undefined : milliseconds('window', 'idleMs', idleMs, 1),
    latenessMs: numberFrom('window', 'latenessMs', latenessMs, 0),
    maxWindows: wholeNumber('window', 'maxWindows', maxWindows, 1),
    earlyCount: early?.count === undefined ? undefined : wholeNumber('window', 'early.count', early.count, 1),
    hasEarly: early !== undefined,
    late: oneOf('window', 'late', options.late ?? 'drop', ['drop', 'deadLetter'])
  }
}

const given = (fns: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fns).filter(([, fn]) => fn !== undefined))

const holdsOf = (kind: WindowKind, maxWindows: number): string => {
  const each = kind.kind === 'session' ? 'session' : kind.kind === 'counted' ? 'window' : kind.sizeMs === kind.everyMs ? 'open window' : 'pane of open windows'
  return `a state per key and ${each}, at most ${maxWindows}`
}

/** Options with which one place has to see all items, in their order. */
const TOGETHER = ['split', 'expectSplits'] as const

const isShared = (options: WindowOptions<never, unknown, unknown, unknown, never>): boolean => {
  if (options.ordered === undefined || flag('window', 'ordered', options.ordered)) return false
  if (options.key === undefined) refuse('ordered: false is for windows with a key', 'got no key', 'give one, or leave it out')
  const named = TOGETHER.find((name) => options[name] !== undefined)
  if (named !== undefined) refuse(`${named} is not for ordered: false`, 'got both', 'leave one of them out: each split has its own time')
  if (isTimed(options)) refuse('with idleMs, early.everyMs or at: \'arrival\' all keys are in one place', 'got ordered: false', 'leave it out')
  return true
}

/** How the windows are shared among workers, each with a share of the keys. */
const shares = (spec: KernelSpec, options: WindowOptions<never, unknown, unknown, unknown, never>): KernelSpec['keyed'] => {
  const { key, at } = options
  if (at === undefined) return { spread: cpu('spread', { key }, options, { passes: 'items' }), gather }
  const spread = cpu('spread.timed', { key, at }, options, { args: { operator: 'window' } })
  return { spread, copy: { ...spec, args: { ...spec.args, marked: true } }, gather }
}

const specOf = (
  kind: WindowKind,
  options: WindowOptions<never, unknown, unknown, unknown, never>,
  outlets: number
): KernelSpec | ProcessSpec => {
  stageOptions('window', options)
  if (typeof kind !== 'object' || (kind as unknown) === null || !KINDS.includes(kind.kind)) {
    refuse('the first argument must be a kind of window', `got ${typeof kind}`, 'pass tumbling({ … }), sliding, session, counted or everything')
  }
  checkTimes(kind, options)
  if (typeof policyOf('window', options.onError) === 'object') {
    refuse('onError cannot be a retry', 'an item would be added twice', "choose 'fail', 'skip', 'deadLetter' or 'stop'")
  }
  const { shape, fns: gathering } = describe('window: aggregate', options.aggregate)
  const args = { ...argsOf(kind, options), shape }
  const fns = given({ at: options.at === 'arrival' ? undefined : options.at, key: options.key, split: options.split, ...gathering })
  const holds = holdsOf(kind, args.maxWindows)
  const spec = cpu('window', fns, options, { parallelism: 'serial', args: { ...args }, outlets, holds })
  if (isShared(options)) return { ...spec, keyed: shares(spec, options) }
  return isTimed(options) ? timedWindow(spec, args, { byArrival: options.at === 'arrival', everyMs: everyOf(options.early?.everyMs) }) : spec
}

const everyOf = (everyMs: number | undefined): number | undefined =>
  everyMs === undefined ? undefined : milliseconds('window', 'early.everyMs', everyMs, 1)

type Erased = WindowOptions<never, unknown, unknown, unknown, never>

/**
 * Gathers items into windows of `kind`, for each `key` its own, and emits what `aggregate` makes of each: when the watermark has
 * passed the window's end, at the end of the input, and as `early` and `latenessMs` say.
 *
 * The watermark is the instant of the latest item, less `outOfOrderMs`; of several splits the one that is behind counts. It comes
 * from the items alone, in their order, so the result is the same for any number of workers and at any speed; not so with what
 * looks at the clock: `idleMs`, `early.everyMs`, `at: 'arrival'`.
 *
 * **Order**   windows fire in the order of their ends. Serial: all items pass one place, unless `ordered: false` gives up the order between
 *             keys
 * **Cost**    a look-up and one call of `add` per item. A sliding window combines its panes per key, `sizeMs` over the greatest
 *             common divisor of `sizeMs` and `everyMs` of them, or, where the aggregate has `deduct` (count, sum, mean), only what
 *             comes and goes. States of an aggregate of your own are copied where they live on after a firing
 * **Errors**  an item that a function throws on, or whose instant is no finite number, is handled by `onError`; so is a window whose
 *             `combine` or `finish` throws, in the item's place. `ERR_MILLRACE_TOO_MANY_WINDOWS` beyond `maxWindows`,
 *             `ERR_MILLRACE_TOO_MANY_KEYS` beyond `maxSplits`
 * **Memory**  a state per key and open window: those that begin within a window's length, `outOfOrderMs` and `latenessMs` before the
 *             watermark, and all after it. At most `maxWindows`
 * **Source**  Akidau and others, The Dataflow Model, VLDB 2015; Flink, Hazelcast Jet
 * @example
 * const clicks = from([{ at: 1_000, user: 'a' }, { at: 62_000, user: 'a' }, { at: 59_000, user: 'b' }])
 * const perMinute = window(tumbling({ sizeMs: 60_000 }), { at: (c: { at: number }) => c.at, outOfOrderMs: 5_000, aggregate: count() })
 * await clicks.pipe(perMinute, map((w) => [w.start, w.value])).toArray() // => [[0, 2], [60_000, 1]]
 */
export const window = <A, K extends Key = undefined, S = unknown, R = S, E = undefined>(
  kind: WindowKind,
  options: WindowOptions<A, K, S, R, E>
): Flow<A, WindowResult<K, R>> => flowOf(specOf(kind, options as unknown as Erased, 1), (options as { readonly name?: string } | undefined)?.name)

/**
 * As {@link window}, with the late items as a source of their own: they are neither dropped nor dead letters. A side that nobody uses
 * is thrown away.
 *
 * **Order**   kept on each side
 * @example
 * const late = windowWithLate(from([5, 25, 3]), tumbling({ sizeMs: 10 }), { at: (n) => n, aggregate: count() }).late
 * await late.toArray() // => [3]
 */
export const windowWithLate = <A, K extends Key = undefined, S = unknown, R = S, E = undefined>(
  source: Source<A>,
  kind: WindowKind,
  options: Omit<WindowOptions<A, K, S, R, E>, 'late'>
): { readonly windows: Source<WindowResult<K, R>>, readonly late: Source<A> } => {
  sources('windowWithLate', [source], 1, 1)
  const stage = makeStage(specOf(kind, options as unknown as Erased, 2), [source.port], options.name)
  return { windows: new Source({ stage, outlet: 0 }), late: new Source({ stage, outlet: 1 }) }
}

/**
 * The options that each operator has, by its name: what {@link stageOptions} refuses others by.
 *
 * In one place, and not beside each operator, so that an operator's file holds only its idea. Each row is checked against the type of
 * the operator's options, in both directions (known-options.ts).
 */
import type { Names, OptionNames } from '../error/known-options.ts'
import type { CpuOptions, FunctionOptions, StageOptions } from '../graph/options.ts'
import type { AdaptiveOptions } from './adaptive.ts'
import type { CollectOptions } from './aggregates/collect.ts'
import type { DistinctCountOptions } from './aggregates/distinct-count.ts'
import type { QuantileOptions } from './aggregates/quantiles.ts'
import type { SpreadOptions } from './aggregates/moments.ts'
import type { BalanceOptions } from './balance.ts'
import type { BatchOptions } from './batch.ts'
import type { BufferOptions } from './buffer.ts'
import type { CircuitBreakerOptions } from './circuit-breaker.ts'
import type { ConflateOptions } from './conflate.ts'
import type { KeyedOptions } from './count-by.ts'
import type { PlainOptions } from './cpu.ts'
import type { DebounceOptions } from './debounce.ts'
import type { DedupeOptions } from './dedupe.ts'
import type { DelayOptions } from './delay.ts'
import type { DistinctOptions } from './distinct.ts'
import type { EnrichOptions } from './enrich.ts'
import type { FeedbackOptions } from './feedback.ts'
import type { IdleTimeoutOptions } from './idle-timeout.ts'
import type { InterleaveOptions } from './interleave.ts'
import type { IntersperseOptions } from './intersperse.ts'
import type { JoinAsOfOptions } from './join-as-of.ts'
import type { JoinTableOptions } from './join-table.ts'
import type { JoinWithinOptions } from './join-within.ts'
import type { KeptOptions } from './keyed/stages.ts'
import type { KeyedProcessOptions } from './keyed-process.ts'
import type { MapAsyncOptions } from './map-async.ts'
import type { MapStateOptions } from './map-state.ts'
import type { MergeMapOptions } from './merge-map.ts'
import type { MergeOptions } from './merge.ts'
import type { RecurseOptions } from './recurse.ts'
import type { ReduceOptions } from './reduce.ts'
import type { WaitingOptions } from './refusals.ts'
import type { RetryOptions } from './retry.ts'
import type { RxOptions } from './rx.ts'
import type { SampleOptions } from './sample.ts'
import type { ScanOptions } from './scan.ts'
import type { SlidingCountOptions } from './sliding-count.ts'
import type { SortOptions } from './sort.ts'
import type { SplitLinesOptions } from './split-lines.ts'
import type { TakeBytesOptions } from './take-bytes.ts'
import type { TakeWhileOptions } from './take-while.ts'
import type { ThrottleOptions } from './throttle.ts'
import type { WindowOptions } from './window.ts'

type Placed = Pick<CpuOptions, 'name' | 'lane'>

const STAGE: OptionNames<StageOptions> = { name: 1 }
const CALLS: OptionNames<FunctionOptions> = { ...STAGE, onError: 1 }
const PLACED: OptionNames<Placed> = { ...STAGE, lane: 1 }
const PLAIN: OptionNames<PlainOptions> = { ...PLACED, onError: 1 }
const CPU: OptionNames<CpuOptions> = { ...PLAIN, env: 1 }
const WAITING: OptionNames<WaitingOptions> = CALLS
const ORDER = { by: 1, compare: 1, order: 1 } as const
const JOIN = { ...WAITING, keys: 1 } as const
const HOLD = { capacity: 1, overflow: 1 } as const

/** Takes the row of `O` for what the table holds. */
const names = <O>(all: OptionNames<O>): Names => all

/** Stands for the types of items, which have nothing to do with the names. */
type Any = never

const KEYED: Names = names<KeyedOptions>({ ...CPU, maxKeys: 1 })
const KEPT: OptionNames<KeptOptions<Any>> = { ...CPU, maxKeys: 1, whenFull: 1, ttlMs: 1, at: 1, restart: 1 }
const SPREAD: Names = names<SpreadOptions>({ of: 1 })

const TABLE: Readonly<Record<string, Names>> = {
  map: CPU, filter: CPU, flatMap: CPU, tap: CPU, mapEither: CPU, partition: CPU, route: CPU, changes: CPU, dropWhile: CPU, aggregate: CPU,
  decode: PLAIN, parseJson: PLAIN, toJson: PLAIN, pick: PLAIN, replay: PLAIN,
  take: PLACED, drop: PLACED, pairwise: PLACED, zipWithIndex: PLACED, endWith: PLACED,
  zip: STAGE, zipLatest: STAGE, combineLatest: STAGE, concat: STAGE, race: STAGE, takeUntil: STAGE, startWith: STAGE,
  expand: WAITING, switchMap: WAITING, encode: names<Omit<PlainOptions, 'lane'>>(CALLS),
  countBy: KEYED, aggregateBy: KEYED, scanBy: KEPT,
  mapState: names<MapStateOptions<Any, Any, Any, Any>>({ ...KEPT, key: 1, create: 1, map: 1, onEvict: 1 }),
  keyedProcess: names<KeyedProcessOptions<Any, Any, Any, Any, Any, Any>>({
    ...KEPT, key: 1, create: 1, process: 1, onTimer: 1, onEvict: 1, outOfOrderMs: 1, late: 1, maxTimers: 1
  }),
  feedback: names<FeedbackOptions>({ ...STAGE, capacity: 1, onError: 1 }),
  scan: names<ScanOptions>({ ...CPU, restart: 1 }),
  reduce: names<ReduceOptions<Any>>({ ...CPU, combine: 1 }),
  mapAsync: names<MapAsyncOptions>({ ...CALLS, concurrency: 1, ordered: 1, timeoutMs: 1, fallback: 1 }),
  mergeMap: names<MergeMapOptions>({ ...WAITING, concurrency: 1, ordered: 1, prefetch: 1 }),
  recurse: names<RecurseOptions>({ ...CALLS, maxWaiting: 1, concurrency: 1, timeoutMs: 1 }),
  rx: names<RxOptions>({ ...STAGE, ...HOLD }),
  takeWhile: names<TakeWhileOptions>({ ...CPU, inclusive: 1 }),
  takeBytes: names<TakeBytesOptions<Any>>({ ...CPU, weigh: 1, whenOver: 1 }),
  distinct: names<DistinctOptions>({ ...CPU, maxKeys: 1, whenFull: 1 }),
  dedupe: names<DedupeOptions<Any>>({ ...CPU, maxKeys: 1, key: 1, withinMs: 1 }),
  intersperse: names<IntersperseOptions<Any>>({ ...PLACED, start: 1, end: 1 }),
  balance: names<BalanceOptions>({ ...STAGE, piece: 1 }),
  merge: names<MergeOptions<Any>>({ ...STAGE, ...ORDER, prefer: 1 }),
  interleave: names<InterleaveOptions>({ ...STAGE, segment: 1 }),
  batch: names<BatchOptions<Any>>({ ...CPU, count: 1, maxWeight: 1, weigh: 1, maxMs: 1 }),
  slidingCount: names<SlidingCountOptions>({ ...PLACED, size: 1, every: 1, partial: 1 }),
  splitLines: names<SplitLinesOptions>({ ...PLACED, maxLineBytes: 1 }),
  sort: names<SortOptions<Any>>({ ...WAITING, ...ORDER, maxItems: 1 }),
  window: names<WindowOptions<Any, Any, Any, Any>>({
    ...CPU, at: 1, key: 1, aggregate: 1, outOfOrderMs: 1, latenessMs: 1, late: 1, early: 1, maxWindows: 1, split: 1, expectSplits: 1, maxSplits: 1, idleMs: 1, ordered: 1
  }),
  joinTable: names<JoinTableOptions<Any, Any, Any>>({ ...JOIN, type: 1, maxRows: 1 }),
  joinAsOf: names<JoinAsOfOptions<Any, Any, Any>>({ ...JOIN, at: 1, withinMs: 1, type: 1, maxKeys: 1 }),
  joinWithin: names<JoinWithinOptions<Any, Any, Any>>({ ...JOIN, at: 1, withinMs: 1, outOfOrderMs: 1, type: 1, late: 1, maxItems: 1 }),
  enrich: names<EnrichOptions<Any, Any, Any>>({
    ...CALLS, key: 1, lookup: 1, type: 1, batch: 1, concurrency: 1, maxKeys: 1, ttlMs: 1, maxWaiting: 1, timeoutMs: 1, fallback: 1
  }),
  throttle: names<ThrottleOptions<Any>>({ ...WAITING, units: 1, perMs: 1, burst: 1, cost: 1, mode: 1 }),
  debounce: names<DebounceOptions>({ ...STAGE, ms: 1, maxMs: 1 }),
  sample: names<SampleOptions>({ ...STAGE, ms: 1 }),
  delay: names<DelayOptions>({ ...STAGE, ms: 1, capacity: 1 }),
  idleTimeout: names<IdleTimeoutOptions>({ ...STAGE, ms: 1, whenIdle: 1 }),
  buffer: names<BufferOptions>({ ...STAGE, ...HOLD }),
  conflate: names<ConflateOptions>({ ...WAITING, maxCount: 1 }),
  // what is given to operators
  retry: names<RetryOptions>({ times: 1, initialMs: 1, factor: 1, maxMs: 1, jitter: 1, then: 1, decide: 1 }),
  circuitBreaker: names<CircuitBreakerOptions>({ failures: 1, resetMs: 1, halfOpen: 1, whenOpen: 1, counts: 1 }),
  adaptive: names<AdaptiveOptions>({ max: 1, min: 1, initial: 1, tolerance: 1, backoff: 1, overloaded: 1 }),
  variance: SPREAD, stddev: SPREAD,
  quantiles: names<QuantileOptions>({ relativeError: 1, maxBins: 1 }),
  distinctCount: names<DistinctCountOptions>({ precision: 1 }),
  collect: names<CollectOptions>({ max: 1, whenFull: 1 }),
  tumbling: { sizeMs: 1, offsetMs: 1 }, sliding: { sizeMs: 1, everyMs: 1, offsetMs: 1 }, session: { gapMs: 1 }, counted: { count: 1 },
  'window: early': { count: 1, everyMs: 1 }
}

/** The names of an operator's options, where it is one with a row. */
export const optionNames = (operator: string): Names | undefined => (Object.hasOwn(TABLE, operator) ? TABLE[operator] : undefined)

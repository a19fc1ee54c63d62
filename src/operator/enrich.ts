/**
 * Puts beside every item what a service knows about its key: asked once per key and remembered, many keys at a time.
 *
 *     in  a--b--a--c--|    lookup([a, b])  lookup([c])    out  [a,A]--[b,B]--[a,A]--[c,C]--|
 *     lane async           state the items that wait, and the answers that are remembered
 *
 *   item ──▶ key known? ──▶ yes: its answer
 *                └─ no: asked for already? join who waits · else it waits to be asked for
 *   keys that wait are asked for together, as soon as a lookup is free and no more items are at hand, or `batch` of them wait
 *
 * So batches grow by themselves while lookups are slow, and a lonely item does not wait for company. No timer is needed.
 */
import { stageFailed } from '../error/wording-run.ts'
import type { FunctionOptions, OnError } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import type { ProcessContext } from '../graph/spec.ts'
import { gaugesOf } from '../prelude/gauges.ts'
import { concurrencyOf, type Adaptive } from './adaptive.ts'
import { bellOf } from './waiting/bell.ts'
import { Calls, DONE, DROPPED, FAILED, OPEN, STOPPED, placeOf, stateOf, type CallContext, type Place } from './waiting/calls.ts'
import { callable, milliseconds, oneOf, policyOf, stageOptions, wholeNumber } from './check.ts'
import { ConcurrencyLimit } from './waiting/concurrency-limit.ts'
import { Feed } from './waiting/feed.ts'
import { emptyStore, evicted, expired, keep, stale, timeOf, touch } from './keyed/store.ts'
import { newKey, type Key } from './keyed/keys.ts'
import { processSpec } from './process.ts'

/** What a lookup answers: a map from key to value, or values in the order of the keys. What is missing or `undefined` is not known. */
export type Found<K, V> = ReadonlyMap<K, V | undefined> | readonly (V | undefined)[]

export interface EnrichOptions<A, K extends Key, V> extends FunctionOptions {
  /** What is looked up for an item. */
  readonly key: (item: A) => K
  /** Answers several keys at once, each of them once. Pass the signal on to what it waits for. */
  readonly lookup: (keys: readonly K[], context: CallContext) => Found<K, V> | PromiseLike<Found<K, V>>
  /** `'left'` (default): an item of whose key nothing is known is emitted with `undefined`; `'inner'`: it is dropped. */
  readonly type?: 'inner' | 'left' | undefined
  /** Keys in one lookup at most. A whole number >= 1. Default 100. */
  readonly batch?: number | undefined
  /** Lookups in flight at most. A whole number >= 1, or `adaptive({ max })`. Default 4. */
  readonly concurrency?: number | Adaptive | undefined
  /** Answers that are remembered. A whole number >= 1. Default 10 000. */
  readonly maxKeys?: number | undefined
  /** How long an answer is good, in milliseconds > 0. Default: as long as the run. */
  readonly ttlMs?: number | undefined
  /** Items that wait for their answers at most. A whole number >= 1. Default 4096. */
  readonly maxWaiting?: number | undefined
  /** The longest that one lookup may take, in milliseconds; then it has failed, with `ERR_MILLRACE_TIMEOUT`. Default: no limit. */
  readonly timeoutMs?: number | undefined
  /**
   * Answers for a lookup whose items would fail the run: after the retries, and with `onError: 'fail'`. What it answers is remembered as
   * the lookup's would be; what it throws or rejects with, and a call of it that takes longer than `timeoutMs`, fails the run.
   */
  readonly fallback?: ((keys: readonly K[], error: unknown, context: CallContext) => Found<K, V> | PromiseLike<Found<K, V>>) | undefined
}

interface Plan {
  readonly key: (item: unknown) => unknown
  readonly lookup: (keys: readonly Key[], context: CallContext) => unknown
  readonly type: 'inner' | 'left'
  readonly batch: number
  readonly concurrency: number
  readonly adaptive: Adaptive | undefined
  readonly fallback: ((keys: readonly Key[], error: unknown, context: CallContext) => unknown) | undefined
  readonly maxKeys: number
  readonly ttlMs: number | undefined
  readonly maxWaiting: number
  readonly timeoutMs: number | undefined
  readonly onError: OnError
}

/** What is known of a key, or will be; `failed` is the lookup that has failed. */
interface Answer {
  ready: boolean
  value: unknown
  failed: Place | undefined
}

/** An item in line. */
interface Waiting {
  readonly item: unknown
  readonly index: number
  readonly answer: Answer
}

const GATHERED = 512
/** Items looked at before the answers that have come are looked at again. */
const TAKEN = 256

const values = (found: unknown, keys: readonly Key[]): readonly unknown[] => {
  if (found instanceof Map) return keys.map((key) => found.get(key) as unknown)
  if (Array.isArray(found) && found.length === keys.length) return found
  const got = Array.isArray(found) ? `${found.length} values for ${keys.length} keys` : typeof found
  throw new TypeError(`enrich: lookup must answer a Map, or one value for each key; got ${got}`)
}

const run =
  (plan: Plan) =>
  async (context: ProcessContext): Promise<void> => {
    const { signal, inlets, outlets } = context
    const bell = bellOf(signal)
    const feed = new Feed(inlets[0]!, bell)
    const cache = emptyStore()
    /** Keys that wait to be asked for, or have been asked for: who else wants one joins. */
    const pending = new Map<Key, Answer>()
    const wanted: Key[] = []
    let line: Waiting[] = []
    let head = 0
    let inFlight = 0
    let out: unknown[] = []

    const answered = (keys: readonly Key[], found: unknown): void => {
      const all = values(found, keys)
      if (plan.ttlMs !== undefined) timeOf(cache)
      keys.forEach((key, i) => {
        const answer = pending.get(key)
        if (answer === undefined) return // asked for twice, after a time-out, and answered already
        pending.delete(key)
        answer.value = all[i]
        answer.ready = true
        const known = cache.kept.get(key)
        if (known !== undefined) {
          known.value = answer
          touch(cache, known)
          return
        }
        evicted(cache, plan.maxKeys)
        keep(cache, key, answer)
      })
    }

    const settled = (place: Place): void => {
      inFlight--
      const keys = place.item as readonly Key[]
      if (place.state !== DONE) {
        for (const key of keys) {
          const answer = pending.get(key)
          if (answer === undefined) continue
          pending.delete(key)
          answer.failed = place
          answer.ready = true
        }
      }
      bell.ring()
    }

    const limit = plan.adaptive === undefined ? undefined : new ConcurrencyLimit(plan.adaptive)
    const own = gaugesOf(plan.lookup)
    let fellBack = 0
    context.gauges?.(() => ({
      ...own?.(),
      ...(limit && { concurrency: limit.now, inFlight: limit.inFlight, latencyMs: limit.latencyMs }),
      ...(plan.fallback && { fallbacks: fellBack })
    }))

    const heard = (keys: readonly Key[], found: unknown): unknown => {
      if (found instanceof Map || Array.isArray(found)) { answered(keys, found); return; }
      return Promise.resolve(found).then((all) => { answered(keys, all) })
    }

    const calls = new Calls(signal, {
      stage: context.stage,
      fn: (keys, call) => heard(keys as readonly Key[], plan.lookup(keys as readonly Key[], call)),
      fallback: plan.fallback && ((keys, error, call) => {
        fellBack++
        return heard(keys as readonly Key[], plan.fallback!(keys as readonly Key[], error, call))
      }),
      limit,
      timeoutMs: plan.timeoutMs,
      onError: plan.onError,
      settled
    })

    /** Asks for what waits, when a lookup is free. Answers whether it did. */
    const askSome = (eager: boolean): boolean => {
      if (wanted.length === 0 || inFlight >= plan.concurrency || limit?.free === false || (!eager && wanted.length < plan.batch)) return false
      const keys = wanted.splice(0, plan.batch)
      inFlight++
      const place = calls.start(keys, feed.taken - 1)
      if (place === undefined) inFlight-- // it has answered at once
      else if (place.state !== OPEN) settled(place)
      return true
    }

    const known = (key: Key): Answer | undefined => {
      if (plan.ttlMs !== undefined) {
        timeOf(cache)
        while (expired(cache, plan.ttlMs) !== undefined) { /* let go */ }
      }
      const entry = cache.kept.get(key)
      if (entry === undefined || (plan.ttlMs !== undefined && stale(cache, entry, plan.ttlMs))) return undefined
      entry.used = true // not touched: an answer is good for ttlMs, however often it is used
      return entry.value as Answer
    }

    const want = (given: unknown): Answer => {
      const found = known(given as Key) ?? pending.get(given as Key)
      if (found !== undefined) return found
      const key = newKey('enrich', 0, undefined, given)
      const answer: Answer = { ready: false, value: undefined, failed: undefined }
      pending.set(key, answer)
      wanted.push(key)
      return answer
    }

    const take = (): void => {
      const index = feed.taken
      const item = feed.next()
      let answer: Answer
      try {
        answer = want(plan.key(item))
      } catch (error) {
        const policy = typeof plan.onError === 'object' ? plan.onError.then : plan.onError
        answer = { ready: true, value: undefined, failed: placeOf(item, index, stateOf(policy), error) }
      }
      line.push({ item, index, answer })
    }

    /** Lets the front of the line go, as far as it has been answered. */
    const leave = async (): Promise<void> => {
      while (head < line.length && line[head]!.answer.ready && out.length < GATHERED) {
        const { item, index, answer } = line[head++]!
        const { failed, value } = answer
        if (failed === undefined) {
          if (value !== undefined || plan.type === 'left') out.push([item, value])
        } else if (failed.state === FAILED) throw stageFailed(context.stage, context.site, { index }, failed.value)
        else if (failed.state === DROPPED) context.skipped(1)
        else if (failed.state === STOPPED) {
          context.stop(item, failed.value, index, failed.tries + 1)
          line = []
          head = 0
          return
        }
        else await context.deadLetter(item, failed.value, index, failed.tries + 1)
      }
      if (head >= 1024 || head === line.length) {
        line = line.slice(head)
        head = 0
      }
    }

    const takeSome = (): boolean => {
      let taken = 0
      while (taken < TAKEN && line.length - head < plan.maxWaiting && feed.want()) {
        take()
        taken++
        askSome(false)
      }
      return taken > 0
    }

    try {
      for (;;) {
        signal.throwIfAborted()
        await leave()
        if (out.length >= GATHERED) {
          const items = out
          out = []
          if (!(await outlets[0]!.push(items))) return
        } else if (!takeSome() && !askSome(true)) {
          if (out.length > 0) {
            const items = out
            out = []
            if (!(await outlets[0]!.push(items))) return
          } else if (feed.over && head === line.length) return
          else if (!(line[head]?.answer.ready ?? false)) {
            context.underWay?.(head < line.length)
            await bell.next()
          }
        }
      }
    } finally {
      await calls.close()
      bell.close()
    }
  }

/**
 * Pairs of an item and what `lookup` knows of its key, or `undefined`.
 *
 * A key is asked for once while its answer is good: items that come meanwhile wait for the same answer, later ones have it at once.
 * Keys that wait are asked for together, at most `batch` of them; a lone item is asked for without delay.
 *
 * **Order**   kept
 * **Cost**    on the event loop: a call of `key`, a look-up and a pair per item; a call of `lookup` for up to `batch` new keys
 * **Errors**  a lookup that fails, or takes longer than `timeoutMs`, is handled by `onError` for each item that waits for it, and its keys
 *             are asked for anew by later items; an item that `key` throws on likewise, without a retry. With `fallback` a lookup that
 *             would fail the run is answered for by it. A `circuitBreaker` goes around `lookup`; its state is among the stage's gauges
 * **Memory**  `maxKeys` answers and `maxWaiting` items
 * **Source**  dataloader's batches; Hazelcast Jet `mapUsingServiceAsyncBatched`; Redpanda Connect `branch` with `cache`
 * @example
 * const owners = enrich({
 *   key: (hit: { host: string }) => hit.host,
 *   lookup: async (hosts: readonly string[]) => hosts.map((host) => `${host}'s owner`),
 *   ttlMs: 60_000
 * })
 * await from([{ host: 'a' }]).pipe(owners).toArray() // => [[{ host: 'a' }, "a's owner"]]
 */
export function enrich<A, K extends Key, V>(options: EnrichOptions<A, K, V> & { readonly type: 'inner' }): Flow<A, readonly [A, V]>
export function enrich<A, K extends Key, V>(options: EnrichOptions<A, K, V>): Flow<A, readonly [A, V | undefined]>
export function enrich<A, K extends Key, V>(options: EnrichOptions<A, K, V>): Flow<A, never> {
  stageOptions('enrich', options)
  const { key, lookup } = options
  callable('enrich', 'key', key)
  callable('enrich', 'lookup', lookup)
  const whole = (name: 'batch' | 'maxKeys' | 'maxWaiting', usual: number): number => wholeNumber('enrich', name, options[name] ?? usual, 1)
  const limit = (name: 'ttlMs' | 'timeoutMs'): number | undefined => (options[name] === undefined ? undefined : milliseconds('enrich', name, options[name], 1))
  const { most, adaptive, told } = concurrencyOf('enrich', options.concurrency, 4)
  if (options.fallback !== undefined) callable('enrich', 'fallback', options.fallback)
  const plan: Plan = {
    key: key as Plan['key'],
    lookup: lookup as Plan['lookup'],
    type: oneOf('enrich', 'type', options.type ?? 'left', ['inner', 'left']),
    batch: whole('batch', 100),
    concurrency: most,
    adaptive,
    fallback: options.fallback as Plan['fallback'],
    maxKeys: whole('maxKeys', 10_000),
    maxWaiting: whole('maxWaiting', 4096),
    ttlMs: limit('ttlMs'),
    timeoutMs: limit('timeoutMs'),
    onError: policyOf('enrich', options.onError)
  }
  const { type, batch, maxKeys, ttlMs } = plan
  const spec = processSpec('enrich', run(plan), options, { type, batch, concurrency: told, maxKeys, ...(ttlMs === undefined ? {} : { ttlMs }) })
  return flowOf({ ...spec, holds: `answers, at most ${maxKeys}` }, options.name)
}

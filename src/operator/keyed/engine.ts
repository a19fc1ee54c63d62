/**
 * What `keyedProcess` does: a state and timers per key, by the time of the items or by the clock.
 *
 *     item ── key ──▶ its state ──▶ process ──▶ a result, timers set and cleared ──▶ the watermark rises ──▶ timers that are due:
 *                                                                                     onTimer, in the order of their instants
 *
 * An item is answered at the watermark that was before it, then it raises the watermark, then timers go off. A state that is let go takes
 * its timers with it; one with a timer that is set is in use until it has gone off, however long that is.
 * The engine holds no data but the object that is lent to the user's functions: see keyed/turn.ts. Results come as iterables, one at a
 * time; between two of them the state is whole. Called by keyed-process.ts. Loaded by workers.
 */
import { checkInstant } from '../instant.ts'
import type { Fns } from '../loop/kernel.ts'
import * as stores from './store.ts'
import type { Kept, Store } from './store.ts'
import { Turn } from './turn.ts'
import { newKey, refuseKey, type Key } from './keys.ts'
import { settled } from '../loop/promised.ts'
import * as timers from './timers.ts'
import type { OfKey, Timers } from './timers.ts'
import { LATE, Unfinished, type ByTime } from '../windows/engine.ts'

/** The arguments of the stage; plain data. */
export interface KeyedArgs {
  /** The field that is the key, where no function answers it. */
  readonly field?: string | undefined
  readonly outOfOrderMs: number
  readonly maxKeys: number | undefined
  readonly evict: boolean
  readonly ttlMs: number | undefined
  readonly restart: boolean
  readonly maxTimers: number
  readonly late: 'process' | 'drop' | 'deadLetter'
}

export interface KeyedState {
  readonly store: Store
  readonly timers: Timers
  watermark: number
}

/** What is kept of a key. */
interface Slot {
  state: unknown
  of: OfKey | undefined
}

type Fn = (...args: unknown[]) => unknown

const slotOf = (entry: Kept): Slot => entry.value as Slot

const NONE: readonly unknown[] = []

const joined = function* (first: Iterable<unknown>, rest: Iterable<unknown>): Generator {
  yield* first
  yield* rest
}

export const keyedEngine = (args: KeyedArgs, fns: Fns, byArrival = false): ByTime<KeyedState> => {
  const { outOfOrderMs, maxKeys, evict, ttlMs, restart, maxTimers } = args
  const { at: atOf, create, process, onTimer, onEvict } = fns as Readonly<Record<string, Fn>>
  const keyOf = (fns['key'] ?? ((item: Readonly<Record<string, unknown>>) => item[args.field!])) as Fn
  const turn = new Turn(maxTimers)

  /** Does what the call that has returned has asked for. */
  const settle = (s: KeyedState, entry: Kept): void => {
    const slot = slotOf(entry)
    for (let i = 0; i < turn.names.length; i++) {
      const [name, at] = [turn.names[i]!, turn.instants[i]]
      if (at !== undefined) timers.setTimer(s.timers, (slot.of ??= new Map<string, timers.Timer>()), entry.key, name, at)
      else if (slot.of !== undefined) timers.clearTimer(s.timers, slot.of, name)
    }
    if (turn.forgotten) {
      if (slot.of !== undefined) timers.clearAll(s.timers, slot.of)
      stores.forget(s.store, entry)
    } else pin(s, entry)
  }

  /** A key with timers does not get old. */
  const pin = (s: KeyedState, entry: Kept): void => {
    stores.touch(s.store, entry)
    if ((slotOf(entry).of?.size ?? 0) > 0) entry.at = Infinity
  }

  /** One call of `process` or `onTimer`. */
  const call = (key: Key, at: number, watermark: number, slot: Slot, fn: Fn, what: unknown, env: unknown): unknown => {
    turn.begin(key, at, watermark, slot.of, fn === onTimer)
    try {
      return settled(fn(slot.state, what, turn, env))
    } finally {
      turn.close()
    }
  }

  /** A state whose function has thrown. */
  const mend = (s: KeyedState, entry: Kept, env: unknown): void => {
    if (!restart) return
    const slot = slotOf(entry)
    if (slot.of !== undefined) timers.clearAll(s.timers, slot.of)
    try {
      slot.state = create!(entry.key, env)
      pin(s, entry)
    } catch {
      stores.forget(s.store, entry)
    }
  }

  /** Answers an item of a key that is kept, or is new. */
  const answer = (s: KeyedState, key: Key, at: number, item: unknown, env: unknown): unknown => {
    const entry = s.store.kept.get(key)
    if (entry === undefined) {
      const own = newKey('keyedProcess', s.store.kept.size, evict ? undefined : maxKeys, key)
      const slot: Slot = { state: create!(own, env), of: undefined }
      const y = call(own, at, s.watermark, slot, process!, item, env)
      stores.keep(s.store, own, slot)
      settle(s, s.store.kept.get(own)!)
      return y
    }
    try {
      const y = call(entry.key, at, s.watermark, slotOf(entry), process!, item, env)
      settle(s, entry)
      return y
    } catch (error) {
      mend(s, entry, env)
      throw error
    }
  }

  /** Tells of a state that was let go. */
  const gone = function* (s: KeyedState, entry: Kept, why: string, env: unknown): Generator {
    const { state, of } = slotOf(entry)
    if (of !== undefined) timers.clearAll(s.timers, of)
    if (onEvict === undefined) return
    try {
      const y = settled(onEvict(state, entry.key, why, env))
      if (y !== undefined) yield y
    } catch (error) {
      yield new Unfinished({ key: entry.key, why }, error)
    }
  }

  const mustLetGo = ({ store }: KeyedState, key: Key): boolean =>
    (ttlMs !== undefined && stores.isAnyOld(store, ttlMs)) || (evict && store.kept.size >= maxKeys! && !store.kept.has(key))

  /** An item before which states are let go: those that are too old, and one for which there is no room. */
  const makeRoom = function* (s: KeyedState, key: Key, at: number, item: unknown, env: unknown): Generator {
    let old: Kept | undefined
    if (ttlMs !== undefined) while ((old = stores.expired(s.store, ttlMs)) !== undefined) yield* gone(s, old, 'ttl', env)
    const known = s.store.kept.get(key)
    if (known !== undefined && ttlMs !== undefined && stores.stale(s.store, known, ttlMs)) {
      const last = { ...known }
      stores.forget(s.store, known)
      yield* gone(s, last, 'ttl', env)
    }
    if (evict && !s.store.kept.has(key)) while ((old = stores.evicted(s.store, maxKeys!)) !== undefined) yield* gone(s, old, 'full', env)
    try {
      const y = answer(s, key, at, item, env)
      if (y !== undefined) yield y
    } catch (error) {
      yield new Unfinished(item, error)
      return
    }
    yield* reached(s, at, env) ?? NONE
  }

  const isStale = ({ store }: KeyedState, key: Key): boolean => {
    const known = store.kept.get(key)
    return known !== undefined && ttlMs !== undefined && stores.stale(store, known, ttlMs)
  }

  /** Timers that are due by `until`, in the order of their instants; those that are set meanwhile among them. */
  const goOff = function* (s: KeyedState, until: number, env: unknown): Generator {
    let timer: timers.Timer | undefined
    while ((timer = timers.takeDue(s.timers, until)) !== undefined) {
      const { key, name, at } = timer
      const entry = s.store.kept.get(key)!
      const slot = slotOf(entry)
      slot.of!.delete(name)
      let y: unknown
      try {
        y = call(key, at, until, slot, onTimer!, { name, at }, env)
        settle(s, entry)
      } catch (error) {
        y = new Unfinished({ key, name, at }, error)
        pin(s, entry)
        mend(s, entry, env)
      }
      if (y !== undefined) yield y
    }
  }

  const due = (s: KeyedState, env: unknown): Iterable<unknown> | undefined =>
    timers.nextDue(s.timers) <= s.watermark ? goOff(s, s.watermark, env) : undefined

  const reached = (s: KeyedState, at: number, env: unknown): Iterable<unknown> | undefined => {
    if (ttlMs !== undefined) stores.timeOf(s.store, at)
    const mark = byArrival ? at : at - outOfOrderMs
    if (mark > s.watermark) s.watermark = mark
    return due(s, env)
  }

  const letAllGo = function* (s: KeyedState, env: unknown): Generator {
    yield* goOff(s, Infinity, env)
    for (const entry of stores.takeAll(s.store)) yield* gone(s, entry, 'end', env)
  }

  return {
    create: () => ({ store: stores.emptyStore(), timers: timers.noTimers(), watermark: -Infinity }),
    put: (s, item, env, now = 0) => {
      const at = byArrival ? now : checkInstant('keyedProcess', atOf!(item, env))
      const key = settled(keyOf(item, env)) as Key
      if (!byArrival && at < s.watermark && args.late !== 'process') return LATE
      if (ttlMs !== undefined) stores.timeOf(s.store, at)
      if (mustLetGo(s, key) || isStale(s, key)) return makeRoom(s, refuseKey('keyedProcess', key), at, item, env)
      const y = answer(s, key, at, item, env)
      const rest = reached(s, at, env)
      if (y === undefined) return rest
      return rest === undefined ? [y] : joined([y], rest)
    },
    reach: reached,
    end: (s, env) => {
      s.watermark = Infinity
      turn.ended = true
      return letAllGo(s, env)
    },
    lateness: ({ watermark }, item, env) => {
      const message = `keyedProcess: an item of ${String(atOf?.(item, env))} came when the watermark was ${watermark}`
      return Object.assign(new Error(`${message}; raise outOfOrderMs, or say late: 'process'`), { code: 'ERR_MILLRACE_LATE' })
    },
    tick: (s, now, env) => (byArrival ? reached(s, now, env) : due(s, env)),
    nextTick: (s) => timers.nextDue(s.timers),
    isNews: () => false,
    early: () => NONE
  }
}

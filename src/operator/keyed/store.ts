/**
 * What a stage keeps by key, bounded by age and by number: states, and in which order to look at them.
 *
 *     kept   key → { value, at: when it was used last, looked: when it was looked at last, used: since then }
 *     ring   every one that is kept once, in the order in which they are looked at; its front is the next
 *
 * Room is made by letting go of the key at the front, unless it was used since it was looked at: then it goes to the back and the next
 * is looked at (CLOCK, F. Corbató, 1968, which comes near to letting go of what was used longest ago). A key that has not been used for
 * `ttlMs` is not found any more, at once, and is let go at the latest `ttlMs` later. So every operation takes constant time on average,
 * and what is kept is plain data that survives structured clone and is never deep.
 * Time never goes back here: an item that is late counts as of the latest time that was seen.
 *
 * Functions over plain objects, for the loops that keyed/stages.ts writes. Loaded by workers.
 */
import { clock, realClock } from '../../prelude/clock.ts'
import type { Key } from './keys.ts'

export interface Kept {
  readonly key: Key
  value: unknown
  at: number
  looked: number
  used: boolean
  /** It was taken out, and is still in the ring. */
  gone: boolean
}

export interface Store {
  kept: Map<Key, Kept>
  ring: Kept[]
  front: number
  /** In the ring and gone. */
  holes: number
  now: number
}

export const emptyStore = (): Store => ({ kept: new Map(), ring: [], front: 0, holes: 0, now: -Infinity })

/** Milliseconds that threads agree on: a state may move to another one. In a runtime with virtual time, its time. */
const wallClock = (): number => {
  const time = clock()
  return time === realClock ? Date.now() : time.now()
}

/** The time of an item, or of now; never less than before. */
export const timeOf = (store: Store, at?: unknown): number => {
  if (at !== undefined && (typeof at !== 'number' || Number.isNaN(at))) {
    throw new TypeError(`at must answer a time in milliseconds, not ${typeof at === 'number' ? 'NaN' : typeof at}`)
  }
  const now = at ?? wallClock()
  if (now > store.now) store.now = now
  return store.now
}

const advance = (store: Store): void => {
  store.front++
  // what is gone is cut off when it is half of the ring: a push is paid for once
  if (store.front >= 1024 && store.front * 2 >= store.ring.length) {
    store.ring.splice(0, store.front)
    store.front = 0
  }
}

/** The one at the front, which stays there. */
const front = (store: Store): Kept | undefined => {
  while (store.ring[store.front]?.gone === true) {
    store.holes--
    advance(store)
  }
  return store.ring[store.front]
}

const toBack = (store: Store, entry: Kept): void => {
  entry.used = false
  entry.looked = store.now
  advance(store)
  store.ring.push(entry)
}

const letGo = (store: Store, entry: Kept): Kept => {
  advance(store)
  store.kept.delete(entry.key)
  return entry
}

/** Lets go of one that has not been used for `ttlMs`, if there is one at the front. A key is looked at once in `ttlMs`. */
export const expired = (store: Store, ttlMs: number): Kept | undefined => {
  for (;;) {
    const entry = front(store)
    if (entry === undefined || entry.looked + ttlMs > store.now) return undefined
    if (stale(store, entry, ttlMs)) return letGo(store, entry)
    toBack(store, entry)
  }
}

/** Makes room: lets go of one when `max` are kept. */
export const evicted = (store: Store, max: number): Kept | undefined => {
  if (store.kept.size < max) return undefined
  for (;;) {
    const entry = front(store)!
    if (!entry.used) return letGo(store, entry)
    toBack(store, entry)
  }
}

/** Keeps a new key. */
export const keep = (store: Store, key: Key, value: unknown): void => {
  const entry = { key, value, at: store.now, looked: store.now, used: false, gone: false }
  store.kept.set(key, entry)
  store.ring.push(entry)
}

/** Takes one out, wherever it is in the ring: what is gone is cut out of it when it is most of it. */
export const forget = (store: Store, entry: Kept): void => {
  store.kept.delete(entry.key)
  entry.gone = true
  entry.value = undefined
  if (++store.holes <= store.kept.size + 64) return
  store.ring = store.ring.slice(store.front).filter(({ gone }) => !gone)
  store.front = 0
  store.holes = 0
}

/** The key was used. */
export const touch = (store: Store, entry: Kept): void => {
  entry.at = store.now
  entry.used = true
}

/** Whether `expired` may find one: it looks at the front first. */
export const isAnyOld = (store: Store, ttlMs: number): boolean => {
  const entry = front(store)
  return entry !== undefined && entry.looked + ttlMs <= store.now
}

/** Whether a kept key is too old to be used, and has to begin anew. */
export const stale = (store: Store, entry: Kept, ttlMs: number): boolean => entry.at + ttlMs <= store.now

/** A beginning of its own for a key. */
export const beginning = (initial: unknown): unknown => (typeof initial === 'object' && initial !== null ? structuredClone(initial) : initial)

/** Takes everything out, in the order in which the keys came. */
export const takeAll = (store: Store): IterableIterator<Kept> => {
  const { kept } = store
  Object.assign(store, emptyStore())
  return kept.values()
}

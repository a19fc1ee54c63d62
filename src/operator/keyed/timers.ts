/**
 * Timers of keys: which are set, and which is due first. Plain data that survives structured clone.
 *
 *     of a key   name → timer: when it is due                    due   a heap of entries, the earliest first
 *     set later  the entry stays and is put right when it comes up       (a timer that every item moves on costs no more than a look)
 *     set earlier, or cleared: its entry is void, and cut out with others like it when they are most of the heap
 *
 * Invariants
 *   T1  a timer that is set has one valid entry, whose `due` is `timer.due`, at or before `timer.at`
 *   T2  entries are at most twice as many as timers that are set, and a few
 * Timers go off in the order of their instants; of equals the one that was set first (moving it does not count).
 *
 * Called by keyed/engine.ts. Loaded by workers. The heap is that of the windows.
 */
import type { Key } from './keys.ts'
import { popDue, pushDue, type Due } from '../windows/heap.ts'

export interface Timer {
  readonly key: Key
  readonly name: string
  readonly order: number
  at: number
  /** Of its valid entry; NaN when it is not set any more. */
  due: number
}

interface Entry extends Due {
  readonly timer: Timer
}

/** The timers of a key, by name. */
export type OfKey = Map<string, Timer>

export interface Timers {
  due: Entry[]
  set: number
  made: number
}

export const noTimers = (): Timers => ({ due: [], set: 0, made: 0 })

const isValid = ({ due, timer }: Entry): boolean => timer.due === due

const enter = (timers: Timers, timer: Timer, due: number): void => {
  timer.due = due
  pushDue(timers.due, { due, order: timer.order, timer })
  if (timers.due.length <= timers.set * 2 + 64) return
  const seen = new Set<Timer>()
  const valid = timers.due.filter((entry) => isValid(entry) && !seen.has(entry.timer) && seen.add(entry.timer))
  timers.due = []
  for (const entry of valid) pushDue(timers.due, entry)
}

/** Sets a timer, or moves it. */
export const setTimer = (timers: Timers, of: OfKey, key: Key, name: string, at: number): void => {
  const known = of.get(name)
  if (known === undefined) {
    const timer: Timer = { key, name, order: timers.made++, at, due: NaN }
    of.set(name, timer)
    timers.set++
    enter(timers, timer, at)
    return
  }
  known.at = at
  if (at < known.due) enter(timers, known, at)
}

const unset = (timers: Timers, timer: Timer): void => {
  timer.due = NaN
  timers.set--
}

/** Clears a timer, if it is set. */
export const clearTimer = (timers: Timers, of: OfKey, name: string): void => {
  const known = of.get(name)
  if (known === undefined) return
  of.delete(name)
  unset(timers, known)
}

/** Clears all timers of a key. */
export const clearAll = (timers: Timers, of: OfKey): void => {
  for (const timer of of.values()) unset(timers, timer)
  of.clear()
}

/** The first timer that is due by `until`. It is not set any more; its key's map still has it. */
export const takeDue = (timers: Timers, until: number): Timer | undefined => {
  while (timers.due.length > 0 && timers.due[0]!.due <= until) {
    const entry = popDue(timers.due)
    const { timer } = entry
    if (!isValid(entry)) continue
    if (timer.at === entry.due) {
      unset(timers, timer)
      return timer
    }
    enter(timers, timer, timer.at)
  }
  return undefined
}

/** When to look again: at or before the instant at which the next is due. */
export const nextDue = (timers: Timers): number => {
  while (timers.due.length > 0 && !isValid(timers.due[0]!)) popDue(timers.due)
  return timers.due[0]?.due ?? Infinity
}

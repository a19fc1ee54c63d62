/**
 * Who sleeps, who searches, and whom a push wakes. One word per worker, no counters: a worker that dies leaves nothing
 * to be corrected but its own word.
 * Source: tokio's `multi_thread/idle.rs` (a searcher suppresses wake-ups; the one that finds work wakes the next).
 *
 *   RUNNING ⇄ SEARCHING        looking into the others' queues; at most about half of the workers at a time
 *   RUNNING, SEARCHING ──▶ PARKED ──a push: CAS, notify──▶ NOTIFIED ──▶ SEARCHING     blocked in `wait`
 *   RUNNING ──▶ LOOPING ──a push: CAS, notify──▶ POKED ──▶ RUNNING       on its event loop: promises are open there
 *   RUNNING ──▶ SATURATED ──a pinned push: CAS, notify──▶ POKED          the same, with as many promises as it may have
 *
 * Invariants
 *   I1  a worker writes its own word by store, except from PARKED, LOOPING, SATURATED, which others may leave by CAS
 *   I2  SEARCHING and NOTIFIED are searchers: they will look at every queue before they sleep. POKED is not one, since
 *       its event loop may be busy for long
 *   I3  no work is in a queue while nobody is awake: no lost wake-up
 * Why I3 holds. All accesses are seq-cst, so there is one order of them.
 *   A push is (1) publish the value, (2) read the words of all workers. Going to sleep is (3) store PARKED, (4) read the
 *   words of all workers, (5) when none is a searcher, read all queues; if there is work, do not sleep.
 *   - (2) sees PARKED or LOOPING: it wakes it.
 *   - (2) sees a searcher S. Either S sleeps: then its (3) is later than (2), hence than (1), and its (5), or that of the
 *     searcher which its (4) saw, and so on to the last one, sees the value. Or S finds other work: it stores RUNNING
 *     and then reads all queues (`endSearch`), which is later than (1), and if there is work it wakes the next.
 *   - (2) sees only RUNNING, SATURATED, POKED: these come by here when they are done. A worker that was on its way to
 *     sleep has its (3) after (2), and sees the value in (5).
 *   A worker that parks because too many search already relies on them in the same way: a searcher that (4) sees is
 *   one whose `endSearch` comes after (3), and finds the sleeper.
 * Checked   spec/pool/idle.model.spec.ts
 */
import { shared, type Memory } from '../atomic/memory.ts'
import { notify } from '../atomic/park.ts'
import * as Deque from '../queue/deque.ts'
import * as Injector from '../queue/injector.ts'
import type { Control } from './protocol.ts'

export const RUNNING = 0
export const SEARCHING = 1
export const PARKED = 2
export const NOTIFIED = 3
export const LOOPING = 4
export const POKED = 5
export const SATURATED = 6

/** Names of the states, for people. */
export const stateNames = ['running', 'searching', 'parked', 'notified', 'looping', 'poked', 'saturated'] as const

const stateOf = (c: Control, worker: number, m: Memory): number => m.load(c.words, c.cells[worker]!.park)

const wakeAs = (c: Control, worker: number, from: number, to: number, m: Memory): boolean => {
  const { park } = c.cells[worker]!
  if (!m.cas(c.words, park, from, to)) return false
  notify(c.words, park) // everybody there: it is one thread, and an old promise of it may be first in line
  return true
}

/** Workers that search, or are about to. */
export const searchers = (c: Control, m: Memory = shared): number => {
  let count = 0
  for (let w = 0; w < c.workers; w++) {
    const state = stateOf(c, w, m)
    if (state === SEARCHING || state === NOTIFIED) count++
  }
  return count
}

/** Whether the injector or any deque holds something. */
export const anyWork = (c: Control, m: Memory = shared): boolean => {
  if (Injector.length(c.injector, m) > 0) return true
  for (let w = 0; w < c.workers; w++) if (Deque.length(c.cells[w]!.deque, m) > 0) return true
  return false
}

/** After a push for anybody: makes sure that somebody will look. Wakes one sleeper at most. */
export const wakeOne = (c: Control, m: Memory = shared): void => {
  let looping = false
  let parked = -1
  for (let w = 0; w < c.workers; w++) {
    const state = stateOf(c, w, m)
    if (state === SEARCHING || state === NOTIFIED) return
    if (state === PARKED && parked < 0) parked = w
    if (state === LOOPING) looping = true
  }
  for (let w = parked; w >= 0 && w < c.workers; w++) {
    if (stateOf(c, w, m) === PARKED && wakeAs(c, w, PARKED, NOTIFIED, m)) return
  }
  // Nobody sleeps soundly: whoever has an event loop to spare. Each may be busy in it, so all are told.
  if (looping) for (let w = 0; w < c.workers; w++) wakeAs(c, w, LOOPING, POKED, m)
}

/** After a push for one worker, or a message to it: makes sure that it looks. */
export const wakeWorker = (c: Control, worker: number, m: Memory = shared): void => {
  const state = stateOf(c, worker, m)
  if (state === PARKED) wakeAs(c, worker, PARKED, NOTIFIED, m)
  else if (state === LOOPING || state === SATURATED) wakeAs(c, worker, state, POKED, m)
}

/** RUNNING → SEARCHING, unless half of the workers search already. */
export const beginSearch = (c: Control, worker: number, m: Memory = shared): boolean => {
  if (2 * searchers(c, m) >= c.workers) return false
  m.store(c.words, c.cells[worker]!.park, SEARCHING)
  return true
}

/** SEARCHING → RUNNING; wakes the next when there is more to do than the worker has taken. */
export const endSearch = (c: Control, worker: number, m: Memory = shared): void => {
  m.store(c.words, c.cells[worker]!.park, RUNNING)
  if (anyWork(c, m)) wakeOne(c, m)
}

/** PARKED → RUNNING, or NOTIFIED → SEARCHING: by the worker itself, awake again. Answers whether it searches now. */
export const unpark = (c: Control, worker: number, m: Memory = shared): boolean => {
  const { park } = c.cells[worker]!
  if (m.cas(c.words, park, PARKED, RUNNING)) return false
  m.store(c.words, park, SEARCHING)
  return true
}

/**
 * Announces PARKED, then looks once more. True: sleep now, on the worker's own word, while it is PARKED; then `unpark`.
 * False: there is work (`mine` says so for what only this worker can take); the caller must `unpark` and look.
 */
export const tryPark = (c: Control, worker: number, mine: () => boolean, m: Memory = shared): boolean => {
  m.store(c.words, c.cells[worker]!.park, PARKED)
  if (mine()) return false
  return searchers(c, m) > 0 || !anyWork(c, m)
}

/** As {@link tryPark}, for a worker that waits on its event loop; `full`: it can take nothing but pinned morsels. */
export const tryLoop = (c: Control, worker: number, full: boolean, mine: () => boolean, m: Memory = shared): boolean => {
  m.store(c.words, c.cells[worker]!.park, full ? SATURATED : LOOPING)
  if (mine()) return false
  if (!full) return !anyWork(c, m)
  if (anyWork(c, m)) wakeOne(c, m) // what it holds in its own deque is for others now
  return true
}

/** LOOPING, SATURATED or POKED → RUNNING. */
export const unloop = (c: Control, worker: number, m: Memory = shared): void => {
  m.store(c.words, c.cells[worker]!.park, RUNNING)
}

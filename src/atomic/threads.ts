/**
 * The threads of a program that may share locks and channels: who is alive, and where each of them sleeps.
 *
 *   header   DEATHS: how many seats were vacated so far · NEXT: the number of the next thread
 *   seat i   ID: the thread's number, 0 when nobody sits here · PARK: grows with every wake-up of the thread
 *
 * The thread that starts workers makes the table, invites each worker to a seat before it starts, and vacates the seat
 * when the worker has ended, however it ended. A seat is used again, a number never: (seat, id) names one thread for good.
 * Invariants
 *   T1  a seat holds `id` from before the thread can run until after it has ended
 *   T2  a death is counted after the seat is empty, and then every thread is woken: who sees the count sees the seat
 *   T3  who changes what another thread waits for changes it first and calls `wake` after; who sleeps reads `parked`
 *       first, looks second, and sleeps on what it read: no wake-up is lost
 * Why the atomics are enough: every word is one writer's at a time or grows by `add`; sleeping compares and sleeps in one step.
 * Called by sync/ and channel/ (sleeping, waking), pool/ and runtime/ (seats).
 */
import { notify, wait, waitAsync, type Waited } from './park.ts'

/** Threads that can be alive at the same time. */
export const SEATS = 256
const DEATHS = 0
const NEXT = 1
const HEADER = 4
const STRIDE = 2
const ID = 0
const PARK = 1

/** A thread's place, to be handed to it as it starts. */
export interface Invitation {
  readonly table: SharedArrayBuffer
  readonly seat: number
  readonly id: number
  /** Whether the thread may be blocked: it has no event loop that others wait for. */
  readonly mayBlock: boolean
}

/** This thread's own place. */
export interface Place {
  readonly words: Int32Array
  readonly seat: number
  readonly id: number
  readonly mayBlock: boolean
}

let place: Place | undefined

/** The thread takes the seat that it was invited to; before anything else that is here. */
export const takeSeat = ({ table, seat, id, mayBlock }: Invitation): void => {
  place = { words: new Int32Array(table), seat, id, mayBlock }
}

/** Where this thread sits; the first of a program makes the table, and is nobody's guest. */
export const here = (): Place => {
  if (place === undefined) {
    const table = new SharedArrayBuffer((HEADER + SEATS * STRIDE) * Int32Array.BYTES_PER_ELEMENT)
    const words = new Int32Array(table)
    words[NEXT] = 2
    words[HEADER + ID] = 1
    place = { words, seat: 0, id: 1, mayBlock: false }
  }
  return place
}

/** Keeps a seat for a thread that is about to start. Throws when as many threads are alive as there are seats. */
export const invite = (mayBlock: boolean): Invitation => {
  const { words } = here()
  const id = Atomics.add(words, NEXT, 1)
  for (let seat = 0; seat < SEATS; seat++) {
    if (Atomics.compareExchange(words, HEADER + seat * STRIDE + ID, 0, id) === 0) {
      return { table: words.buffer as SharedArrayBuffer, seat, id, mayBlock }
    }
  }
  throw new RangeError(`${SEATS} threads of this program share locks and channels already. Use fewer workers`)
}

/** The thread has ended (T1): its seat is free, and everybody is woken to look at what it held (T2). */
export const vacate = ({ seat, id }: Pick<Invitation, 'seat' | 'id'>): void => {
  const { words } = here()
  if (Atomics.compareExchange(words, HEADER + seat * STRIDE + ID, id, 0) !== id) return
  Atomics.add(words, DEATHS, 1)
  for (let other = 0; other < SEATS; other++) if (Atomics.load(words, HEADER + other * STRIDE + ID) !== 0) wake(other)
}

/** Whether the thread of this number sits there. */
export const alive = (seat: number, id: number): boolean => Atomics.load(here().words, HEADER + seat * STRIDE + ID) === id

/** How many threads have ended so far. */
export const deaths = (): number => Atomics.load(here().words, DEATHS)

/** Wakes the thread of a seat, whatever it waits for there. */
export const wake = (seat: number): void => {
  const { words } = here()
  const park = HEADER + seat * STRIDE + PARK
  Atomics.add(words, park, 1)
  notify(words, park)
}

/** What this thread's word says now; to be read before looking at what is waited for (T3). */
export const parked = (): number => {
  const { words, seat } = here()
  return Atomics.load(words, HEADER + seat * STRIDE + PARK)
}

/** Blocks this thread until it is woken, if it was not since `seen` was read. For threads that may block. */
export const sleepHere = (seen: number, timeoutMs = Infinity): Waited => {
  const { words, seat } = here()
  return wait(words, HEADER + seat * STRIDE + PARK, seen, timeoutMs)
}

/** As {@link sleepHere}, as a promise; `undefined` when the thread was woken since. It does not hold the process. */
export const sleepHereAsync = (seen: number): Promise<Waited> | undefined => {
  const { words, seat } = here()
  return waitAsync(words, HEADER + seat * STRIDE + PARK, seen)
}

/**
 * The threads of a program that may share locks and channels: who is alive, and where each of them sleeps.
 *
 *   header   DEATHS: how many seats were vacated so far · NEXT: the number of the next thread · NAMES: the last one given to a
 *            shared thing · PROGRAM: a random number, the same for all threads of the table
 *   seat i   ID: the thread's number, 0 when nobody sits here · PARK: grows with every wake-up of the thread · HOST: the mark of who
 *            has invited it
 *
 * The thread that starts workers makes the table, invites each worker to a seat before it starts, and vacates the seat
 * when the worker has ended, however it ended. A seat is used again, a number never: (seat, id) names one thread for good. Both
 * in one word are the thread's mark, which is what it writes into shared memory to say "mine": number · 256 + seat, never below 256.
 * (Its upper 24 bits count threads: a mark comes again after 16 million of them, in the same seat.)
 * Invariants
 *   T1  a seat holds `id` from before the thread can run until after it has ended
 *   T2  a death is counted after the seat is empty, and then every thread is woken: who sees the count sees the seat
 *   T3  who changes what another thread waits for changes it first and calls `wake` after; who sleeps reads `parked`
 *       first, looks second, and sleeps on what it read: no wake-up is lost
 * A thread that ends is told to the event loop of the one that started it. Where that one is blocked nobody would vacate the seat: so
 * the pulse, a port that closes with the thread; who has guests and is blocked looks at them now and then ({@link bury}).
 * Why the atomics are enough: every word is one writer's at a time or grows by `add`; sleeping compares and sleeps in one step.
 * Called by sync/ and channel/ (sleeping, waking), pool/ and runtime/ (seats).
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { notify, wait, waitAsync, type Waited } from './park.ts'
import { Patience } from './patience.ts'

/** Threads that can be alive at the same time. */
export const SEATS = 256
const DEATHS = 0
const NEXT = 1
const NAMES = 2
const PROGRAM = 3
const HEADER = 4
const STRIDE = 3
/** Milliseconds after which a sleeper looks whether its guests live. */
const ROUND = 50
const ID = 0
const PARK = 1
const HOST = 2

/** A thread's place, to be handed to it as it starts. */
export interface Invitation {
  readonly table: SharedArrayBuffer
  readonly seat: number
  readonly id: number
  /** Whether the thread may be blocked: it has no event loop that others wait for. */
  readonly mayBlock: boolean
  /** Open as long as the thread runs: see {@link withPulse}. */
  readonly pulse?: MessagePort | undefined
}

/** This thread's own place. */
export interface Place {
  readonly words: Int32Array
  readonly seat: number
  readonly id: number
  /** (seat, id) in one word. */
  readonly mark: number
  readonly mayBlock: boolean
  /** Kept, since a port that is collected is closed. */
  readonly pulse?: MessagePort | undefined
}

const markOf = (seat: number, id: number): number => (id << 8) | seat

/** Of the thread and not of this copy of the code; prelude/per-thread.ts says why, and atomic/ imports nothing. */
const PLACE = Symbol.for('millrace.place.1')
const mine = ((globalThis as { [PLACE]?: { place: Place | undefined } })[PLACE] ??= { place: undefined })
/** Of the threads that this one has invited: what the pulse of each arrives at. */
const guests = new Map<number, { readonly seat: number; readonly id: number; readonly port: MessagePort }>()

/** The thread takes the seat that it was invited to; before anything else that is here. */
export const takeSeat = ({ table, seat, id, mayBlock, pulse }: Invitation): void => {
  mine.place = { words: new Int32Array(table), seat, id, mark: markOf(seat, id), mayBlock, pulse }
}

/** Where this thread sits; the first of a program makes the table, and is nobody's guest. */
export const here = (): Place => {
  let { place } = mine
  if (place === undefined) {
    const table = new SharedArrayBuffer((HEADER + SEATS * STRIDE) * Int32Array.BYTES_PER_ELEMENT)
    const words = new Int32Array(table)
    words[NEXT] = 2
    words[PROGRAM] = 1 + Math.floor(Math.random() * (2 ** 31 - 1)) // not a secret, and node:crypto is half a megabyte in each thread
    words[HEADER + ID] = 1
    mine.place = place = { words, seat: 0, id: 1, mark: markOf(0, 1), mayBlock: false }
  }
  return place
}

/** Keeps a seat for a thread that is about to start. Throws when as many threads are alive as there are seats. */
export const invite = (mayBlock: boolean): Invitation => {
  const { words } = here()
  const id = Atomics.add(words, NEXT, 1)
  for (let seat = 0; seat < SEATS; seat++) {
    if (Atomics.compareExchange(words, HEADER + seat * STRIDE + ID, 0, id) === 0) {
      Atomics.store(words, HEADER + seat * STRIDE + HOST, me())
      return { table: words.buffer as SharedArrayBuffer, seat, id, mayBlock }
    }
  }
  throw new RangeError(`${SEATS} threads of this program share locks and channels already. Use fewer workers`)
}

/**
 * An invitation with a port to be moved to the thread (it belongs into the worker's `transferList`), by which this thread can tell
 * that it has ended without an event loop: while it is blocked itself, or waits for what the dead one holds.
 */
export const withPulse = (invitation: Invitation): Invitation & { readonly pulse: MessagePort } => {
  const { seat, id } = invitation
  const { port1, port2 } = new MessageChannel()
  port1.unref()
  guests.set(markOf(seat, id), { seat, id, port: port1 })
  return { ...invitation, pulse: port2 }
}

/** Vacates the seats of guests whose pulse has stopped. For a thread whose event loop cannot tell it. */
export const bury = (): void => {
  for (const guest of [...guests.values()]) {
    // true, as long as there is somebody at the other end of the port (false or undefined afterwards): without, the thread has run its last line of JavaScript
    if ((guest.port as unknown as { postMessage(value: number): unknown }).postMessage(0) !== true) vacate(guest)
  }
}

/** The thread has ended (T1): its seat is free, and everybody is woken to look at what it held (T2). */
export const vacate = ({ seat, id }: Pick<Invitation, 'seat' | 'id'>): void => {
  const { words } = here()
  guests.get(markOf(seat, id))?.port.close()
  guests.delete(markOf(seat, id))
  if (Atomics.compareExchange(words, HEADER + seat * STRIDE + ID, id, 0) !== id) return
  for (let other = 0; other < SEATS; other++) {
    // threads end with the one that started them, which would have told
    const guest = Atomics.load(words, HEADER + other * STRIDE + ID)
    if (guest !== 0 && Atomics.load(words, HEADER + other * STRIDE + HOST) === markOf(seat, id)) vacate({ seat: other, id: guest })
  }
  Atomics.add(words, DEATHS, 1)
  for (let other = 0; other < SEATS; other++) if (Atomics.load(words, HEADER + other * STRIDE + ID) !== 0) wake(other)
}

/** Whether the thread of this number sits there. */
export const alive = (seat: number, id: number): boolean => Atomics.load(here().words, HEADER + seat * STRIDE + ID) === id

/** This thread's mark. */
export const me = (): number => here().mark

/** Whether the thread of this mark is alive. */
export const living = (mark: number): boolean => {
  const seat = mark & 0xff
  const id = Atomics.load(here().words, HEADER + seat * STRIDE + ID)
  return id !== 0 && markOf(seat, id) === mark
}

/** Wakes the thread of a mark; who sits there after it is woken for nothing. */
export const wakeMark = (mark: number): void => {
  wake(mark & 0xff)
}

/** A number that no other call gets, in any thread of the table: names of things that are shared. */
export const unique = (): number => Atomics.add(here().words, NAMES, 1) + 1

/** The same number in all threads of one table, and most likely another one in others. */
export const program = (): number => here().words[PROGRAM]!

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

const patience = new Patience()

/** Blocks this thread until it is woken, if it was not since `seen` was read; looks for a moment before that. For threads that may block. */
export const sleepHere = (seen: number, timeoutMs = Infinity): Waited => {
  const { words, seat } = here()
  const park = HEADER + seat * STRIDE + PARK
  if (guests.size === 0) {
    if (patience.wait(() => Atomics.load(words, park) !== seen)) return 'not-equal'
    return wait(words, park, seen, timeoutMs)
  }
  for (let left = timeoutMs; ; left -= ROUND) {
    const how = wait(words, park, seen, Math.min(left, ROUND))
    if (how !== 'timed-out' || left <= ROUND) return how
    bury()
  }
}

/** As {@link sleepHere}, as a promise; `undefined` when the thread was woken since. It does not hold the process. */
export const sleepHereAsync = (seen: number): Promise<Waited> | undefined => {
  const { words, seat } = here()
  return waitAsync(words, HEADER + seat * STRIDE + PARK, seen)
}

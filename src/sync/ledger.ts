/**
 * A count of permits in words that threads share: who holds how many, and who waits for how many, in a line.
 *
 *     header   [LOCK REAPED] TOTAL FREE LEFT REFUSED NEXT LINE POISON GRAVE HUNGRY CLOSED          all but LOCK: inside the gate
 *     rows     one per seat:   MARK of the thread · HELD by it · it is HUNGRY for a place
 *     places   MARK of the thread that waits, 0: free · NEEDED · GOT · SEQ: its number in the line
 *
 *     the state of a place:
 *        free ──join──▶ waiting (GOT < NEEDED) ──serve──▶ served (GOT = NEEDED) ──collect──▶ free, and HELD of its thread has it
 *                          │  └─ refused: SEQ is before REFUSED      │
 *                          └──────────── withdraw ───────────────────┴─▶ free, and what it got is served to the next
 *                          (a dead thread's: repair does the same)
 *
 * Facts, one word each, that need nothing else to be right: TOTAL, LEFT (the keeper's to tell), HELD of each row, a place (it is one from the
 * store of its MARK to the store of 0). Derived, and made anew by {@link repair}: FREE, LINE.
 * Invariants
 *   L1  FREE = TOTAL − LEFT − Σ HELD of the living − Σ GOT of their places
 *   L2  while anybody waits that is not refused, FREE is 0, unless it is closed: what is free belongs to the first in the line, by SEQ
 *   L3  a place is served strictly in the order of SEQ; who serves does not run what is waited for, but the thread of the place
 *   L4  a thread that dies at any access leaves L1 to L3 true after the next repair: what it held and had got is free, its waits are gone.
 *       It was told of by POISON when it held GRAVE or more
 *   L5  nobody waits for a wake-up that does not come: who is served is woken after the gate is left; if the server dies before it
 *       does so, its death wakes everybody
 * Why each access is enough: all but the marked ones are made inside the gate, which orders them (G3 of gate.ts), so they are plain. From
 * outside, GOT, REFUSED and FREE are looked at, so they are written atomically; a place's own thread may trust GOT = NEEDED, for
 * nobody takes that back from the living.
 * The number of rows and places is a parameter, for specs. Called by far-permits.ts and far-notify.ts.
 */
import type { Shore } from '../atomic/shore.ts'
import { SOUND, leave, mended, seize } from './gate.ts'

export const TOTAL = 2
export const FREE = 3
/** Permits that lie somewhere else than with a thread: in a channel, with the items. */
export const LEFT = 4
/** Places before this number are refused. */
export const REFUSED = 5
const NEXT = 6
const LINE = 7
/** A thread has died that held GRAVE or more, and nobody has asked since. */
export const POISON = 8
export const GRAVE = 9
/** Some row is hungry. */
const HUNGRY = 10
export const CLOSED = 11
const HEADER = 12

const ROW = 3
const MARK = 0
const HELD = 1
const ROW_HUNGRY = 2

const PLACE = 5
const NEEDED = 1
const GOT = 2
const SEQ = 3
/** It was served as the last in the line. */
const AS_LAST = 4

/** Where a ledger lies. */
export interface Ledger {
  readonly words: Int32Array
  readonly at: number
  readonly seats: number
  readonly places: number
  /** Places that one thread may have. */
  readonly each: number
}

export const wordsFor = (seats: number, places: number): number => HEADER + seats * ROW + places * PLACE

/** What lies outside of the ledger, and is looked at when it is repaired. */
export interface Keeper {
  /** Permits that are LEFT, counted anew. */
  left(): number
  /** Comes first: what else is under the same lock is put in order. */
  mend?(): void
}

/** What is to be done when the gate has been left, or just before. */
export interface Errands {
  /** Marks of threads to be woken. */
  readonly wake: number[]
  /** Places of this thread that were served. */
  readonly mine: number[]
}

const rowOf = (l: Ledger, mark: number): number => l.at + HEADER + (mark & 0xff) * ROW
const placeOf = (l: Ledger, place: number): number => l.at + HEADER + l.seats * ROW + place * PLACE

/** Goes inside; everything is as if the dead had never been there. */
export const enter = (l: Ledger, s: Shore, errands: Errands, keeper?: Keeper): void => {
  const deaths = seize(l.words, l.at, s)
  if (deaths === SOUND) return
  repair(l, s, errands, keeper)
  mended(l.words, l.at, deaths, s)
}

/** Goes outside. Whoever calls it then runs the errands. */
export const exit = (l: Ledger, s: Shore): void => {
  leave(l.words, l.at, s)
}

/** To be looked at outside: the permits that are free. */
export const free = (l: Ledger, s: Shore): number => s.load(l.words, l.at + FREE)

/** Whether anybody has a place in the line. Inside, or a guess. */
export const busy = (l: Ledger, s: Shore): boolean => s.get(l.words, l.at + LINE) > 0

/** This thread's row. */
const ownRow = (l: Ledger, s: Shore, errands: Errands, keeper?: Keeper): number => {
  const { words } = l
  const me = s.me()
  const row = rowOf(l, me)
  const mark = s.get(words, row + MARK)
  if (mark !== me) {
    // its seat was somebody else's, whose death is not counted yet: it is known by our sitting here
    if (mark !== 0) repair(l, s, errands, keeper)
    s.put(words, row + HELD, 0)
    s.put(words, row + MARK, me)
  }
  return row
}

/** Adds to what this thread holds. */
const hold = (l: Ledger, s: Shore, n: number, errands: Errands, keeper?: Keeper): void => {
  const held = ownRow(l, s, errands, keeper) + HELD
  s.put(l.words, held, s.get(l.words, held) + n)
}

const setFree = (l: Ledger, s: Shore, n: number): void => {
  s.store(l.words, l.at + FREE, n)
}

/** What this thread holds. Inside. */
export const held = (l: Ledger, s: Shore): number => {
  const row = rowOf(l, s.me())
  return s.get(l.words, row + MARK) === s.me() ? s.get(l.words, row + HELD) : 0
}

/** Takes permits that are free, for this thread. Inside. */
export const tryTake = (l: Ledger, s: Shore, n: number, errands: Errands, keeper?: Keeper): boolean => {
  const { words, at } = l
  const held = ownRow(l, s, errands, keeper) + HELD
  const free = s.get(words, at + FREE)
  if (n > free || s.get(words, at + CLOSED) === 1) return false
  s.put(words, held, s.get(words, held) + n)
  setFree(l, s, free - n)
  return true
}

/** Gives back permits that this thread holds. Inside. */
export const give = (l: Ledger, s: Shore, n: number, errands: Errands): void => {
  hold(l, s, -n, errands)
  setFree(l, s, s.get(l.words, l.at + FREE) + n)
  serve(l, s, errands)
}

/** More permits in the world; fewer with `n` < 0, of those that are free. Inside. */
export const add = (l: Ledger, s: Shore, n: number, errands: Errands): void => {
  const { words, at } = l
  s.store(words, at + TOTAL, s.get(words, at + TOTAL) + n)
  setFree(l, s, s.get(words, at + FREE) + n)
  serve(l, s, errands)
}

/** One more permit in the world: for the first who waits, or the last, or to be free if none is. Inside. */
export const notify = (l: Ledger, s: Shore, last: boolean, errands: Errands): void => {
  const { words, at } = l
  const free = s.get(words, at + FREE)
  if (free > 0) return // so nobody waits (L2)
  s.store(words, at + TOTAL, s.get(words, at + TOTAL) + 1)
  setFree(l, s, 1)
  serve(l, s, errands, last)
}

/** Permits that this thread holds are out of the world. Inside. */
export const drop = (l: Ledger, s: Shore, n: number, errands: Errands): void => {
  const { words, at } = l
  s.store(words, at + TOTAL, s.get(words, at + TOTAL) - n)
  hold(l, s, -n, errands)
}

/** Permits that this thread holds lie with the keeper from now on. Inside, beside what makes the keeper count them. */
export const lay = (l: Ledger, s: Shore, n: number, errands: Errands): void => {
  const { words, at } = l
  s.put(words, at + LEFT, s.get(words, at + LEFT) + n)
  hold(l, s, -n, errands)
}

/** Permits that lay with the keeper are free. Inside, beside what makes the keeper count fewer. */
export const lift = (l: Ledger, s: Shore, n: number, errands: Errands): void => {
  const { words, at } = l
  s.put(words, at + LEFT, s.get(words, at + LEFT) - n)
  setFree(l, s, s.get(words, at + FREE) + n)
  serve(l, s, errands)
}

/** Whether a place was refused, by the number that REFUSED has now. */
const isBefore = (seq: number, refused: number): boolean => ((seq - refused) | 0) < 0

/** The place that is the next to be served, or the last; -1: nobody waits. */
const next = (l: Ledger, s: Shore, last: boolean): number => {
  const { words } = l
  let unseen = s.get(words, l.at + LINE)
  const refused = s.get(words, l.at + REFUSED)
  let found = -1
  let best = 0
  for (let place = 0; unseen > 0 && place < l.places; place++) {
    const p = placeOf(l, place)
    if (s.get(words, p + MARK) === 0) continue
    unseen--
    if (s.get(words, p + GOT) === s.get(words, p + NEEDED)) continue
    const seq = s.get(words, p + SEQ)
    if (isBefore(seq, refused)) continue
    if (found === -1 || isBefore(seq, best) !== last) {
      found = place
      best = seq
    }
  }
  return found
}

/** Gives what is free to those who wait, in their order; with `last` to the last one. */
export const serve = (l: Ledger, s: Shore, errands: Errands, last = false): void => {
  const { words, at } = l
  if (s.get(words, at + CLOSED) === 1) return
  for (let left = s.get(words, at + FREE); left > 0; ) {
    const place = next(l, s, last)
    if (place === -1) return
    const p = placeOf(l, place)
    const needed = s.get(words, p + NEEDED)
    const got = s.get(words, p + GOT)
    const part = Math.min(needed - got, left)
    left -= part
    s.store(words, p + GOT, got + part)
    setFree(l, s, left)
    if (last) s.put(words, p + AS_LAST, 1)
    if (got + part === needed) tell(s, s.get(words, p + MARK), place, errands)
  }
}

const tell = (s: Shore, mark: number, place: number, { wake, mine }: Errands): void => {
  if (mark !== s.me()) {
    if (!wake.includes(mark)) wake.push(mark)
  } else if (!mine.includes(place)) mine.push(place)
}

/**
 * Takes a place at the end of the line, and what is free. Answers the place; -1 when there is none for it: then this thread is woken
 * when there is one, unless it has as many as it may. Inside.
 */
export const join = (l: Ledger, s: Shore, needed: number, errands: Errands): number => {
  const { words, at } = l
  const me = s.me()
  let found = -1
  let own = 0
  let unseen = s.get(words, at + LINE)
  for (let place = 0; place < l.places && own < l.each && (unseen > 0 || found === -1); place++) {
    const mark = s.get(words, placeOf(l, place) + MARK)
    if (mark === 0) {
      if (found === -1) found = place
      continue
    }
    unseen--
    if (mark === me) own++
  }
  if (own === l.each) return -1
  if (found === -1) {
    s.put(words, ownRow(l, s, errands) + ROW_HUNGRY, 1)
    s.put(words, at + HUNGRY, 1)
    return -1
  }
  const p = placeOf(l, found)
  const seq = s.get(words, at + NEXT)
  s.put(words, at + NEXT, (seq + 1) | 0)
  s.put(words, p + NEEDED, needed)
  s.store(words, p + GOT, 0)
  s.put(words, p + SEQ, seq)
  s.put(words, p + AS_LAST, 0)
  s.put(words, p + MARK, me)
  s.put(words, at + LINE, s.get(words, at + LINE) + 1)
  serve(l, s, errands)
  return found
}

/** A place is free; who was hungry for one is woken. */
const vacate = (l: Ledger, s: Shore, place: number, errands: Errands): void => {
  const { words, at } = l
  s.put(words, placeOf(l, place) + MARK, 0)
  s.put(words, at + LINE, s.get(words, at + LINE) - 1)
  feed(l, s, errands)
}

const feed = (l: Ledger, s: Shore, { wake }: Errands): void => {
  const { words, at } = l
  if (s.get(words, at + HUNGRY) === 0) return
  s.put(words, at + HUNGRY, 0)
  for (let seat = 0; seat < l.seats; seat++) {
    const row = rowOf(l, seat)
    if (s.get(words, row + ROW_HUNGRY) === 0) continue
    s.put(words, row + ROW_HUNGRY, 0)
    const mark = s.get(words, row + MARK)
    if (mark !== 0 && mark !== s.me()) wake.push(mark)
  }
}

/** What a place of this thread is, from outside: for who has been woken. */
export const isServed = (l: Ledger, s: Shore, place: number): boolean => {
  const p = placeOf(l, place)
  return s.load(l.words, p + GOT) === s.get(l.words, p + NEEDED)
}

/** Whether a place of this thread that is not served never will be. From outside. */
export const isRefused = (l: Ledger, s: Shore, place: number): boolean =>
  isBefore(s.get(l.words, placeOf(l, place) + SEQ), s.load(l.words, l.at + REFUSED))

/** A place of this thread that was served becomes what this thread holds. Inside. */
export const collect = (l: Ledger, s: Shore, place: number, errands: Errands): void => {
  hold(l, s, s.get(l.words, placeOf(l, place) + NEEDED), errands)
  vacate(l, s, place, errands)
}

/** A place of this thread is given up; what it had got goes to the next. Inside. */
export const withdraw = (l: Ledger, s: Shore, place: number, errands: Errands): void => {
  const p = placeOf(l, place)
  const got = s.get(l.words, p + GOT)
  const last = s.get(l.words, p + AS_LAST) === 1
  vacate(l, s, place, errands)
  setFree(l, s, s.get(l.words, l.at + FREE) + got)
  serve(l, s, errands, last)
}

/** Refuses all who wait now and were not served; each gives up its place by itself. With `close`, nothing is served any more. Inside. */
export const refuse = (l: Ledger, s: Shore, close: boolean, errands: Errands): void => {
  const { words, at } = l
  if (close) s.store(words, at + CLOSED, 1)
  s.store(words, at + REFUSED, s.get(words, at + NEXT))
  for (let place = 0; place < l.places; place++) {
    const mark = s.get(words, placeOf(l, place) + MARK)
    if (mark !== 0 && mark !== s.me() && !errands.wake.includes(mark)) errands.wake.push(mark)
  }
  // what the first had got in part is free at once; it is nobody's
  for (let place = 0; place < l.places; place++) {
    const p = placeOf(l, place)
    const got = s.get(words, p + GOT)
    if (s.get(words, p + MARK) === 0 || got === 0 || got === s.get(words, p + NEEDED)) continue
    s.store(words, p + GOT, 0)
    setFree(l, s, s.get(words, at + FREE) + got)
  }
}

/** Makes everything anew from the facts; the dead hold nothing and wait for nothing. Inside. */
export const repair = (l: Ledger, s: Shore, errands: Errands, keeper?: Keeper): void => {
  const { words, at } = l
  keeper?.mend?.()
  const left = keeper === undefined ? s.get(words, at + LEFT) : keeper.left()
  s.put(words, at + LEFT, left)
  let rest = s.get(words, at + TOTAL) - left
  for (let seat = 0; seat < l.seats; seat++) {
    const row = rowOf(l, seat)
    const mark = s.get(words, row + MARK)
    if (mark === 0) continue
    const count = s.get(words, row + HELD)
    if (s.living(mark)) {
      rest -= count
      continue
    }
    if (count >= s.get(words, at + GRAVE)) s.store(words, at + POISON, 1)
    s.put(words, row + HELD, 0)
    s.put(words, row + ROW_HUNGRY, 0)
    s.put(words, row + MARK, 0)
  }
  let line = 0
  for (let place = 0; place < l.places; place++) {
    const p = placeOf(l, place)
    const mark = s.get(words, p + MARK)
    if (mark === 0) continue
    if (s.living(mark)) {
      line++
      rest -= s.get(words, p + GOT)
    } else s.put(words, p + MARK, 0)
  }
  s.put(words, at + LINE, line)
  setFree(l, s, rest)
  s.put(words, at + HUNGRY, 1) // whoever marked its row and died before it said so
  feed(l, s, errands)
  serve(l, s, errands)
  // who was served by one that died before it could say so
  for (let place = 0; place < l.places; place++) {
    const p = placeOf(l, place)
    const mark = s.get(words, p + MARK)
    if (mark !== 0 && s.get(words, p + GOT) === s.get(words, p + NEEDED)) tell(s, mark, place, errands)
  }
}

/**
 * The control block: the shared words through which the main thread and the workers of one pool talk.
 *
 *   main thread ── injector ──────────────▶ workers         entries of morsels, for anybody
 *               ── inbox[w] ──────────────▶ worker w        [entry, arg], in order
 *               ◀───────────── ring[w] ──── worker w        notices: [kind, slot, a, b, c, d], the user's own
 *               ── messages[w] ───────────▶ worker w        how many were posted to its MessagePort
 *   workers     ◀── deque[w] ─────────────▶ each other      stealing
 *   everybody   ── park[w] ──────────────── everybody       who sleeps, who searches: idle.ts
 *
 * Each word has one writer, or is written by CAS only, as its owner's file says. Here: `current` and `counters` of a
 * cell are written by its worker alone, plainly: they are for looking at, and exact once the thread is gone.
 * Shared by pool.ts (main thread) and worker-loop.ts. No logic.
 */
import type { MessagePort } from 'node:worker_threads'
import type { Invitation } from '../atomic/threads.ts'
import * as Deque from '../queue/deque.ts'
import * as Injector from '../queue/injector.ts'
import { place, powerOfTwo } from '../queue/layout.ts'
import * as Ring from '../queue/spsc-ring.ts'
import type { BootData } from './boot.ts'
import * as Claims from './claims.ts'

/** Words of a notice. */
export const NOTICE_WORDS = 6
/** Notices that fit into a worker's ring. */
export const RING_CAPACITY = 1024
/** Words of a pinned morsel: entry and argument. */
export const PIN_WORDS = 2

/** Counters of a worker, by index. */
export const COUNT_MORSELS = 0
export const COUNT_STEALS = 1
export const COUNT_PARKS = 2
export const COUNT_BUSY_MS = 3
const COUNTERS = 4

/** Values of the word `main`: the main thread is awake, waits on its event loop, is blocked and sleeps at its seat. */
export const MAIN_AWAKE = 0
export const MAIN_WAITS = 1
export const MAIN_BLOCKED = 2

/** What a worker's port says first, when it can take work, and before each message of the user. */
export const HELLO = 0
export const SAID = 1

/** One worker's part of the block; numbers are indices of words. */
export interface Cell {
  /** State of idle.ts. */
  readonly park: number
  /** 1 while the worker waits for room in its ring. */
  readonly room: number
  /** Messages posted to it. */
  readonly messages: number
  /** Slot that it is executing now, synchronously, plus 1; else 0. */
  readonly current: number
  readonly counters: Float64Array
  readonly deque: Deque.Deque
  readonly ring: Ring.SpscRing
  readonly inbox: Ring.SpscRing
}

export interface Control {
  readonly words: Int32Array
  readonly workers: number
  readonly slots: number
  /** Whether, and where, the main thread waits to be woken by a notice: MAIN_*. */
  readonly main: number
  /** 1 when the workers are to end. */
  readonly closing: number
  readonly injector: Injector.Injector
  readonly claims: Claims.Claims
  readonly cells: readonly Cell[]
}

/** A control block as it travels. */
export interface ControlBlock {
  readonly buffer: SharedArrayBuffer
  readonly workers: number
  readonly slots: number
}

/** What a worker is started with, as its `workerData`. */
export interface Boot extends BootData {
  readonly worker: number
  /** The thread's place among all that share locks and channels, and that of the pool's main thread. */
  readonly invitation: Invitation
  readonly mainSeat: number
  readonly control: ControlBlock
  readonly port: MessagePort
  readonly inFlight: number
  /** Of the random choices, with the worker's number. */
  readonly seed: number
  readonly shared: Readonly<Record<string, unknown>>
}

/** Twice the slots, so that entries that were doubled after a death find room beside the others. */
const injectorCapacity = (slots: number): number => powerOfTwo(2 * slots)
const inboxCapacity = (slots: number): number => powerOfTwo(slots)

const cellLayout = (slots: number) =>
  place({
    park: 1,
    room: 1,
    messages: 1,
    current: 1,
    counters: COUNTERS * 2,
    deque: Deque.wordsFor(),
    ring: Ring.wordsFor(RING_CAPACITY, NOTICE_WORDS),
    inbox: Ring.wordsFor(inboxCapacity(slots), PIN_WORDS)
  })

const blockLayout = (workers: number, slots: number) =>
  place({
    main: 1,
    closing: 1,
    injector: Injector.wordsFor(injectorCapacity(slots)),
    claims: Claims.wordsFor(slots),
    cells: workers * cellLayout(slots).words
  })

export const createBlock = (workers: number, slots: number): ControlBlock => ({
  buffer: new SharedArrayBuffer(blockLayout(workers, slots).words * 4),
  workers,
  slots
})

const attachCell = (words: Int32Array, base: number, slots: number): Cell => {
  const { at } = cellLayout(slots)
  return {
    park: base + at.park,
    room: base + at.room,
    messages: base + at.messages,
    current: base + at.current,
    counters: new Float64Array(words.buffer, (base + at.counters) * 4, COUNTERS),
    deque: Deque.attach(words, base + at.deque),
    ring: Ring.attach(words, base + at.ring, RING_CAPACITY, NOTICE_WORDS),
    inbox: Ring.attach(words, base + at.inbox, inboxCapacity(slots), PIN_WORDS)
  }
}

export const attachControl = ({ buffer, workers, slots }: ControlBlock): Control => {
  const words = new Int32Array(buffer)
  const { at } = blockLayout(workers, slots)
  const stride = cellLayout(slots).words
  return {
    words,
    workers,
    slots,
    main: at.main,
    closing: at.closing,
    injector: Injector.attach(words, at.injector, injectorCapacity(slots)),
    claims: Claims.attach(words, at.claims, slots),
    cells: Array.from({ length: workers }, (_, w) => attachCell(words, at.cells + w * stride, slots))
  }
}


/** Where the structures of the stress specs lie in their memory: the same arithmetic for the spec and its threads. */
import * as Deque from '../../src/queue/deque.ts'
import * as Injector from '../../src/queue/injector.ts'
import * as Slots from '../../src/queue/slots.ts'
import * as Ring from '../../src/queue/spsc-ring.ts'

export const dequeWords = (capacity: number, threads: number): number => Deque.wordsFor(capacity) * threads

/** The deque of a thread. */
export const dequeOf = (memory: Int32Array, capacity: number, thread: number): Deque.Deque =>
  Deque.attach(memory, Deque.wordsFor(capacity) * thread, capacity)

export const injectorWords = (capacity: number, threads: number): number => Injector.wordsFor(capacity) + Deque.wordsFor() * threads

export const injectorOf = (memory: Int32Array, capacity: number): Injector.Injector => Injector.attach(memory, 0, capacity)

export const injectorDequeOf = (memory: Int32Array, capacity: number, thread: number): Deque.Deque =>
  Deque.attach(memory, Injector.wordsFor(capacity) + Deque.wordsFor() * thread)

/** Words between the contents of two slots. */
const STRIDE = 16

export const slotsWords = (count: number, threads: number): number => Slots.wordsFor(count) + count * STRIDE + threads * STRIDE

export const slotsOf = (memory: Int32Array, count: number, threads: number) => {
  const first = Slots.wordsFor(count)
  return {
    slots: Slots.attach(memory, 0, count),
    /** How often it was used; the word behind it is its user's, for the time being. */
    contents: (slot: number): number => first + slot * STRIDE,
    /** A slot + 1 that was given to a thread; 0: none. */
    mail: (thread: number): number => first + count * STRIDE + (thread % threads) * STRIDE
  }
}

/** Words of a record. */
export const WIDTH = 6

export const ringWords = (capacity: number): number => Ring.wordsFor(capacity, WIDTH)

export const ringOf = (memory: Int32Array, capacity: number): Ring.SpscRing => Ring.attach(memory, 0, capacity, WIDTH)

/** Word i of a record: different for each. */
export const wordOf = (record: number, i: number): number => (Math.imul(record + 1, 0x9e3779b1) ^ Math.imul(i, 0x85ebca6b)) | 0

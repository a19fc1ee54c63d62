/**
 * The program of the threads of the stress specs: one role each, over the structures of src/queue in shared memory.
 *
 * Between the accesses of an operation a thread loses time at random, so that the others get in between; and now and then it
 * sleeps, so that on few cores somebody else is switched to in the middle.
 */
import { workerData } from 'node:worker_threads'
import { shared, type Memory } from '../../src/atomic/memory.ts'
import { notify, sleep, wait } from '../../src/atomic/park.ts'
import * as Deque from '../../src/queue/deque.ts'
import * as Injector from '../../src/queue/injector.ts'
import { Empty, Full } from '../../src/queue/outcome.ts'
import * as Slots from '../../src/queue/slots.ts'
import * as Ring from '../../src/queue/spsc-ring.ts'
import * as Table from './tables.ts'
import { ENDED, READY, STOP, WRONG, type Part } from './threads.ts'

const part = workerData as Part
const { thread, threads, capacity, values, ms } = part
const controls = new Int32Array(part.controls)
const memory = new Int32Array(part.memory)
const counts = new Int32Array(part.counts)

let random = (part.seed ^ Math.imul(thread + 1, 0x9e3779b1)) | 1
const below = (n: number): number => {
  random ^= random << 13
  random ^= random >>> 17
  random ^= random << 5
  return (random >>> 0) % n
}

/** Loses time: mostly none, sometimes a little, seldom a switch to another thread. */
const dawdle = (): void => {
  const luck = below(1024)
  if (luck < 900) return
  if (luck === 1023 && below(16) === 0) sleep(0.01)
  else for (let i = below(60); i > 0; i--) shared.load(controls, STOP)
}

const jittery: Memory = {
  get: (w, i) => (dawdle(), shared.get(w, i)),
  put: (w, i, v) => {
    dawdle()
    shared.put(w, i, v)
  },
  load: (w, i) => (dawdle(), shared.load(w, i)),
  store: (w, i, v) => {
    dawdle()
    shared.store(w, i, v)
  },
  cas: (w, i, expected, v) => (dawdle(), shared.cas(w, i, expected, v)),
  add: (w, i, v) => (dawdle(), shared.add(w, i, v)),
  exchange: (w, i, v) => (dawdle(), shared.exchange(w, i, v))
}

/** Half of the operations at full speed, half with others in between. */
const any = (): Memory => (below(2) === 0 ? shared : jittery)

const wrong = (what: string): never => {
  shared.add(controls, WRONG, 1)
  throw new Error(`${part.role} ${thread}: ${what}`)
}

const stopped = (): boolean => shared.load(controls, STOP) === 1
const ended = (other: number): boolean => shared.load(controls, ENDED + other) === 1

/** Waits until every thread has come this far. */
const meet = (): void => {
  shared.add(controls, READY, 1)
  notify(controls, READY)
  for (let here = shared.load(controls, READY); here < threads; here = shared.load(controls, READY)) wait(controls, READY, here, 20_000)
}

/** Counts a value; in the order of this taker, if that is promised. */
const taker = (ordered: boolean): ((value: number) => void) => {
  let last = -1
  return (value) => {
    if (value < 0 || value >= values) wrong(`took ${value}, which was never pushed`)
    if (ordered && value <= last) wrong(`took ${value} after ${last}`)
    last = value
    if (shared.add(counts, value, 1) !== 0) wrong(`took ${value}, which was taken before`)
  }
}

/** Calls `push` with 0, 1, 2 … until there are enough or the time is over; answers how many went in. */
const produce = (push: (value: number) => void): number => {
  const end = performance.now() + ms
  let value = 0
  for (; value < values; value++) {
    if ((value & 255) === 0 && performance.now() > end) break
    push(value)
  }
  return value
}

const roles: Readonly<Record<string, () => void>> = {
  'deque owner': () => {
    const o = Deque.owner(Table.dequeOf(memory, capacity, 0))
    const take = taker(true)
    const pop = (): void => {
      const value = Deque.tryPop(o, any())
      if (value !== Empty) take(value)
    }
    const pushed = produce((value) => {
      while (Deque.tryPush(o, value, any()) === Full) pop()
      if (below(8) === 0) pop()
    })
    for (let value = Deque.tryPop(o); value !== Empty; value = Deque.tryPop(o)) take(value)
    counts[values] = pushed
  },

  'deque thief of one': () => {
    const victim = Table.dequeOf(memory, capacity, 0)
    const take = taker(true)
    while (!ended(0)) {
      const value = Deque.trySteal(victim, any())
      if (value >= 0) take(value)
    }
  },

  'deque thief of half': () => {
    const mine = Deque.owner(Table.dequeOf(memory, capacity, thread))
    const victim = Table.dequeOf(memory, capacity, 0)
    const take = taker(true)
    while (!ended(0)) {
      Deque.stealHalf(victim, mine, any())
      while (below(8) > 0) {
        const value = Deque.tryPop(mine, any())
        if (value === Empty) break
        take(value)
      }
    }
    for (let value = Deque.tryPop(mine); value !== Empty; value = Deque.tryPop(mine)) take(value)
  },

  /** Steals from the owner and from the thief before it, so that what it gets is not in order. */
  'deque thief of thieves': () => {
    const mine = Deque.owner(Table.dequeOf(memory, capacity, thread))
    const victims = [Table.dequeOf(memory, capacity, 0), Table.dequeOf(memory, capacity, thread - 1)]
    const take = taker(false)
    while (!ended(0) || !ended(thread - 1)) {
      Deque.stealHalf(victims[below(2)]!, mine, any())
      for (let value = Deque.tryPop(mine, any()); value !== Empty; value = Deque.tryPop(mine, any())) take(value)
    }
  },

  'injector producer': () => {
    const p = Injector.producer(Table.injectorOf(memory, capacity))
    const pushed = produce((value) => {
      while (Injector.tryPush(p, value, any()) === Full) dawdle()
    })
    counts[values] = pushed
  },

  'injector consumer of one': () => {
    const q = Table.injectorOf(memory, capacity)
    const take = taker(true)
    while (!ended(0) || Injector.length(q) > 0) {
      const value = Injector.tryTake(q, any())
      if (value >= 0) take(value)
    }
  },

  'injector consumer of shares': () => {
    const q = Table.injectorOf(memory, capacity)
    const mine = Deque.owner(Table.injectorDequeOf(memory, capacity, thread))
    const take = taker(true)
    while (!ended(0) || Injector.length(q) > 0) {
      // what it holds is older than what it would grab
      for (let value = Deque.tryPop(mine, any()); value !== Empty; value = Deque.tryPop(mine, any())) take(value)
      const value = Injector.grab(q, mine, 2, any())
      if (value >= 0) take(value)
    }
    for (let value = Deque.tryPop(mine); value !== Empty; value = Deque.tryPop(mine)) take(value)
  },

  'slots user': () => {
    const { slots, contents, mail } = Table.slotsOf(memory, capacity, threads)
    const use = (slot: number): void => {
      const at = contents(slot)
      const before = shared.get(memory, at)
      memory[at + 1] = thread
      dawdle()
      if (memory[at + 1] !== thread) wrong(`slot ${slot} is used by ${memory[at + 1]} at the same time`)
      shared.put(memory, at, before + 1)
      counts[thread]!++ // written by this thread alone; read when it has ended
    }
    const release = (slot: number): void => {
      if (!Slots.release(slots, slot, any())) wrong(`slot ${slot} was free already`)
    }
    const readMail = (): void => {
      const slot = shared.exchange(memory, mail(thread), 0) - 1
      if (slot < 0) return
      if (Slots.ownerOf(slots, slot) !== thread) wrong(`slot ${slot} was given to ${Slots.ownerOf(slots, slot)}`)
      use(slot)
      release(slot)
    }
    /** Gives a slot away, to one that does not die; or releases it. */
    const post = (slot: number): void => {
      const to = 1 + below(threads - 1)
      if (shared.load(memory, mail(to)) !== 0 || below(8) > 0) {
        release(slot)
        return
      }
      Slots.give(slots, slot, to)
      if (shared.cas(memory, mail(to), 0, slot + 1)) return
      Slots.give(slots, slot, thread) // somebody else's letter is there: the slot was never told of
      release(slot)
    }
    while (!stopped()) {
      const slot = Slots.claim(slots, thread, any())
      if (slot !== Empty) {
        use(slot)
        post(slot)
      }
      readMail()
    }
  },

  'ring producer': () => {
    const p = Ring.producer(Table.ringOf(memory, capacity))
    const record = new Int32Array(Table.WIDTH)
    const pushed = produce((value) => {
      for (let i = 0; i < Table.WIDTH; i++) record[i] = Table.wordOf(value, i)
      while (Ring.tryPush(p, record, any()) === Full) dawdle()
    })
    counts[0] = pushed
  },

  'ring consumer': () => {
    const c = Ring.consumer(Table.ringOf(memory, capacity))
    const record = new Int32Array(Table.WIDTH)
    let expected = 0
    while (!ended(0) || Ring.hasRecord(c)) {
      if (!Ring.tryPop(c, record, any())) continue
      for (let i = 0; i < Table.WIDTH; i++) {
        if (record[i] !== Table.wordOf(expected, i)) wrong(`record ${expected} came as ${record.join()}`)
      }
      expected++
    }
    counts[1] = expected
  }
}

meet()
roles[part.role]!()
shared.store(controls, ENDED + thread, 1)

/**
 * The value of a watch channel in shared memory, as bytes: for the tasks and threads of a program.
 *
 *     carrier    the value, as the one item; its tag is its revision, another one after every change
 *     VERSION    the revision that the receivers were told of last: a change that nobody is told of has a revision, not a version
 *
 * Each thread makes a value of the bytes once for each revision, so that looking again costs one read of a word. What is changed in its
 * place (`change`) is changed in a copy, which is put back if nobody else has changed the value meanwhile; else all over again.
 * Invariants, whenever the gate is free
 *   V1  the newest item of the carrier is the value, REVISION its tag: a thread that dies between putting it and letting go of the one
 *       before has changed it
 *   V2  who waits has read VERSION before it looked at the value, and is told by an event after VERSION was changed: no change is lost
 * Called by sender.ts and receiver.ts.
 */
import { shared as memory } from '../../atomic/memory.ts'
import { words as sharedWords } from '../../atomic/shared-memory.ts'
import { me } from '../../atomic/threads.ts'
import { EVENT_WORDS, Event } from '../../sync/event.ts'
import { GATE_WORDS, Gate } from '../../sync/gate.ts'
import { outside } from '../../sync/scope.ts'
import { CARRIER_WORDS, Carrier } from '../carrier.ts'
import { load, unwrap, type Cargo } from '../cargo.ts'
import { SEAT_WORDS, SeatCounts } from '../seats.ts'
import type { LocalStore, Members, Store } from './store.ts'
import type { WatchCell } from './types.ts'

const GATE = 0
const REVISION = GATE + GATE_WORDS
const VERSION = REVISION + 1
/** Mark of the thread that has changed the value last. */
const WRITER = VERSION + 1
const CARRIER = WRITER + 1
const CHANGES = CARRIER + CARRIER_WORDS
const DESERTED = CHANGES + EVENT_WORDS
const SENDERS = DESERTED + EVENT_WORDS
const RECEIVERS = SENDERS + SEAT_WORDS
const WORDS = RECEIVERS + SEAT_WORDS

/** What another thread makes a store of. */
export interface Memories {
  readonly words: SharedArrayBuffer
  readonly items: SharedArrayBuffer
}

/** The value that this thread has made of the bytes of a revision. */
interface Copy<A> {
  readonly revision: number
  readonly value: A
}

export class SharedStore<A> implements Store<A> {
  readonly memories: Memories
  readonly senders: SeatCounts
  /** The receivers, as its open handles. */
  readonly readers: SeatCounts
  readonly #members: Members
  readonly #words: Int32Array
  readonly #gate: Gate
  readonly #carrier: Carrier
  readonly #changes: Event
  readonly #deserted: Event
  #copy: Copy<A> | undefined
  #waiting = false

  /** One over shared memory that is there. */
  constructor(memories: Memories, members: Members) {
    this.memories = memories
    this.#members = members
    const words = (this.#words = new Int32Array(memories.words))
    this.#gate = new Gate(words, GATE, () => {
      this.#mend()
    })
    this.#carrier = new Carrier('watch', words, CARRIER, memories.items)
    this.#changes = Event.attach(words, CHANGES)
    this.#deserted = Event.attach(words, DESERTED)
    this.senders = new SeatCounts(words, SENDERS, this.#gate)
    this.readers = new SeatCounts(words, RECEIVERS, this.#gate)
  }

  /** A new one, which goes on where a local one is. Throws, and has changed nothing, when the value cannot cross threads. */
  static create<A>(local: LocalStore<A>, members: Members): SharedStore<A> {
    const cargo = load(local.read(), 'watch')
    const words = sharedWords(WORDS)
    const carrier = Carrier.create('watch', words, CARRIER)
    words[REVISION] = words[VERSION] = local.version
    carrier.push(cargo, local.version)
    const store = new SharedStore<A>({ words: words.buffer as SharedArrayBuffer, items: carrier.memory }, members)
    store.senders.begin(members.ends.count)
    store.readers.begin({ strong: local.receivers, weak: 0 })
    return store
  }

  /** Goes on with the waits that another store had. */
  resume(): void {
    if (this.#members.waits) this.await()
    if (this.#members.ends.watching.first !== undefined) this.watched()
  }

  get version(): number {
    return memory.load(this.#words, VERSION)
  }

  get receivers(): number {
    return this.readers.strong
  }

  get ended(): boolean {
    return this.senders.strong === 0
  }

  read(): A {
    const copy = this.#copy
    if (copy !== undefined && copy.revision === memory.load(this.#words, REVISION)) return copy.value
    return this.#fresh().value
  }

  /** A value that nobody else has. */
  #fresh(): Copy<A> {
    this.#gate.enter()
    const revision = this.#words[REVISION]!
    const raw = this.#carrier.read(this.#carrier.head)
    this.#gate.exit()
    return (this.#copy = { revision, value: unwrap(raw) as A })
  }

  offer(value: A): boolean {
    const cargo = load(value, 'watch')
    if (!this.#locked(() => this.readers.strongInside > 0 && this.#put(cargo, true))) return false
    this.#changes.tell()
    return true
  }

  replace(value: A): A {
    const cargo = load(value, 'watch')
    const old = this.#locked(() => {
      const raw = this.#carrier.read(this.#carrier.head)
      this.#put(cargo, true)
      return raw
    })
    this.#changes.tell()
    return unwrap(old) as A
  }

  change(change: (cell: WatchCell<A>) => boolean): boolean {
    for (;;) {
      const { revision, value } = this.#fresh()
      this.#copy = undefined // it may be changed in its place
      const cell: WatchCell<A> = { value }
      let told = false
      let thrown: { readonly error: unknown } | undefined
      try {
        told = change(cell)
      } catch (error) {
        thrown = { error }
      }
      if (this.#putBack(revision, value, cell.value, told, thrown !== undefined)) {
        if (thrown !== undefined) throw thrown.error
        if (told) this.#changes.tell()
        return told
      }
    }
  }

  /** False, and nothing done, when another thread has changed the value since that revision. */
  #putBack(since: number, before: A, after: A, told: boolean, threw: boolean): boolean {
    if (!told && Object.is(before, after) && (typeof after !== 'object' || after === null)) return true
    let cargo: Cargo
    try {
      cargo = load(after, 'watch')
    } catch (error) {
      if (threw) return true // what it threw is told
      throw error
    }
    const words = this.#words
    return this.#locked(() => {
      // what this thread itself has changed meanwhile was changed by `change`
      if (words[REVISION] !== since && words[WRITER] !== me()) return false
      return this.#put(cargo, told)
    })
  }

  /** In the gate. */
  #put(cargo: Cargo, told: boolean): true {
    const words = this.#words
    const revision = (words[REVISION]! + 1) | 0
    this.#carrier.push(cargo, revision)
    this.#carrier.shift()
    words[WRITER] = me()
    memory.store(words, REVISION, revision)
    if (told) memory.store(words, VERSION, revision)
    return true
  }

  join(): void {
    this.readers.addStrong(1)
  }

  part(): void {
    if (this.readers.addStrong(-1) === 0) this.desert()
  }

  /** No receiver is left. */
  desert(): void {
    this.#deserted.tell()
  }

  await(): void {
    if (this.#waiting) return
    this.#waiting = true
    void outside(() =>
      this.#changes.until(() => {
        this.#members.look()
        if (this.#members.waits) return undefined
        this.#waiting = false
        return true
      })
    )
  }

  watched(): void {
    this.#members.ends.watchBy(this.#deserted)
  }

  block(call: string, look: () => true | undefined, deadline: number): void {
    this.#changes.blockingUntil(call, look, deadline)
  }

  settle(): void {
    this.#changes.tell()
  }

  #locked<T>(body: () => T): T {
    this.#gate.enter()
    try {
      return body()
    } finally {
      this.#gate.exit()
    }
  }

  /** Some thread has died, maybe inside the gate. In the gate. */
  #mend(): void {
    const carrier = this.#carrier
    carrier.repair()
    while (carrier.count > 1) carrier.shift()
    memory.store(this.#words, REVISION, carrier.tag(carrier.head))
    this.senders.mend()
    this.readers.mend()
  }
}

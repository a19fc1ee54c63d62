/**
 * The cell of a oneshot channel whose ends are in two threads: the value is cloned once, when it is sent.
 *
 *     words   [gate][event][carrier] STATE OBSERVED [SENDER passage][RECEIVER passage]
 *
 * SENDER and RECEIVER are the marks of the threads that have the ends; 0 while an end is on its way. A thread that ends before the value
 * was sent closes the channel, whichever end it had, or was about to get (crossing.ts). The value stays where it is: every receive gives it.
 * Called by the ends, through cell.ts.
 */
import { words as sharedWords } from '../../atomic/shared-memory.ts'
import { living, me } from '../../atomic/threads.ts'
import { EVENT_WORDS, Event } from '../../sync/event.ts'
import { GATE_WORDS, Gate } from '../../sync/gate.ts'
import { outside } from '../../sync/scope.ts'
import { load, unwrap } from '../cargo.ts'
import { CARRIER_WORDS, Carrier } from '../carrier.ts'
import { CLOSED, SENT, WAITING, type Cell, type Channel, type State } from './cell.ts'

const GATE = 0
const EVENT = GATE + GATE_WORDS
const CARRIER = EVENT + EVENT_WORDS
const STATE = CARRIER + CARRIER_WORDS
const OBSERVED = STATE + 1
/** Word of the end that sends, and of the one that receives. */
export const SENDER = OBSERVED + 1
export const RECEIVER = SENDER + 2
/** Behind each: grows with every departure of that end. */
const PASSAGE = 1
const WORDS = RECEIVER + 2

export class SharedCell<A> implements Cell<A> {
  readonly words: Int32Array
  readonly carrier: Carrier
  readonly #channel: Channel<A>
  readonly #gate: Gate
  readonly #event: Event
  #listening = false
  #read: { readonly value: A } | undefined

  private constructor(channel: Channel<A>, words: Int32Array, carrier: Carrier, event: Event) {
    this.#channel = channel
    this.words = words
    this.carrier = carrier
    this.#gate = new Gate(words, GATE, () => { this.#mend() })
    this.#event = event
  }

  /** One that goes on from a cell of the thread `mark`, which has both ends. */
  static begin<A>(channel: Channel<A>, mark: number, from: Cell<A>): SharedCell<A> {
    const cargo = from.state === SENT ? load(from.value, 'oneshot') : undefined
    const words = sharedWords(WORDS)
    const carrier = Carrier.create('oneshot', words, CARRIER)
    if (cargo !== undefined) carrier.push(cargo, 0)
    words[STATE] = from.state
    words[OBSERVED] = from.observed ? 1 : 0
    words[SENDER] = words[RECEIVER] = mark
    const event = new Event()
    event.share(words, EVENT)
    return new SharedCell(channel, words, carrier, event)
  }

  static attach<A>(channel: Channel<A>, words: SharedArrayBuffer, memory: SharedArrayBuffer): SharedCell<A> {
    const view = new Int32Array(words)
    return new SharedCell(channel, view, new Carrier('oneshot', view, CARRIER, memory), Event.attach(view, EVENT))
  }

  #mend(): void {
    const { words, carrier } = this
    carrier.repair()
    const dead = (end: number): boolean => words[end] !== 0 && !living(words[end]!)
    if (words[STATE] === WAITING && (dead(SENDER) || dead(RECEIVER))) words[STATE] = CLOSED
  }

  #locked<B>(body: () => B): B {
    this.#gate.enter()
    try {
      return body()
    } finally {
      this.#gate.exit()
    }
  }

  get state(): State {
    if (this.words[STATE] === WAITING) this.#locked(() => undefined) // takes notice of deaths, and of what was written before
    return this.words[STATE] as State
  }

  get value(): A {
    this.#read ??= { value: unwrap(this.#locked(() => this.carrier.read(this.carrier.head))) as A }
    return this.#read.value
  }

  get observed(): boolean {
    return this.words[OBSERVED] !== 0
  }

  observe(): void {
    this.words[OBSERVED] = 1 // the receiver's alone
  }

  put(value: A): boolean {
    const cargo = load(value, 'oneshot')
    const sent = this.#locked(() => {
      if (this.words[STATE] !== WAITING) return false
      this.carrier.push(cargo, 0)
      this.words[STATE] = SENT
      return true
    })
    this.#event.tell()
    return sent
  }

  shut(): void {
    this.#locked(() => {
      if (this.words[STATE] === WAITING) this.words[STATE] = CLOSED
    })
    this.#event.tell()
  }

  listen(): void {
    if (this.#listening) return
    this.#listening = true
    const look = (): true | undefined => {
      this.#channel.settle()
      if (this.#channel.waited && this.state === WAITING) return undefined
      this.#listening = false
      return true
    }
    outside(() => void this.#event.until(look))
  }

  block(call: string, deadline: number): void {
    if (this.state === WAITING) this.#event.blockingUntil(call, () => (this.state === WAITING ? undefined : true), deadline)
  }

  /** An end leaves this thread; answers the number of its passage. */
  depart(end: number): number {
    return this.#locked(() => {
      this.words[end] = 0
      return (this.words[end + PASSAGE]! += 1)
    })
  }

  /** An end has come to this thread; false when it is somewhere else. */
  arrive(end: number): boolean {
    return this.#locked(() => {
      if (this.words[end] !== 0) return false
      this.words[end] = me()
      return true
    })
  }

  /** That passage is over: an end that has not arrived is closed. */
  passageOver(end: number, passage: number): void {
    const lost = this.#locked(() => this.words[end] === 0 && this.words[end + PASSAGE] === passage)
    if (lost) this.shut()
  }
}

export const isShared = <A>(cell: Cell<A>): cell is SharedCell<A> => cell instanceof SharedCell

/** The cell of a oneshot channel whose ends are in one thread: the value is passed as it is. */
import { waitsForItself } from '../../error/wording-sync.ts'
import { CLOSED, SENT, WAITING, type Cell, type Channel, type State } from './cell.ts'

export class LocalCell<A> implements Cell<A> {
  state: State = WAITING
  observed = false
  readonly #channel: Channel<A>
  #value: A | undefined

  constructor(channel: Channel<A>) {
    this.#channel = channel
  }

  get value(): A {
    return this.#value as A
  }

  observe(): void {
    this.observed = true
  }

  put(value: A): boolean {
    if (this.state !== WAITING) return false
    this.#value = value
    this.state = SENT
    this.#channel.settle()
    return true
  }

  shut(): void {
    if (this.state !== WAITING) return
    this.state = CLOSED
    this.#channel.settle()
  }

  listen(): void {
    // whoever changes the state tells it
  }

  block(call: string): void {
    if (this.state === WAITING) throw waitsForItself(call, 'nothing was sent, and the sender is in this very thread')
  }
}

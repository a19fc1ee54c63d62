/** The right to put one item into a channel; it outlives the sender that reserved it. Made by sender.ts. */
import { argumentError } from '../../error/pipeline-error.ts'
import type { NotSent } from '../../sync/outcome.ts'
import type { Channel } from './core.ts'
import type { Permit } from './types.ts'

export class HeldPermit<A> implements Permit<A> {
  readonly #channel: Channel<A>
  #weight: number

  /** One that the channel knows to be out. */
  constructor(channel: Channel<A>, weight: number) {
    this.#channel = channel
    this.#weight = weight
  }

  get weight(): number {
    return this.#weight
  }

  send(item: A): NotSent<A> | undefined {
    const { core } = this.#channel
    const held = this.#weight
    if (held === 0) {
      throw argumentError('type', 'mpsc permit: it holds no room any more', 'it was used or released', 'reserve once for each item')
    }
    if (core.gone) {
      this.release()
      return { _tag: 'Closed', value: item }
    }
    const weight = core.weightOf(item)
    if (weight > held) {
      const got = `it weighs ${weight}, reserved was ${held}`
      throw argumentError('range', 'mpsc permit: the item weighs more than was reserved', got, 'reserve({ weight }) for the heaviest item')
    }
    const sent = core.sendReserved(item, held, weight)
    this.#weight = 0
    return sent ? undefined : { _tag: 'Closed', value: item }
  }

  release(): void {
    const held = this.#weight
    if (held === 0) return
    this.#weight = 0
    this.#channel.core.release(held)
  }

  [Symbol.dispose](): void {
    this.release()
  }
}

/** `n` permits for one item of weight 1 each. */
export const many = <A>(channel: Channel<A>, n: number): readonly HeldPermit<A>[] =>
  Array.from({ length: n }, () => new HeldPermit(channel, 1))

/**
 * The naive model of an mpsc channel, and random programs over it: plain arrays, and rules that are tried until none applies.
 *
 * Calls have numbers; `outcomes` says what has become of each. A call that waits has none yet.
 */
import fc from 'fast-check'

export type Op =
  | { readonly op: 'trySend' | 'send' | 'reserve' | 'tryReserve'; readonly sender: number; readonly weight: number }
  | { readonly op: 'permitSend'; readonly permit: number; readonly weight: number }
  | { readonly op: 'permitRelease' | 'abort'; readonly call: number }
  | { readonly op: 'reserveMany' | 'tryReserveMany'; readonly sender: number; readonly n: number }
  | { readonly op: 'recvMany'; readonly limit: number }
  | { readonly op: 'recv' | 'tryRecv' | 'closeReceiver' | 'disposeReceiver' | 'turn' | 'share' }
  | { readonly op: 'clone' | 'closeSender' | 'downgrade' | 'upgrade' | 'closeWeak'; readonly sender: number }

const small = fc.nat({ max: 7 })
const weight = fc.integer({ min: 1, max: 6 })

/** Mostly sends and receives; the ends are closed seldom, so that programs live. */
export const programArb: fc.Arbitrary<readonly Op[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ op: fc.constantFrom('trySend' as const, 'send' as const, 'send' as const), sender: small, weight }) },
    { weight: 4, arbitrary: fc.record({ op: fc.constantFrom('reserve' as const, 'tryReserve' as const), sender: small, weight }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('reserveMany' as const, 'tryReserveMany' as const), sender: small, n: fc.nat({ max: 4 }) }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('recvMany' as const), limit: fc.nat({ max: 5 }) }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('downgrade' as const, 'upgrade' as const, 'closeWeak' as const), sender: small }) },
    { weight: 3, arbitrary: fc.record({ op: fc.constant('permitSend' as const), permit: small, weight }) },
    { weight: 4, arbitrary: fc.record({ op: fc.constantFrom('permitRelease' as const, 'abort' as const, 'abort' as const), call: small }) },
    { weight: 10, arbitrary: fc.record({ op: fc.constantFrom('recv' as const, 'recv' as const, 'tryRecv' as const, 'turn' as const) }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('clone' as const, 'closeSender' as const, 'closeSender' as const), sender: small }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('closeReceiver' as const, 'closeReceiver' as const, 'disposeReceiver' as const, 'turn' as const, 'share' as const) }) }
  ),
  { maxLength: 60 }
)

interface Item {
  readonly id: number
  readonly weight: number
}

/** The number of one of the permits that a call has reserved together. */
export const partOf = (call: number, k: number): number => call + (k + 1) / 16

export class Model {
  readonly outcomes = new Map<number, string>()
  readonly items: Item[] = []
  readonly sending: (Item & { readonly kind: 'send' | 'reserve' | 'reserveMany' })[] = []
  readonly receiving: number[] = []
  /** Permits that are out: what each holds, by the number of the call that reserved it. */
  readonly permits = new Map<number, number>()
  /** Whether each sender is open. */
  readonly senders = [true]
  /** Whether each weak sender is open. */
  readonly weak: boolean[] = []
  closed = false
  gone = false
  readonly capacity: number

  constructor(capacity: number) {
    this.capacity = capacity
  }

  /** Heavier than the channel is as heavy as the channel. */
  fit(weight: number): number {
    return Math.min(weight, this.capacity)
  }

  get #unused(): number {
    const sum = (weights: Iterable<number>): number => [...weights].reduce((a, b) => a + b, 0)
    return this.capacity - sum(this.items.map(({ weight }) => weight)) - sum(this.permits.values())
  }

  /** What is free for a newcomer: nothing, while anybody waits. */
  get free(): number {
    return this.sending.length > 0 ? 0 : this.#unused
  }

  get senderless(): boolean {
    return !this.senders.includes(true) && this.sending.length === 0
  }

  /** Something besides an open sender may still bring an item. */
  get kept(): boolean {
    return this.permits.size > 0 || this.sending.length > 0
  }

  /** Takes items one by one, as long as there are some. */
  take(limit: number): number[] {
    const ids: number[] = []
    while (ids.length < limit && this.items.length > 0) {
      ids.push(this.items.shift()!.id)
      this.run()
    }
    return ids
  }

  get ended(): boolean {
    return this.items.length === 0 && this.permits.size === 0 && (this.closed || this.senderless)
  }

  /** Everything that can happen, happens. */
  run(): void {
    for (let moved = true; moved; ) {
      moved = false
      const head = this.sending[0]
      if (head !== undefined && head.weight <= this.#unused) {
        this.sending.shift()
        if (head.kind === 'send') this.items.push(head)
        else if (head.kind === 'reserve') this.permits.set(head.id, head.weight)
        else for (let k = 0; k < head.weight; k++) this.permits.set(partOf(head.id, k), 1)
        this.outcomes.set(head.id, { send: 'sent', reserve: `permit of ${head.weight}`, reserveMany: `${head.weight} permits` }[head.kind])
        moved = true
      }
      if (this.receiving.length > 0 && this.items.length > 0) {
        this.outcomes.set(this.receiving.shift()!, `item ${this.items.shift()!.id}`)
        moved = true
      }
      if (this.receiving.length > 0 && (this.ended || this.gone)) {
        this.outcomes.set(this.receiving.shift()!, 'closed')
        moved = true
      }
    }
  }
}

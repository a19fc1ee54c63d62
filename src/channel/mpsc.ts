/**
 * Channels of many senders and one receiver, bounded or not, between async tasks and between threads.
 *
 *     sender ──send──▶ ┌ capacity, in permits ────────────┐
 *     clone  ──send──▶ │ buffered items · permits held    │ ──recv──▶ receiver
 *     clone  ─reserve▶ └──────────────────────────────────┘
 *              waiting sends and reserves, oldest first          waiting receives, oldest first
 *
 * Bound        an item takes as many permits as it weighs (1 without `weigh`), from before it is buffered until it is
 *              received. One that weighs more than the capacity takes all: it goes through when the channel is empty
 * Order        items are received in the order in which their sends were called, a waiting send included (it is buffered in
 *              the moment it gets its permits, not when its promise is awaited); nobody passes those who wait
 * Ending       the channel has ended when all senders are closed, or the receiver is, and nothing is on the way: no
 *              buffered item, no waiting send, no permit that may still be sent. Then, and from then on, `recv` answers
 *              `Closed`. `receiver.close()` refuses who waits to send; disposing the receiver also throws away what is buffered
 * Cancel       a wait that its signal ends has sent nothing, taken nothing, and its permits are with the next
 * Fairness     a loop of ready sends or receives lets the event loop turn now and then: sync/budget.ts
 * Source       tokio `sync::mpsc`; one fair semaphore of permits carries it (sync/permits.ts)
 *
 * Across threads  an end that travels (prelude/travel.ts) makes the channel one of shared memory: items are cloned once, when they are
 *              sent. A sender is copied, and counts as one more; the receiver is moved. A thread that ends has closed its senders,
 *              released its permits, and disposed its receiver
 *
 * mpsc/types.ts is what users see; sender.ts, receiver.ts and permit.ts are the ends; core.ts is what they ask of local.ts and shared.ts.
 * Called by exec/edges/link.ts and, through `millrace/sync`, by users.
 */
import { knownOptions, type OptionNames } from '../error/known-options.ts'
import { wholeNumber } from '../sync/check.ts'
import { Channel, UNBOUNDED } from './mpsc/core.ts'
import { LocalCore } from './mpsc/local.ts'
import { ReceivingEnd } from './mpsc/receiver.ts'
import { SendingEnd, UnboundedSendingEnd } from './mpsc/sender.ts'
import type { Mpsc, MpscOptions, UnboundedMpsc } from './mpsc/types.ts'

export type * from './mpsc/types.ts'

const NAMES: OptionNames<MpscOptions<never>> = { capacity: 1, weigh: 1 }

const bounded = <A>(options: MpscOptions<A>): Mpsc<A> => {
  const given = (options as MpscOptions<A> | undefined) ?? {}
  knownOptions('mpsc', given, NAMES)
  const { capacity, weigh } = given as Partial<MpscOptions<A>>
  const channel = new Channel<A>(wholeNumber('mpsc', 'capacity', capacity, 1), (one) => new LocalCore(one, weigh))
  return { sender: new SendingEnd(channel), receiver: new ReceivingEnd(channel) }
}

/**
 * Makes an unbounded channel of many senders and one receiver.
 *
 * **When to use**  where the sender must not wait, and something else bounds how much it sends: events, answers, commands of an actor.
 *                  Prefer a bounded channel: this one grows as long as its receiver is slower than its senders
 * **Cost**         `send` and `tryRecv` allocate nothing
 * **Memory**       whatever was sent and not received
 * **Source**       tokio `sync::mpsc::unbounded_channel`
 * @example
 * const { sender, receiver } = mpsc.unbounded<string>()
 * sender.send('a')
 * sender.send('b')
 * sender.close()
 * await receiver.recvMany(10) // => ['a', 'b']
 * await receiver.recv() // => Closed
 */
const unbounded = <A>(): UnboundedMpsc<A> => {
  const channel = new Channel<A>(UNBOUNDED, (one) => new LocalCore(one, undefined))
  return { sender: new UnboundedSendingEnd(channel), receiver: new ReceivingEnd(channel) }
}

/**
 * Makes a bounded channel of many senders and one receiver.
 *
 * **Cost**    `trySend` and `tryRecv` allocate nothing; `send` and `recv` make a promise when they have to wait. Across threads about a
 *             microsecond an item: it is cloned, once
 * **Memory**  at most `capacity` permits of items; one heavier item at a time. Across threads, shared memory of as much as was ever in it
 *             together, at most 1 GiB
 * **Cancel**  each operation that waits, by its `signal`: nothing was sent or taken, permits are back, the place in the line is lost
 * **Errors**  RangeError for a capacity that is not a whole number from 1 to 2³¹−1
 * **Source**  tokio `sync::mpsc::channel`
 * @example
 * const { sender, receiver } = mpsc<number>({ capacity: 2 })
 * await sender.send(1)
 * sender.trySend(2) // => undefined
 * sender.trySend(3) // => { _tag: 'Full', value: 3 }
 * sender.close()
 * await receiver.recv() // => 1
 * await receiver.recv() // => 2
 * await receiver.recv() // => Closed
 */
export const mpsc: {
  <A>(options: MpscOptions<A>): Mpsc<A>
  readonly unbounded: typeof unbounded
} = Object.assign(bounded, { unbounded })

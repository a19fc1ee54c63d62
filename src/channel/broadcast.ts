/**
 * A bounded channel that gives every item to every receiver, between the tasks of one thread or of several.
 *
 *     send ──▶ ┌──────────────────────────────────┐        a, b …  cursors: each receiver reads at its own pace
 *              │ oldest │      │      │ newest     │
 *              └──▲────────────▲──────────────────┘        an item is let go when nobody needs it any more
 *                 b            a         tail: where a new receiver begins
 *
 * When full    'wait' (the default): a send waits until the slowest receiver has taken the oldest item: nothing is lost.
 *              'lag': the oldest item is dropped: a send never waits, and a receiver that missed items is told so, once,
 *              by `Lagged` with their number; then it goes on with the oldest item that is retained
 * Bound        `capacity` items, exactly; with `weigh`, items that weigh that much together, or one alone
 * Order        every receiver sees the items in the order in which their sends were called, a waiting send included
 * Ending       all senders closed: each receiver reads what is left for it (`Lagged` first, if it is due), then `Closed`.
 *              No receivers: a send fails and keeps its item, until somebody subscribes again
 * Cancel       a wait that its signal ends has sent nothing and taken nothing
 * Threads      items are passed by reference until an end of the channel travels to another thread. From then on the channel is
 *              in shared memory: each receiver gets a copy of its own, and what structured clone refuses is a TypeError of the send.
 *              A sender that travels is one more sender, a receiver moves. The ends of a thread that dies are closed, its sends that
 *              wait are taken back. Of sends that wait, 512 are in one line over all threads; those of a thread beyond join it in order
 * Source       tokio `sync::broadcast` for 'lag'; 'wait' is its opposite choice
 *
 * Called by exec/edges/link.ts and, through `millrace/sync`, by users.
 */
import { argumentError } from '../error/pipeline-error.ts'
import { wholeNumber } from '../sync/check.ts'
import { Channel } from './broadcast/channel.ts'
import { SendingEnd } from './broadcast/ends.ts'
import type { Lagged } from './broadcast/lagged.ts'
import type { BroadcastOptions, BroadcastSender } from './broadcast/types.ts'

export { Lagged, LaggedError } from './broadcast/lagged.ts'
export type { BroadcastOptions, BroadcastReceiver, BroadcastSender, ItemsOptions, WeakBroadcastSender } from './broadcast/types.ts'

/**
 * Makes a channel whose receivers each get every item that is sent after they subscribed. It has none to begin with.
 *
 * **When to use**  to tell several tasks the same things; `whenFull: 'lag'` for news of which only the latest matter
 * **Cost**         a send looks at every receiver. Across threads: an item is made into bytes once, and of them once for each receiver
 * **Memory**       at most `capacity` items, and those of sends that wait. Across threads: in at most 1 GiB of shared memory, that grows
 *                  with what is in it and does not shrink; at most 1024 receivers
 * **Errors**       RangeError for a capacity that is not a whole number from 1 to 2³¹−1, or an unknown `whenFull`
 * **Source**       tokio `sync::broadcast::channel`
 * @example
 * const sender = broadcast<string>({ capacity: 2, whenFull: 'lag' })
 * const receiver = sender.subscribe()
 * for (const item of ['a', 'b', 'c']) sender.trySend(item)
 * await receiver.recv() // => new Lagged(1)
 * await receiver.recv() // => 'b'
 * await receiver.recv() // => 'c'
 */
export function broadcast<A>(options: BroadcastOptions<A> & { readonly whenFull?: 'wait' | undefined }): BroadcastSender<A>
export function broadcast<A>(options: BroadcastOptions<A>): BroadcastSender<A, Lagged>
export function broadcast<A>({ capacity, whenFull = 'wait', weigh }: BroadcastOptions<A>): BroadcastSender<A, Lagged> {
  if (whenFull !== 'wait' && whenFull !== 'lag') {
    throw argumentError('range', "broadcast: whenFull must be 'wait' or 'lag'", `got ${String(whenFull)}`, 'correct the argument')
  }
  return new SendingEnd(Channel.create<A>(wholeNumber('broadcast', 'capacity', capacity, 1), whenFull, weigh))
}

/**
 * A channel of one value that changes, between the tasks of one thread or of several: receivers see the latest, not each one.
 *
 *     send ──▶ value, version ──▶ each receiver: has it seen this version?      several sends in between are one change
 *
 * Ending   all senders closed: an unseen value is still a change, once; after that `changed` answers `Closed`. The last value
 *          stays readable. No receivers: `send` fails and stores nothing; `subscribe` makes the channel usable again
 * Cancel   a wait that its signal ends has marked nothing as seen
 * Threads  the value is passed by reference until an end of the channel travels to another thread. From then on it is in shared memory:
 *          each thread sees a copy, the same for all of its ends until the value changes, and what structured clone refuses is a
 *          TypeError of the send. A sender that travels is one more sender, a receiver moves. The ends of a thread that dies are closed
 * Source   tokio `sync::watch`. A value here is shared, not locked: keep it immutable, or change it through `sendModify`
 *
 * Called by users, through `millrace/sync`.
 */
import { Channel } from './watch/channel.ts'
import { ReceivingEnd } from './watch/receiver.ts'
import { SendingEnd } from './watch/sender.ts'
import type { Watch } from './watch/types.ts'

export type { Watch, WatchCell, WatchReceiver, WatchSender, WeakWatchSender } from './watch/types.ts'

/**
 * Makes a channel of one value, which begins as `initial`. That one counts as seen.
 *
 * **When to use**  for a setting, a state or a progress, where whoever is late wants the latest only
 * **Cost**         a send looks at the receivers that wait. Across threads: the value is made into bytes once, and of them once in each
 *                  thread that looks; looking again costs the read of a word
 * **Memory**       one value; two, while it is replaced in shared memory
 * **Source**       tokio `sync::watch::channel`
 * @example
 * const { sender, receiver } = watch('starting')
 * sender.send('working')
 * sender.send('done')
 * await receiver.changed() // => 'done'
 * receiver.hasChanged() // => false
 */
export const watch = <A>(initial: A): Watch<A> => {
  const channel = Channel.create(initial)
  return { sender: new SendingEnd(channel), receiver: ReceivingEnd.subscribe(channel, channel.store.version) }
}

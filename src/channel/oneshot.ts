/**
 * A channel for one value, between async tasks and between threads: the answer to a question that was sent along with it.
 *
 *     sender ── send, once ──▶ value ──▶ receiver                  either side may leave first, and the other is told
 *
 *     WAITING ──send──▶ SENT ──recv, tryRecv──▶ observed
 *        └──close of either side──▶ CLOSED ──recv, tryRecv──▶ observed
 *
 * The receiver remembers what came of it: every `recv` gives the same answer, while `tryRecv` hands the value out once.
 * Across threads an end that travels is moved; a thread that ends with an end of a channel whose value was not sent closes it.
 * oneshot/types.ts is what users see; ends.ts are the ends; local.ts and shared.ts are what is between them.
 * Source: tokio `sync::oneshot`. Called by users, through `millrace/sync`.
 */
import { Channel } from './oneshot/cell.ts'
import { ReceivingEnd, SendingEnd } from './oneshot/ends.ts'
import { LocalCell } from './oneshot/local.ts'
import type { Oneshot } from './oneshot/types.ts'

export type * from './oneshot/types.ts'

/**
 * Makes a channel for one value.
 *
 * **When to use**  to await one answer of another task, which may go away without giving it
 * **Cost**         three small objects, and a promise where the receiver waits; across threads, a few microseconds and 1 KiB of shared memory
 * **Source**       tokio `sync::oneshot::channel`
 * @example
 * const { sender, receiver } = oneshot<number>()
 * receiver.tryRecv() // => Empty
 * sender.send(42)
 * await receiver.recv() // => 42
 */
export const oneshot = <A>(): Oneshot<A> => {
  const channel = new Channel<A>((one) => new LocalCell(one))
  return { sender: new SendingEnd(channel), receiver: new ReceivingEnd(channel) }
}

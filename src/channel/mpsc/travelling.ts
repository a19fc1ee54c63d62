/**
 * Ends of mpsc channels that go to another thread: the channel becomes one of shared memory when the first does.
 *
 *     sender ──[travel]──▶ words, memory, ticket, port ══▶ another sender of the thread that it comes to; this one stays open
 *     receiver ──[travel]──▶ words, memory, port       ══▶ the receiver; this one is none any more
 *
 * An end that cannot arrive any more, since the thread that it goes to has ended, is told by its port (crossing.ts): a sender counts as
 * closed then, and the receiver as dropped.
 * Items that were sent before are cloned then; if one cannot be, the end stays where it is, and so does everything else.
 * Called by sender.ts and receiver.ts.
 */
import { channelStays } from '../../error/wording-channel.ts'
import type { Luggage } from '../../prelude/travel.ts'
import { reside, resident, type Name } from '../../sync/residents.ts'
import { load, type Cargo } from '../cargo.ts'
import { depart, departCounted, land, landCounted, type Counted, type Crossing } from '../crossing.ts'
import { Channel } from './core.ts'
import { isLocal } from './local.ts'
import { SharedCore, isShared } from './shared.ts'

/** What an end is sent as. */
export interface ChannelParts {
  readonly name: Name
  readonly maxCapacity: number
  readonly words: SharedArrayBuffer
  readonly memory: SharedArrayBuffer
}

export interface SenderParts extends ChannelParts {
  readonly counted: Counted
}

export interface ReceiverParts extends ChannelParts {
  readonly crossing: Crossing
}

const names = new WeakMap<object, Name>()

/** The channel in shared memory, from now on if not before. */
const shared = <A>(channel: Channel<A>): SharedCore<A> => {
  const { core } = channel
  if (isShared(core)) return core
  if (!isLocal(core)) throw new TypeError('a core is local or shared')
  const cargo: (readonly [Cargo, number])[] = []
  for (let i = 0; i < core.items.size; i++) cargo.push([load(core.items.at(i), 'mpsc'), core.weights?.at(i) ?? 1])
  const next = SharedCore.begin(channel, cargo, core)
  channel.core = next
  channel.ends.count = next.counts
  next.resume()
  return next
}

const partsOf = <A>(channel: Channel<A>): ChannelParts => {
  const { words, carrier } = shared(channel)
  let name = names.get(channel)
  if (name === undefined) names.set(channel, (name = reside(channel)))
  return { name, maxCapacity: channel.maxCapacity, words: words.buffer as SharedArrayBuffer, memory: carrier.memory }
}

/** What a weight keeps in this thread. */
const mustNotWeigh = <A>(channel: Channel<A>): void => {
  if (!channel.core.weighs) return
  throw channelStays('mpsc: a sender', 'its channel weighs items by a function of this thread', 'make the channel without weigh, or send its receiver')
}

/** What a sender is sent as. */
export const senderParts = <A>(channel: Channel<A>, open: boolean): SenderParts => {
  if (!open) throw channelStays('mpsc: a sender', 'it was closed', 'send it before it is closed')
  mustNotWeigh(channel)
  const parts = partsOf(channel)
  const core = shared(channel)
  return { ...parts, counted: departCounted(core.counts, () => { core.senderless() }) }
}

/** What a weak sender is sent as. */
export const weakParts = <A>(channel: Channel<A>): ChannelParts => {
  mustNotWeigh(channel)
  return partsOf(channel)
}

/** What a receiver is sent as. It is nobody's then. */
export const receiverParts = <A>(channel: Channel<A>): ReceiverParts => {
  if (channel.core.receiving) {
    throw channelStays('mpsc: a receiver', 'a receive of this thread waits on it', 'abort it, or await it, before the receiver is sent')
  }
  const parts = partsOf(channel)
  const core = shared(channel)
  const passage = core.departReceiver()
  return { ...parts, crossing: depart(() => { core.passageOver(passage) }) }
}

/** The channel in this thread that an end has come to. */
export const channelOf = <A>({ name, maxCapacity, words, memory }: ChannelParts): Channel<A> =>
  resident('mpsc channel', name, () => {
    const made = new Channel<A>(maxCapacity, (one) => SharedCore.attach(one, words, memory))
    made.ends.count = shared(made).counts
    names.set(made, name)
    return made
  })

/** A sender has come: its channel here, and whether it is open. */
export const senderArrived = <A>({ counted, ...parts }: SenderParts): { readonly channel: Channel<A>; readonly open: boolean } => {
  const channel = channelOf<A>(parts)
  const core = shared(channel)
  return { channel, open: landCounted(core.counts, counted, () => core.kept) }
}

/** A receiver has come. */
export const receiverArrived = <A>({ crossing, ...parts }: ReceiverParts): Channel<A> => {
  const channel = channelOf<A>(parts)
  const arrived = shared(channel).arriveReceiver()
  land(crossing)
  if (!arrived) throw channelStays('mpsc: a receiver', 'it has arrived in a thread already', 'pack it once for each thread that it goes to')
  return channel
}

/** An end on its way; what goes with it is moved, if it is told when it does not arrive. */
export const luggage = (kind: string, parts: ChannelParts, crossing?: Crossing): Luggage => ({
  kind,
  parts,
  transfer: crossing === undefined ? [] : [crossing.port]
})

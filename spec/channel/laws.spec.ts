/** The laws of spec/support/channel-laws.ts, applied to every channel and every choice that it has. */
import { broadcast, mpsc, oneshot, watch, type BroadcastSender, type Lagged, type Sender, type UnboundedSender } from '../../src/sync.ts'
import { channelLaws, type Ends } from '../support/channel-laws.ts'

const mpscEnds = (weigh?: (item: unknown) => number) => (capacity: number): Ends => {
  const { sender, receiver } = mpsc<unknown>({ capacity, weigh })
  const clone = (one: Sender<unknown>) => ({ trySend: (item: unknown) => one.trySend(item), close: () => { one.close() } })
  return {
    trySend: (item) => sender.trySend(item),
    recv: (options) => receiver.recv(options),
    closed: (options) => sender.closed(options),
    senderIsClosed: () => sender.isClosed,
    closeSender: () => { sender.close() },
    leave: () => { receiver[Symbol.dispose]() },
    many: {
      tryRecv: () => receiver.tryRecv(),
      send: (item, options) => sender.send(item, options),
      clone: () => clone(sender.clone()),
      iterate: () => receiver[Symbol.asyncIterator](),
      bounded: true
    }
  }
}

const unboundedEnds = (): Ends => {
  const { sender, receiver } = mpsc.unbounded<unknown>()
  const clone = (one: UnboundedSender<unknown>) => ({ trySend: (item: unknown) => one.send(item), close: () => { one.close() } })
  return {
    trySend: (item) => sender.send(item),
    recv: (options) => receiver.recv(options),
    closed: (options) => sender.closed(options),
    senderIsClosed: () => sender.isClosed,
    closeSender: () => { sender.close() },
    leave: () => { receiver[Symbol.dispose]() },
    many: {
      tryRecv: () => receiver.tryRecv(),
      send: async (item) => sender.send(item),
      clone: () => clone(sender.clone()),
      iterate: () => receiver[Symbol.asyncIterator](),
      bounded: false,
      sendsAtOnce: true
    }
  }
}

const broadcastEnds = (whenFull: 'wait' | 'lag', silent: boolean, weigh?: (item: unknown) => number) => (capacity: number): Ends => {
  const sender: BroadcastSender<unknown, Lagged> = broadcast<unknown>({ capacity, whenFull, weigh })
  const receiver = sender.subscribe()
  // one more, that has left: it must not count
  if (silent) sender.subscribe().close()
  return {
    trySend: (item) => sender.trySend(item),
    recv: (options) => receiver.recv(options),
    closed: (options) => sender.closed(options),
    senderIsClosed: () => sender.isClosed,
    closeSender: () => { sender.close() },
    leave: () => { receiver[Symbol.dispose]() },
    many: {
      tryRecv: () => receiver.tryRecv(),
      send: (item, options) => sender.send(item, options),
      clone: () => {
        const one = sender.clone()
        return { trySend: (item) => one.trySend(item), close: () => { one.close() } }
      },
      iterate: () => receiver[Symbol.asyncIterator](),
      bounded: whenFull === 'wait'
    }
  }
}

channelLaws('mpsc', mpscEnds())
channelLaws('mpsc, with weights of 1', mpscEnds(() => 1))
channelLaws('mpsc, with weights that are rounded up', mpscEnds(() => 0.2))
channelLaws('mpsc, unbounded', unboundedEnds)
channelLaws('broadcast that waits', broadcastEnds('wait', false))
channelLaws('broadcast that waits, one receiver gone', broadcastEnds('wait', true))
channelLaws('broadcast that waits, with weights that are rounded up', broadcastEnds('wait', false, () => 0.2))
channelLaws('broadcast that lags, with weights of 1', broadcastEnds('lag', false, () => 1))
channelLaws('broadcast that lags', broadcastEnds('lag', false))

channelLaws('oneshot', () => {
  const { sender, receiver } = oneshot<unknown>()
  return {
    trySend: (item) => sender.send(item),
    recv: (options) => receiver.recv(options),
    closed: (options) => sender.closed(options),
    senderIsClosed: () => sender.isClosed,
    closeSender: () => { sender.close() },
    leave: () => { receiver[Symbol.dispose]() },
    remembers: true
  }
})

channelLaws('watch', () => {
  const { sender, receiver } = watch<unknown>('initial')
  return {
    trySend: (item) => sender.send(item),
    recv: (options) => receiver.changed(options),
    closed: (options) => sender.closed(options),
    senderIsClosed: () => sender.isClosed,
    closeSender: () => { sender.close() },
    leave: () => { receiver[Symbol.dispose]() }
  }
})

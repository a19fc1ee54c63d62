/** Types of mpsc and oneshot channels: what is inferred, and what must not compile. Checked by tsc, never run. */
import { expectTypeOf } from 'expect-type'
import {
  mpsc, oneshot, type BlockingOptions, type Closed, type Empty, type Full, type Mpsc, type NotSent, type NotSentInTime, type Oneshot, type OneshotReceiver, type OneshotSender,
  type Permit, type Receiver, type Sender, type UnboundedMpsc, type UnboundedSender, type WeakSender, type WeakUnboundedSender
} from '../../src/sync.ts'

const { sender, receiver } = mpsc<number>({ capacity: 1 })
expectTypeOf(mpsc<number>({ capacity: 1 })).toEqualTypeOf<Mpsc<number>>()
expectTypeOf(mpsc({ capacity: 1, weigh: (s: string) => s.length })).toEqualTypeOf<Mpsc<string>>()
expectTypeOf(mpsc.unbounded<string>()).toEqualTypeOf<UnboundedMpsc<string>>()

// answers tell an item from what is none, by identity
expectTypeOf(receiver.tryRecv()).toEqualTypeOf<number | Empty | Closed>()
expectTypeOf(receiver.recv()).toEqualTypeOf<Promise<number | Closed>>()
expectTypeOf(receiver.blockingRecv()).toEqualTypeOf<number | Closed>()
expectTypeOf(receiver.recvMany(3)).toEqualTypeOf<Promise<number[]>>()
expectTypeOf(receiver.recvMany(3, { into: [1], signal: AbortSignal.abort() })).toEqualTypeOf<Promise<number[]>>()
expectTypeOf(receiver.blockingRecvMany(3, { into: [] })).toEqualTypeOf<number[]>()
expectTypeOf<ReturnType<Receiver<number>[typeof Symbol.asyncIterator]>>().toExtend<AsyncIterator<number>>()

expectTypeOf(sender.trySend(1)).toEqualTypeOf<NotSent<number> | undefined>()
expectTypeOf(sender.send(1)).toEqualTypeOf<Promise<void>>()
expectTypeOf(sender.sendTimeout(1, 5)).toEqualTypeOf<Promise<NotSentInTime<number> | undefined>>()
expectTypeOf<Sender<number>['blockingSend']>().toEqualTypeOf<(item: number, options?: BlockingOptions) => void>()
expectTypeOf(sender.reserve()).toEqualTypeOf<Promise<Permit<number>>>()
expectTypeOf(sender.tryReserve()).toEqualTypeOf<Permit<number> | Full | Closed>()
expectTypeOf(sender.tryReserveMany(2)).toEqualTypeOf<readonly Permit<number>[] | Full | Closed>()
expectTypeOf(sender.reserveMany(2)).toEqualTypeOf<Promise<readonly Permit<number>[]>>()
expectTypeOf(sender.blockingReserve()).toEqualTypeOf<Permit<number>>()
expectTypeOf(sender.clone()).toEqualTypeOf<Sender<number>>()
expectTypeOf(sender.downgrade()).toEqualTypeOf<WeakSender<number>>()
expectTypeOf(sender.downgrade().upgrade()).toEqualTypeOf<Sender<number> | undefined>()
expectTypeOf(sender.downgrade().clone()).toEqualTypeOf<WeakSender<number>>()

const free = mpsc.unbounded<string>().sender
expectTypeOf(free.send('a')).toEqualTypeOf<NotSent<string> | undefined>()
expectTypeOf(free.clone()).toEqualTypeOf<UnboundedSender<string>>()
expectTypeOf(free.downgrade()).toEqualTypeOf<WeakUnboundedSender<string>>()
expectTypeOf(free.downgrade().upgrade()).toEqualTypeOf<UnboundedSender<string> | undefined>()

expectTypeOf(oneshot<number>()).toEqualTypeOf<Oneshot<number>>()
expectTypeOf<OneshotSender<number>['send']>().toEqualTypeOf<(value: number) => NotSent<number> | undefined>()
expectTypeOf<ReturnType<OneshotReceiver<number>['blockingRecv']>>().toEqualTypeOf<number | Closed>()

// ends can be disposed by `using`
expectTypeOf(sender).toExtend<Disposable>()
expectTypeOf(receiver).toExtend<Disposable>()
expectTypeOf<Permit<number>>().toExtend<Disposable>()
expectTypeOf<WeakSender<number>>().toExtend<Disposable>()

// a receiver does not send, and an unbounded sender has nothing to reserve
expectTypeOf<Extract<keyof Receiver<number>, 'send' | 'trySend'>>().toBeNever()
expectTypeOf<Extract<keyof UnboundedSender<number>, 'reserve' | 'capacity'>>().toBeNever()

// @ts-expect-error an item of another kind
sender.trySend('text')
// @ts-expect-error a bounded channel needs its capacity
mpsc<number>({})
// @ts-expect-error a sender of another kind of channel
free.sameChannel(sender)
// @ts-expect-error what is in a channel is read-only from outside
sender.capacity = 3

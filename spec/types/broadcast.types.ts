/** Types of broadcast and watch channels, checked by the compiler; nothing here runs. */
import { expectTypeOf } from 'expect-type'
import { broadcast, watch } from '../../src/sync.ts'
import type { BroadcastReceiver, BroadcastSender, Closed, Empty, Lagged, NotSent, WatchReceiver, WatchSender, WeakBroadcastSender, WeakWatchSender } from '../../src/sync.ts'

// a channel that waits never lags; one that may lag says so
const waiting = broadcast<string>({ capacity: 1 })
expectTypeOf(waiting).toEqualTypeOf<BroadcastSender<string>>()
expectTypeOf(waiting.subscribe().tryRecv()).toEqualTypeOf<string | Empty | Closed>()
expectTypeOf(broadcast<string>({ capacity: 1, whenFull: 'wait' })).toEqualTypeOf<BroadcastSender<string>>()

const lagging = broadcast<string>({ capacity: 1, whenFull: 'lag' })
expectTypeOf(lagging).toEqualTypeOf<BroadcastSender<string, Lagged>>()
const receiver = lagging.subscribe()
expectTypeOf(receiver).toEqualTypeOf<BroadcastReceiver<string, Lagged>>()
expectTypeOf(receiver.recv()).resolves.toEqualTypeOf<string | Lagged | Closed>()
expectTypeOf(receiver.blockingRecv()).toEqualTypeOf<string | Lagged | Closed>()
expectTypeOf(receiver[Symbol.asyncIterator]().next()).resolves.toEqualTypeOf<IteratorResult<string | Lagged>>()

// a loop that throws for a lag gives items only
expectTypeOf(receiver.items({ onLag: 'throw' })).toEqualTypeOf<AsyncIterableIterator<string>>()
expectTypeOf(receiver.items()).toEqualTypeOf<AsyncIterableIterator<string | Lagged>>()

expectTypeOf(lagging.trySend('a')).toEqualTypeOf<NotSent<string> | undefined>()
expectTypeOf(lagging.send('a')).resolves.toEqualTypeOf<number>()
expectTypeOf(lagging.downgrade()).toEqualTypeOf<WeakBroadcastSender<string, Lagged>>()
expectTypeOf(lagging.downgrade().upgrade()).toEqualTypeOf<BroadcastSender<string, Lagged> | undefined>()

// @ts-expect-error there are two ways to be full
broadcast<string>({ capacity: 1, whenFull: 'drop' })
// @ts-expect-error what is sent is of the channel's type
void waiting.send(1)

const { sender, receiver: seeing } = watch({ n: 1 })
expectTypeOf(sender).toEqualTypeOf<WatchSender<{ n: number }>>()
expectTypeOf(seeing).toEqualTypeOf<WatchReceiver<{ n: number }>>()
expectTypeOf(seeing.hasChanged()).toEqualTypeOf<boolean | Closed>()
expectTypeOf(seeing.changed()).resolves.toEqualTypeOf<{ n: number } | Closed>()
expectTypeOf(seeing.blockingWaitFor(({ n }) => n > 1)).toEqualTypeOf<{ n: number } | Closed>()
expectTypeOf(sender.sendReplace({ n: 2 })).toEqualTypeOf<{ n: number }>()
expectTypeOf(sender.downgrade()).toEqualTypeOf<WeakWatchSender<{ n: number }>>()
// @ts-expect-error a change answers whether it was one
sender.sendIfModified((cell) => { cell.value.n++ })

/**
 * `millrace/sync`: channels and locks between tasks. A door: named re-exports, no logic.
 */
// channels
export { mpsc } from './channel/mpsc.ts'
export type {
  Mpsc, MpscOptions, NotSentInTime, Permit, Receiver, RecvManyOptions, ReserveOptions, Sender, UnboundedMpsc, UnboundedSender, WeakSender,
  WeakUnboundedSender
} from './channel/mpsc.ts'
export { Lagged, LaggedError, broadcast } from './channel/broadcast.ts'
export type { BroadcastOptions, BroadcastReceiver, BroadcastSender, ItemsOptions, WeakBroadcastSender } from './channel/broadcast.ts'
export { oneshot } from './channel/oneshot.ts'
export type { Oneshot, OneshotReceiver, OneshotSender } from './channel/oneshot.ts'
export { watch } from './channel/watch.ts'
export type { Watch, WatchCell, WatchReceiver, WatchSender, WeakWatchSender } from './channel/watch.ts'
// locks
export { MAX_PERMITS, Semaphore, SemaphorePermit } from './sync/semaphore.ts'
export { Mutex, MutexGuard } from './sync/mutex.ts'
export { MAX_READERS, ReadGuard, RwLock, WriteGuard } from './sync/rw-lock.ts'
export type { RwLockOptions } from './sync/rw-lock.ts'
export { Barrier } from './sync/barrier.ts'
export type { BarrierWait } from './sync/barrier.ts'
export { Notify } from './sync/notify.ts'
export { OnceCell } from './sync/once-cell.ts'
export type { NotSet } from './sync/once-cell.ts'
export { AtomicCounter, AtomicFlag, AtomicMax } from './sync/atomics.ts'
// outcomes
export { Closed, Empty, Full, Locked, NoPermits } from './sync/outcome.ts'
export type { NotSent } from './sync/outcome.ts'
export { ClosedError } from './sync/closed-error.ts'
export type { BlockingOptions } from './sync/blocking.ts'
export type { WaitOptions } from './sync/waiters.ts'
// crossing threads
export { travel } from './prelude/travel.ts'
export type { Luggage, Traveller } from './prelude/travel.ts'
export type { Name as SharedName } from './sync/residents.ts'

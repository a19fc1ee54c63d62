/**
 * `millrace/sync`: channels and locks between tasks. A door: named re-exports, no logic.
 */
// channels
export { mpsc } from './channel/mpsc.ts'
export type { Mpsc, MpscOptions, Permit, Receiver, ReserveOptions, Sender } from './channel/mpsc.ts'
export { Lagged, broadcast } from './channel/broadcast.ts'
export type { BroadcastOptions, BroadcastReceiver, BroadcastSender } from './channel/broadcast.ts'
export { oneshot } from './channel/oneshot.ts'
export type { Oneshot, OneshotReceiver, OneshotSender } from './channel/oneshot.ts'
export { watch } from './channel/watch.ts'
export type { Watch, WatchCell, WatchReceiver, WatchSender } from './channel/watch.ts'
// locks
export { MAX_PERMITS, Semaphore, SemaphorePermit } from './sync/semaphore.ts'
// outcomes
export { Closed, Empty, Full, NoPermits } from './sync/outcome.ts'
export type { NotSent } from './sync/outcome.ts'
export { ClosedError } from './sync/closed-error.ts'
export type { WaitOptions } from './sync/waiters.ts'

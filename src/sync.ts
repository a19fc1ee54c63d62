/**
 * `millrace/sync`: channels and locks between tasks. A door: named re-exports, no logic.
 */
export { mpsc } from './channel/mpsc.ts'
export type { Receiver, Sender } from './channel/mpsc.ts'
export { broadcast } from './channel/broadcast.ts'
export { Semaphore } from './sync/semaphore.ts'

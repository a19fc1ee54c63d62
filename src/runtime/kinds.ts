/**
 * Every class whose handles travel, so that a thread that is sent one knows how to make it: a module is loaded with its
 * reviver, and nothing else loads them all. Called by src/worker.ts and runtime.ts; known.ts loads it where it is wanted late.
 */
import { broadcast } from '../channel/broadcast.ts'
import { mpsc } from '../channel/mpsc.ts'
import { oneshot } from '../channel/oneshot.ts'
import { watch } from '../channel/watch.ts'
import { AtomicCounter, AtomicFlag, AtomicMax } from '../sync/atomics.ts'
import { Barrier } from '../sync/barrier.ts'
import { Mutex } from '../sync/mutex.ts'
import { Notify } from '../sync/notify.ts'
import { OnceCell } from '../sync/once-cell.ts'
import { RwLock } from '../sync/rw-lock.ts'
import { Semaphore } from '../sync/semaphore.ts'
import { AbortHandle } from '../task/abort-handle.ts'
import { CancellationToken } from '../task/cancellation-token.ts'

/** Answers them; the answer is of no use but that a bundler must keep them. */
export const kinds = (): readonly unknown[] => [
  AbortHandle, AtomicCounter, AtomicFlag, AtomicMax, Barrier, CancellationToken, Mutex, Notify, OnceCell, RwLock, Semaphore, broadcast, mpsc, oneshot, watch
]

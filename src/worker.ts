/**
 * Root of a worker thread: joins the pool's loop to the executor's remote half, with the kernels and readers that exist.
 *
 * Loaded by pool/'s bootstrap, from its URL in the sources and as embedded text in the build. Loads no rxjs, fp-ts, io-ts.
 */
import { workerData } from 'node:worker_threads'
import { readers } from './connector/readers.ts'
import type { ToWorker } from './exec/protocol.ts'
import { createRemote } from './exec/remote.ts'
import { attachArena, type ArenaShared } from './frame/arena.ts'
import { kernels } from './operator/kernels.ts'
import { runWorker } from './pool/worker-loop.ts'

;(globalThis as Record<symbol, unknown>)[Symbol.for('millrace.worker')] = true

// A failure to start is the pool's to tell: it ends the thread, and `ready()` rejects.
void runWorker(workerData, ({ worker, shared, emit, post }) => {
  const remote = createRemote({ worker, arena: attachArena(shared['arena'] as ArenaShared), kernels, readers, emit, post })
  return { run: (slot) => remote.run(slot), onMessage: (message) => remote.onMessage(message as ToWorker) }
})

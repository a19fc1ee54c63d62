/**
 * Root of a worker thread: joins the pool's loop to the executor's remote half and to the hands of blocking jobs, with the
 * kernels and readers that exist; or, on the async lane, runs an event loop for asynchronous functions.
 *
 * Loaded by pool/'s bootstrap, from its URL in the sources and as embedded text in the build. Loads no rxjs, fp-ts, io-ts.
 */
import { workerData } from 'node:worker_threads'
import { readers } from './connector/readers.ts'
import type { Registration, ToWorker } from './exec/protocol.ts'
import { createRemote } from './exec/worker/remote.ts'
import { attachArena, type ArenaShared } from './frame/arena.ts'
import { kernels } from './operator/kernels.ts'
import { runWorker } from './pool/worker-loop.ts'
import { unpack } from './prelude/travel.ts'
import { runAsyncWorker } from './runtime/async-worker.ts'
import { dropEnds } from './runtime/drop.ts'
import { createHands } from './runtime/hands.ts'
import { runHook } from './runtime/hooks.ts'
import { kinds } from './runtime/kinds.ts'
import { INPUT_JOB, WORD_INPUT, type AsyncBoot, type Hooks, type ToHands } from './runtime/protocol.ts'

;(globalThis as Record<symbol, unknown>)[Symbol.for('millrace.worker')] = true
kinds()

const isOfHands = (message: ToHands | ToWorker): message is ToHands =>
  message.type === 'fn' || message.type === 'parcel' || message.type === 'yours' || message.type === 'reply'

const boot = workerData as { readonly role?: 'async' }
if (boot.role === 'async') {
  runAsyncWorker(boot as AsyncBoot).catch((error: unknown) => {
    setImmediate(() => {
      throw error
    })
  })
} else {
  // A failure to start is the pool's to tell: it ends the thread, and `ready()` rejects.
  void runWorker(workerData, async ({ worker, shared, emit, whisper, nudge, post, listen }) => {
    const hooks = shared['hooks'] as Hooks | undefined
    const arena = attachArena(shared['arena'] as ArenaShared)
    const remote = createRemote({ worker, arena, kernels, readers, emit, whisper, nudge, post })
    const hands = createHands({ worker, arena, emit, post, listen })
    /** By task, for the handles in them. */
    const envs = new Map<number, unknown>()
    await runHook(hooks?.start)
    return {
      run: (slot) => (arena.words(slot)[WORD_INPUT] === INPUT_JOB ? hands.run(slot) : remote.run(slot)),
      onMessage: (said) => {
        const message = said as ToHands | ToWorker
        if (isOfHands(message)) {
          hands.onMessage(message)
          return undefined
        }
        switch (message.type) {
          case 'register': {
            const registration = unpack(message) as Registration // what travels in an `env`
            envs.set(registration.task, registration.envs)
            return remote.onMessage(registration)
          }
          case 'unregister': {
            const env = envs.get(message.task)
            envs.delete(message.task)
            const over = remote.onMessage(message)
            if (over instanceof Promise) return over.finally(() => { dropEnds(env) })
            dropEnds(env)
            return undefined
          }
          default:
            return remote.onMessage(message)
        }
      },
      end: () => runHook(hooks?.stop)
    }
  })
}

/** A real worker thread with src/ship/resolve.ts in it, started as the pool starts its workers. */
import { Worker } from 'node:worker_threads'
import { decodeError, type WireError } from '../../src/error/wire.ts'
import { bootText, workerFlags } from '../../src/pool/boot.ts'
import type { FnRef } from '../../src/ship/address.ts'
import type { CodecRef } from '../../src/ship/describe.ts'

export type ShipRequest =
  | { readonly fn: FnRef; readonly args: readonly unknown[] }
  | { readonly codec: CodecRef; readonly values: readonly unknown[] }
  | { readonly loaded: true }

export type ShipAnswer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: WireError }

export interface ShipThread {
  /** Resolves `fn` in the thread, calls it there, and answers what it answers. */
  call(fn: FnRef, ...args: readonly unknown[]): Promise<unknown>
  /** Decodes values in the thread; errors of the codec come back as errors in `left`. */
  decode(codec: CodecRef, values: readonly unknown[]): Promise<readonly ({ _tag: 'Right'; right: unknown } | { _tag: 'Left'; left: unknown })[]>
  /** Files that the thread has loaded as CommonJS, which is what acorn, io-ts, fp-ts and rxjs come as. */
  loaded(): Promise<readonly string[]>
  close(): Promise<unknown>
}

export const startShipThread = (program = new URL('./fixtures/ship-thread-program.ts', import.meta.url)): ShipThread => {
  const worker = new Worker(bootText(false, program), { eval: true, execArgv: workerFlags() })
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>()
  const fail = (error: unknown): void => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  worker.on('error', fail)
  worker.on('exit', (code) => {
    fail(new Error(`the thread exited with code ${code}`))
  })
  worker.on('message', (answer: ShipAnswer) => {
    const waiter = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('error' in answer) waiter?.reject(decodeError(answer.error))
    else waiter?.resolve(answer.value)
  })
  let ids = 0
  const ask = (request: ShipRequest): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ids++
      waiting.set(id, { resolve, reject })
      worker.postMessage({ id, request })
    })
  return {
    call: (fn, ...args) => ask({ fn, args }),
    decode: async (codec, values) => {
      const answers = (await ask({ codec, values })) as ({ _tag: 'Right'; right: unknown } | { _tag: 'Left'; left: WireError })[]
      return answers.map((each) => (each._tag === 'Left' ? { _tag: 'Left', left: decodeError(each.left) } : each))
    },
    loaded: () => ask({ loaded: true }) as Promise<readonly string[]>,
    close: () => worker.terminate()
  }
}

/**
 * Workers by hand, without millrace: each calls an exported function of a module with arguments that are posted to it, and posts the answer
 * back. They are started once and stay warm, as the pool of millrace does.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

export interface Hands {
  /** Calls `name` of `module`, on each worker with its own arguments; answers in the order of the workers. */
  readonly each: <R>(module: URL, name: string, args: readonly (readonly unknown[])[]) => Promise<readonly R[]>
  readonly close: () => Promise<unknown>
}

export const hands = async (count: number): Promise<Hands> => {
  const workers = Array.from({ length: count }, () => new Worker(new URL('./hand.mjs', import.meta.url)))
  await Promise.all(workers.map((worker) => once(worker, 'message')))
  return {
    each: <R>(module: URL, name: string, args: readonly (readonly unknown[])[]) =>
      Promise.all(
        workers.map(async (worker, i) => {
          worker.postMessage({ module: module.href, name, args: args[i] })
          return ((await once(worker, 'message')) as [R])[0]
        })
      ),
    close: () => Promise.all(workers.map((worker) => worker.terminate()))
  }
}

/** The parts of `size` bytes (or items) for so many workers: [from, to) each. */
export const partsOf = (size: number, count: number): readonly (readonly [number, number])[] =>
  Array.from({ length: count }, (_, i) => [Math.floor((size * i) / count), Math.floor((size * (i + 1)) / count)] as const)

/**
 * Threads for the stress specs: starts them on one program, lets them go at the same moment, and waits for their ends.
 *
 * What is shared is one buffer of words for the structures and one for the controls; each thread is told its part by name.
 */
import { Worker } from 'node:worker_threads'
import { bootText, workerFlags } from '../../src/pool/boot.ts'
import type { Scope } from '../support/suite.ts'

/** Words of the controls. */
export const READY = 0
export const STOP = 1
/** How many threads have found something wrong. */
export const WRONG = 2
/** Ends of single threads: 8 + thread. */
export const ENDED = 8
export const CONTROLS = 32

/** What a thread is told. */
export interface Part {
  readonly role: string
  readonly thread: number
  readonly threads: number
  readonly controls: SharedArrayBuffer
  readonly memory: SharedArrayBuffer
  /** How often each value was taken, or whatever the spec counts. */
  readonly counts: SharedArrayBuffer
  readonly capacity: number
  /** At most so many values, and for at most so long. */
  readonly values: number
  readonly ms: number
  readonly seed: number
}

export interface Crowd {
  readonly controls: Int32Array
  readonly memory: Int32Array
  readonly counts: Int32Array
  readonly workers: readonly Worker[]
  /** Resolves when all threads have ended by themselves; rejects with the first error. */
  readonly ended: Promise<void>
  /** Ends one thread, wherever it is. */
  readonly kill: (thread: number) => Promise<void>
}

export interface CrowdOptions {
  /** The part of each thread. */
  readonly roles: readonly string[]
  readonly words: number
  readonly counts: number
  readonly capacity: number
  readonly values: number
  readonly ms: number
  readonly seed: number
}

export const startCrowd = ({ defer }: Scope, { roles, words, counts, capacity, values, ms, seed }: CrowdOptions): Crowd => {
  const shared = { controls: new SharedArrayBuffer(CONTROLS * 4), memory: new SharedArrayBuffer(words * 4), counts: new SharedArrayBuffer(counts * 4) }
  const text = bootText(false, new URL('./worker.ts', import.meta.url))
  const execArgv = workerFlags()
  const killed = new Set<Worker>()
  const workers = roles.map((role, thread) => {
    const part: Part = { ...shared, role, thread, threads: roles.length, capacity, values, ms, seed }
    return new Worker(text, { eval: true, workerData: part, ...(execArgv === undefined ? {} : { execArgv }) })
  })
  const exits = workers.map(
    (worker, thread) =>
      new Promise<void>((resolve, reject) => {
        worker.on('error', reject)
        worker.on('exit', (code) => {
          if (code === 0 || killed.has(worker)) resolve()
          else reject(new Error(`thread ${thread}, ${roles[thread]}, exited with code ${code}`))
        })
      })
  )
  defer(() => Promise.all(workers.map((worker) => worker.terminate())))
  const ended = Promise.all(exits).then(() => undefined)
  ended.catch(() => undefined) // told to whoever awaits it
  return {
    controls: new Int32Array(shared.controls),
    memory: new Int32Array(shared.memory),
    counts: new Int32Array(shared.counts),
    workers,
    ended,
    kill: async (thread) => {
      const worker = workers[thread]!
      killed.add(worker)
      await worker.terminate()
    }
  }
}

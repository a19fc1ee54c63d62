/**
 * A bare worker that sends and takes batches of 128 by postMessage, as by hand: what one writes who has learnt that a message
 * per item is slow. At most `AHEAD` batches are on the way, in either direction.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { visitOf, weightOf } from './visit.ts'

const BATCH = 128
const AHEAD = 16

const makers = { numbers: (i: number): number => i * 0.5, visits: visitOf }
const weights = { numbers: (n: number): number => n, visits: weightOf }

type Kind = 'numbers' | 'visits'

export interface BatchPeer {
  /** The worker makes so many items, and sends them here, where they are weighed. */
  readonly receive: (kind: Kind, items: number) => Promise<number>
  /** Items are made here and weighed by the worker. */
  readonly send: (kind: Kind, items: number) => Promise<number>
  readonly close: () => Promise<unknown>
}

export const batchPeer = async (): Promise<BatchPeer> => {
  const worker = new Worker(new URL('./batch-worker.mjs', import.meta.url))
  await once(worker, 'message')
  const finished = (listener: (message: unknown) => number | undefined): Promise<number> =>
    new Promise((settle) => {
      const listen = (message: unknown): void => {
        const answer = listener(message)
        if (answer === undefined) return
        worker.off('message', listen)
        settle(answer)
      }
      worker.on('message', listen)
    })
  return {
    receive: (kind, items) => {
      const weigh = weights[kind]
      let sum = 0
      let left = items
      const answer = finished((message) => {
        const batch = message as readonly never[]
        for (const item of batch) sum += weigh(item)
        left -= batch.length
        if (left > 0) worker.postMessage({ more: 1 })
        return left > 0 ? undefined : sum
      })
      worker.postMessage({ make: kind, items, ahead: AHEAD })
      return answer
    },
    send: (kind, items) => {
      const make = makers[kind]
      let at = 0
      const next = (): void => {
        const batch: unknown[] = []
        for (const end = Math.min(items, at + BATCH); at < end; at++) batch.push(make(at))
        if (batch.length > 0) worker.postMessage({ batch })
      }
      worker.postMessage({ weigh: kind, items })
      const answer = finished((message) => {
        if (typeof message === 'number') return message
        next()
        return undefined
      })
      for (let i = 0; i < AHEAD; i++) next()
      return answer
    },
    close: () => worker.terminate()
  }
}

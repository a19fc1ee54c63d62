/** A bare worker and its MessagePort, as by hand: every item is a message, nothing bounds how many are on the way. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { weightOf, type LogRecord } from '../sync/record.ts'

export interface PortPeer {
  /** The worker posts so many numbers; answers their sum. */
  readonly sumOfNumbers: (items: number) => Promise<number>
  readonly sumOfRecords: (items: number) => Promise<number>
  /** So many times there and back, each adding one; answers the last number. */
  readonly pingPong: (rounds: number) => Promise<number>
  readonly close: () => Promise<unknown>
}

export const portPeer = async (): Promise<PortPeer> => {
  const worker = new Worker(new URL('./port-worker.mjs', import.meta.url))
  await once(worker, 'message')
  const sum = (kind: string, items: number, weigh: (item: unknown) => number): Promise<number> =>
    new Promise((settle) => {
      let total = 0
      let left = items
      worker.on('message', (item: unknown) => {
        total += weigh(item)
        if (--left > 0) return
        worker.removeAllListeners('message')
        settle(total)
      })
      worker.postMessage({ kind, value: items })
    })
  return {
    sumOfNumbers: (items) => sum('numbers', items, (item) => item as number),
    sumOfRecords: (items) => sum('records', items, (item) => weightOf(item as LogRecord)),
    pingPong: (rounds) =>
      new Promise((settle) => {
        worker.on('message', (at: number) => {
          if (at < rounds) worker.postMessage({ kind: 'echo', value: at })
          else {
            worker.removeAllListeners('message')
            settle(at)
          }
        })
        worker.postMessage({ kind: 'echo', value: 0 })
      }),
    close: () => worker.terminate()
  }
}

/**
 * Claim: numbers (float64) cross an edge of a pipeline from thread to thread at least 3 times as fast as Tokio's mpsc(1024) carries u64
 * between two threads.
 *
 * In both directions, as in channel-record. Beside it postMessage in batches of 128, and the channel of millrace/sync, which takes
 * numbers one by one. Checked: the sum of what arrived.
 */
import { map, pipeline, range, reduce, type Source } from 'millrace'
import { spawnBlocking } from 'millrace/runtime'
import { Closed, mpsc } from 'millrace/sync'
import { batchPeer } from './support/batch-peer.ts'
import { compare, sized, type Contender, type Rival, type Row, type Size } from './support/harness.ts'
import { only } from './support/only.ts'
import { sendHalves } from './support/senders.ts'
import { tokio } from './support/tokio.ts'

const totalOf = (source: Source<number>): Promise<number> => only(pipeline({ total: source.observe() }).run({ workers: 1 }))

const toTheLoop = (items: number): Promise<number> =>
  totalOf(range(0, items).pipe(map((i) => i * 0.5, { lane: 'blocking' }), reduce((sum, n) => sum + n, 0, { lane: 'async' })))

const toAWorker = (items: number): Promise<number> =>
  totalOf(range(0, items).pipe(map((i) => i * 0.5, { lane: 'async' }), reduce((sum, n) => sum + n, 0, { lane: 'blocking' })))

const throughChannel = async (items: number): Promise<number> => {
  const { sender, receiver } = mpsc<number>({ capacity: 1024 })
  const job = spawnBlocking(sendHalves, sender, items)
  sender.close()
  let sum = 0
  for (let item = await receiver.recv(); item !== Closed; item = await receiver.recv()) sum += item
  await job
  return sum
}

const sumOf = (items: number): number => (items * (items - 1)) / 4

export const bench = async (size: Size): Promise<readonly Row[]> => {
  const items = sized(size, 10_000_000, 3_000_000, 3000)
  const some = Math.ceil(items / 10)
  const peer = await batchPeer()
  // Tokio's case adds up i, not i / 2
  const tokioAs = (name: string, shown: string): readonly Rival[] =>
    tokio(name, some).map((rival) => ({ ...rival, name: `${rival.name} mpsc(1024), ${shown}`, units: some, expected: sumOf(some) * 2, target: 3 }))
  const rivals = [...tokioAs('mpsc-numbers-apart', 'a thread each'), ...tokioAs('mpsc-numbers-threads', '2 workers')]
  const batches = (run: Contender['run']): Rival => ({ name: 'postMessage, batches of 128', run, units: some, expected: sumOf(some) })
  const common = { bench: 'channel-number', units: items, unit: 'items/s', expected: sumOf(items) }
  try {
    return [
      ...(await compare({
        ...common,
        work: `${items} numbers, a worker to the loop`,
        ours: { name: 'millrace', run: () => toTheLoop(items) },
        others: [
          ...rivals,
          batches(() => peer.receive('numbers', some)),
          { name: 'mpsc(1024) of millrace/sync', run: () => throughChannel(some), units: some, expected: sumOf(some) }
        ]
      }, size)),
      ...(await compare({
        ...common,
        work: `${items} numbers, the loop to a worker`,
        ours: { name: 'millrace', run: () => toAWorker(items) },
        others: [...rivals, batches(() => peer.send('numbers', some))]
      }, size))
    ]
  } finally {
    await peer.close()
  }
}

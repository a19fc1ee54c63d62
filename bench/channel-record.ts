/**
 * Claim: records of seven fields (three strings, four numbers) cross an edge of a pipeline from thread to thread at least 1.5 times as
 * fast as Tokio's mpsc(32) carries them between two threads, and 5 times as fast as postMessage in batches of 128. Objects
 * are made on one side and every field is read on the other.
 *
 * Tokio twice: with a thread for each side, and as two tasks on two workers, where it often runs both on one worker and nothing crosses.
 * In both directions: a worker makes, the event loop consumes; and the other way round. The channel of millrace/sync, which takes items one by one,
 * is measured beside it. Checked: the weight of all records, to which every field adds.
 */
import { map, pipeline, range, reduce, type Source } from 'millrace'
import { spawnBlocking } from 'millrace/runtime'
import { Closed, mpsc } from 'millrace/sync'
import { batchPeer } from './support/batch-peer.ts'
import { compare, sized, type Rival, type Row, type Size } from './support/harness.ts'
import { only } from './support/only.ts'
import { sendVisits } from './support/senders.ts'
import { tokio } from './support/tokio.ts'
import { addWeight, visitOf, weightOf, weightOfAll } from './support/visit.ts'

const totalOf = (source: Source<number>): Promise<number> => only(pipeline({ total: source.observe() }).run({ workers: 1 }))

const toTheLoop = (items: number): Promise<number> =>
  totalOf(range(0, items).pipe(map(visitOf, { lane: 'blocking' }), reduce((sum, visit) => sum + weightOf(visit), 0, { lane: 'async' })))

const toAWorker = (items: number): Promise<number> =>
  totalOf(range(0, items).pipe(map((i) => visitOf(i), { lane: 'async' }), reduce(addWeight, 0, { lane: 'blocking' })))

/** One by one, through the bounded channel of the toolbox. */
const throughChannel = async (items: number): Promise<number> => {
  const { sender, receiver } = mpsc<ReturnType<typeof visitOf>>({ capacity: 1024 })
  const job = spawnBlocking(sendVisits, sender, items)
  sender.close()
  let sum = 0
  for (let item = await receiver.recv(); item !== Closed; item = await receiver.recv()) sum += weightOf(item)
  await job
  return sum
}

export const bench = async (size: Size): Promise<readonly Row[]> => {
  const items = sized(size, 1_000_000, 300_000, 3000)
  const peer = await batchPeer()
  const tokioAs = (name: string, shown: string, target?: number): readonly Rival[] =>
    tokio(name, items).map((rival) => ({ ...rival, name: `${rival.name} ${shown}`, target }))
  const rivals: readonly Rival[] = [
    ...tokioAs('mpsc32-visits-apart', 'mpsc(32), a thread each', 1.5),
    ...tokioAs('mpsc32-visits-threads', 'mpsc(32), 2 workers', 1.5),
    ...tokioAs('mpsc1024-visits-apart', 'mpsc(1024), a thread each'),
    ...tokioAs('mpsc1024-visits-threads', 'mpsc(1024), 2 workers')
  ]
  const common = { bench: 'channel-record', units: items, unit: 'items/s', expected: weightOfAll(items) }
  const few = Math.ceil(items / 10)
  try {
    return [
      ...(await compare({
        ...common,
        work: `${items} records, a worker to the loop`,
        ours: { name: 'millrace', run: () => toTheLoop(items) },
        others: [
          ...rivals,
          { name: 'postMessage, batches of 128', run: () => peer.receive('visits', items), target: 5 },
          { name: 'mpsc(1024) of millrace/sync', run: () => throughChannel(few), units: few, expected: weightOfAll(few) }
        ]
      }, size)),
      ...(await compare({
        ...common,
        work: `${items} records, the loop to a worker`,
        ours: { name: 'millrace', run: () => toAWorker(items) },
        others: [
          ...rivals,
          { name: 'postMessage, batches of 128', run: () => peer.send('visits', items), target: 5 }
        ]
      }, size))
    ]
  } finally {
    await peer.close()
  }
}

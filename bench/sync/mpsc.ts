/**
 * Claim: a bounded channel between two tasks of one thread costs less per item than effect's Queue; between threads numbers and
 * records go through it faster than through a bare MessagePort, although it is bounded and the port is not.
 *
 * One producer, one consumer, capacity 1024. Across threads the producer is a blocking job that blocks when the channel is full,
 * and the consumer is on the event loop. Checked: the sum of what was received.
 */
import { Effect, Queue } from 'effect'
import { spawnBlocking } from 'millrace/runtime'
import { Closed, mpsc, type Sender } from 'millrace/sync'
import { compare, sized, type Row, type Size } from '../support/harness.ts'
import { portPeer, type PortPeer } from '../support/port-peer.ts'
import { tokio } from '../support/tokio.ts'
import { sendNumbers, sendRecords } from './producers.ts'
import { recordOf, sumTo, weightOf, weightOfAll, type LogRecord } from './record.ts'

const CAPACITY = 1024

const same = (n: number): number => n

const oneThread = async <A>(items: number, make: (i: number) => A, weigh: (item: A) => number): Promise<number> => {
  const { sender, receiver } = mpsc<A>({ capacity: CAPACITY })
  const produce = async (): Promise<void> => {
    for (let i = 0; i < items; i++) await sender.send(make(i))
    sender.close()
  }
  const producer = produce()
  let sum = 0
  for (let item = await receiver.recv(); item !== Closed; item = await receiver.recv()) sum += weigh(item)
  await producer
  return sum
}

const effectQueue = <A>(items: number, make: (i: number) => A, weigh: (item: A) => number): Promise<number> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const queue = yield* Queue.bounded<A>(CAPACITY)
      yield* Effect.forkChild(
        Effect.gen(function* () {
          for (let i = 0; i < items; i++) yield* Queue.offer(queue, make(i))
        })
      )
      let sum = 0
      for (let i = 0; i < items; i++) sum += weigh(yield* Queue.take(queue))
      return sum
    })
  )

const fromJob = async <A>(start: (sender: Sender<A>) => PromiseLike<number>, weigh: (item: A) => number): Promise<number> => {
  const { sender, receiver } = mpsc<A>({ capacity: CAPACITY })
  const producer = start(sender)
  sender.close()
  let sum = 0
  for (let item = await receiver.recv(); item !== Closed; item = await receiver.recv()) sum += weigh(item)
  await producer
  return sum
}

export const bench = async (size: Size): Promise<readonly Row[]> => {
  const many = sized(size, 300_000, 100_000, 1000)
  const few = sized(size, 100_000, 50_000, 500)
  const port: PortPeer = await portPeer()
  try {
    return [
      ...(await compare({
        bench: 'sync/mpsc',
        work: `one thread, ${many} numbers`,
        units: many,
        unit: 'items/s',
        ours: { name: 'millrace', run: () => oneThread(many, same, same) },
        others: [{ name: 'effect Queue', run: () => effectQueue(many, same, same), target: 1 }, ...tokio('mpsc-numbers-one-thread', many)],
        expected: sumTo(many)
      }, size)),
      ...(await compare({
        bench: 'sync/mpsc',
        work: `one thread, ${few} records of 7 fields`,
        units: few,
        unit: 'items/s',
        ours: { name: 'millrace', run: () => oneThread(few, recordOf, weightOf) },
        others: [{ name: 'effect Queue', run: () => effectQueue(few, recordOf, weightOf), target: 1 }, ...tokio('mpsc-records-one-thread', few)],
        expected: weightOfAll(few)
      }, size)),
      ...(await compare({
        bench: 'sync/mpsc',
        work: `from a job to the loop, ${many} numbers`,
        units: many,
        unit: 'items/s',
        ours: { name: 'millrace', run: () => fromJob<number>((sender) => spawnBlocking(sendNumbers, sender, many), same) },
        others: [{ name: 'MessagePort', run: () => port.sumOfNumbers(many), target: 1 }, ...tokio('mpsc-numbers-threads', many)],
        expected: sumTo(many)
      }, size)),
      ...(await compare({
        bench: 'sync/mpsc',
        work: `from a job to the loop, ${few} records of 7 fields`,
        units: few,
        unit: 'items/s',
        ours: { name: 'millrace', run: () => fromJob<LogRecord>((sender) => spawnBlocking(sendRecords, sender, few), weightOf) },
        others: [{ name: 'MessagePort', run: () => port.sumOfRecords(few), target: 1 }, ...tokio('mpsc-records-threads', few)],
        expected: weightOfAll(few)
      }, size))
    ]
  } finally {
    await port.close()
  }
}

/**
 * Claim: there and back over two channels of capacity 1 costs less than over effect's Queue in one thread, and less than over
 * a bare MessagePort between threads.
 *
 * Each reply is awaited before the next question. Across threads the other side is a blocking job; in Tokio, a task that the other
 * worker may run. Checked: the last number, which every round has raised by one.
 */
import { Effect, Queue } from 'effect'
import { spawnBlocking } from 'millrace/runtime'
import { Closed, mpsc } from 'millrace/sync'
import { compare, sized, type Row, type Size } from '../support/harness.ts'
import { portPeer } from '../support/port-peer.ts'
import { tokio } from '../support/tokio.ts'
import { echo } from './jobs.ts'

const oneThread = async (rounds: number): Promise<number> => {
  const asked = mpsc<number>({ capacity: 1 })
  const answered = mpsc<number>({ capacity: 1 })
  const answer = async (): Promise<void> => {
    for (let item = await asked.receiver.recv(); item !== Closed; item = await asked.receiver.recv()) await answered.sender.send(item + 1)
  }
  const answering = answer()
  let at = 0
  for (let i = 0; i < rounds; i++) {
    await asked.sender.send(at)
    at = (await answered.receiver.recv()) as number
  }
  asked.sender.close()
  await answering
  return at
}

const effectQueues = (rounds: number): Promise<number> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const asked = yield* Queue.bounded<number>(1)
      const answered = yield* Queue.bounded<number>(1)
      yield* Effect.forkChild(
        Effect.gen(function* () {
          for (;;) yield* Queue.offer(answered, (yield* Queue.take(asked)) + 1)
        })
      )
      let at = 0
      for (let i = 0; i < rounds; i++) {
        yield* Queue.offer(asked, at)
        at = yield* Queue.take(answered)
      }
      return at
    })
  )

const acrossThreads = async (rounds: number): Promise<number> => {
  const asked = mpsc<number>({ capacity: 1 })
  const answered = mpsc<number>({ capacity: 1 })
  const answering = spawnBlocking(echo, asked.receiver, answered.sender)
  answered.sender.close()
  let at = 0
  for (let i = 0; i < rounds; i++) {
    await asked.sender.send(at)
    at = (await answered.receiver.recv()) as number
  }
  asked.sender.close()
  await answering
  return at
}

export const bench = async (size: Size): Promise<readonly Row[]> => {
  const many = sized(size, 100_000, 30_000, 300)
  const few = sized(size, 10_000, 2_000, 120)
  const port = await portPeer()
  try {
    return [
      ...(await compare({
        bench: 'sync/latency',
        work: `ping-pong in one thread, ${many} round trips`,
        units: many,
        unit: 'trips/s',
        ours: { name: 'millrace', run: () => oneThread(many) },
        others: [{ name: 'effect Queue', run: () => effectQueues(many), target: 1 }, ...tokio('ping-pong-one-thread', many)],
        expected: many
      }, size)),
      ...(await compare({
        bench: 'sync/latency',
        work: `ping-pong with a job, ${few} round trips`,
        units: few,
        unit: 'trips/s',
        ours: { name: 'millrace', run: () => acrossThreads(few) },
        others: [{ name: 'MessagePort', run: () => port.pingPong(few), target: 1 }, ...tokio('ping-pong-threads', few)],
        expected: few
      }, size))
    ]
  } finally {
    await port.close()
  }
}

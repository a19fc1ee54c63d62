/**
 * Claim: one sender and three receivers in one thread, nobody loses anything: cheaper per item than effect's PubSub.
 *
 * Capacity 1024. Tokio's broadcast never waits, so its sender waits for its receivers with a semaphore every 512 items.
 * Checked: the sum of what the three received.
 */
import { Effect, Fiber, PubSub } from 'effect'
import { Closed, broadcast, type BroadcastReceiver } from 'millrace/sync'
import { compare, sized, type Row, type Size } from '../support/harness.ts'
import { tokio } from '../support/tokio.ts'
import { sumTo } from './record.ts'

const CAPACITY = 1024
const READERS = 3

const read = async (receiver: BroadcastReceiver<number>): Promise<number> => {
  let sum = 0
  for (let item = await receiver.recv(); item !== Closed; item = await receiver.recv()) sum += item
  return sum
}

const ours = async (items: number): Promise<number> => {
  const sender = broadcast<number>({ capacity: CAPACITY })
  const readers = Array.from({ length: READERS }, () => read(sender.subscribe()))
  for (let i = 0; i < items; i++) await sender.send(i)
  sender.close()
  const sums = await Promise.all(readers)
  return sums.reduce((a, b) => a + b, 0)
}

const effectPubSub = (items: number): Promise<number> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const hub = yield* PubSub.bounded<number>(CAPACITY)
        const readers: Fiber.Fiber<number>[] = []
        for (let reader = 0; reader < READERS; reader++) {
          const mine = yield* PubSub.subscribe(hub)
          readers.push(
            yield* Effect.forkChild(
              Effect.gen(function* () {
                let sum = 0
                for (let i = 0; i < items; i++) sum += yield* PubSub.take(mine)
                return sum
              })
            )
          )
        }
        for (let i = 0; i < items; i++) yield* PubSub.publish(hub, i)
        let sum = 0
        for (const reader of readers) sum += yield* Fiber.join(reader)
        return sum
      })
    )
  )

export const bench = async (size: Size): Promise<readonly Row[]> => {
  const items = sized(size, 100_000, 50_000, 500)
  return compare({
    bench: 'sync/broadcast',
    work: `one thread, 1 to ${READERS}, ${items} numbers`,
    units: items,
    unit: 'items/s',
    ours: { name: 'millrace', run: () => ours(items) },
    others: [{ name: 'effect PubSub', run: () => effectPubSub(items), target: 1 }, ...tokio('broadcast-one-thread', items)],
    expected: READERS * sumTo(items)
  }, size)
}

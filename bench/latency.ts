/**
 * Claim: at 100 000 items a second through three stages on a worker and back, half of the items arrive within 1 ms, and 99 of 100 within 5 ms.
 *
 * No coordinated omission: items have a time at which they are due, 10 us apart, whether the system keeps up or not; an item's clock starts when it
 * was due, not when it was sent. The emitter looks at the clock on every turn of the event loop, since timers would add a millisecond of
 * their own; everybody has the same one. Against: piscina, with the items that are due as one task (a task per item does not keep up), and
 * node:stream, three Transforms, which stay in the thread and have no hop. Checked: every item arrives;
 * ours and node:stream's in order (piscina's answers come as they may).
 */
import { Readable, Transform, Writable } from 'node:stream'
import { pipeline as pipelineOf } from 'node:stream/promises'
import { filter, forEach, from, map, pipeline } from 'millrace'
import { Piscina } from 'piscina'
import { check, interleave, sized, type Size } from './support/harness.ts'
import { limitRow, rowOf, type Row } from './support/row.ts'

const PER_MS = 100
const P50_LIMIT = 1
const P99_LIMIT = 5
/** Items are due from so many milliseconds after the first look at the clock. */
const LEAD_MS = 2

const turn = (): Promise<void> => new Promise((settle) => setImmediate(settle))

/** The times at which items are due, each as soon as it has come. */
const due = async function* (count: number): AsyncGenerator<number> {
  const began = performance.now() + LEAD_MS
  for (let i = 0; i < count; ) {
    const now = Math.min(count, Math.floor((performance.now() - began) * PER_MS))
    if (now <= i) await turn()
    for (; i < now; i++) yield began + i / PER_MS
  }
}

/** The same, all that are due at a time. */
const dueTogether = async function* (count: number): AsyncGenerator<number[]> {
  const began = performance.now() + LEAD_MS
  for (let i = 0; i < count; ) {
    const now = Math.min(count, Math.floor((performance.now() - began) * PER_MS))
    if (now <= i) {
      await turn()
      continue
    }
    const from = i
    i = now
    yield Array.from({ length: now - from }, (_, k) => began + (from + k) / PER_MS)
  }
}

/** Takes items as they arrive. */
class Arrivals {
  readonly #late: number[] = []
  #last = 0
  #inOrder = true

  take(dueAt: number): void {
    this.#late.push(performance.now() - dueAt)
    this.#inOrder &&= dueAt > this.#last
    this.#last = dueAt
  }

  answer(): Late {
    const sorted = Float64Array.from(this.#late).sort()
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
    return { p50: at(0.5), p99: at(0.99), count: sorted.length, inOrder: this.#inOrder }
  }
}

/** Milliseconds from due to arrived. */
interface Late {
  readonly p50: number
  readonly p99: number
  readonly count: number
  readonly inOrder: boolean
}

const ours = async (count: number): Promise<Late> => {
  const arrivals = new Arrivals()
  await pipeline({
    out: from(due(count))
      .pipe(map((at) => at * 2, { lane: 'blocking' }), filter((at) => at > 0), map((at) => at / 2))
      .to(forEach((at) => {
        arrivals.take(at)
      }))
  }).run({ workers: 1 }).done
  return arrivals.answer()
}

const withPiscina = async (pool: Piscina, count: number): Promise<Late> => {
  const arrivals = new Arrivals()
  const going: Promise<void>[] = []
  for await (const items of dueTogether(count)) {
    going.push(
      pool.run(items).then((answers) => {
        for (const at of answers as readonly number[]) arrivals.take(at)
      })
    )
  }
  await Promise.all(going)
  return arrivals.answer()
}

const stage = (fn: (at: number) => number | undefined): Transform =>
  new Transform({
    objectMode: true,
    transform(at: number, _encoding, done) {
      done(undefined, fn(at))
    }
  })

const withStreams = async (count: number): Promise<Late> => {
  const arrivals = new Arrivals()
  await pipelineOf(
    Readable.from(due(count)),
    stage((at) => at * 2),
    stage((at) => (at > 0 ? at : undefined)),
    stage((at) => at / 2),
    new Writable({
      objectMode: true,
      write: (at: number, _encoding, done) => {
        arrivals.take(at)
        done()
      }
    })
  )
  return arrivals.answer()
}

export const bench = async (size: Size): Promise<readonly Row[]> => {
  const count = sized(size, 300_000, 100_000, 2000)
  const pool = new Piscina({ filename: new URL('./support/piscina-stages.mjs', import.meta.url).href, minThreads: 1, maxThreads: 1 })
  const checked = (name: string, run: () => Promise<Late>, ordered = true) => async (): Promise<Late> => {
    const late = await run()
    check(name, [late.count, late.inOrder || !ordered], [count, true])
    return late
  }
  try {
    const [mine, tasks, streams] = await interleave(
      [
        checked('millrace', () => ours(count)),
        checked('piscina', () => withPiscina(pool, count), false),
        checked('node:stream', () => withStreams(count))
      ],
      size
    )
    const row = (name: 'p50' | 'p99', limit: number): readonly Row[] => {
      const common = { bench: 'latency', work: `${PER_MS} k items/s, 3 stages, one hop: ${name}`, unit: 'ms', ours: mine!.map((late) => late[name]) }
      return [
        limitRow({ ...common, limit }),
        rowOf({ ...common, against: 'piscina, a task of what is due', theirs: tasks!.map((late) => late[name]), better: 'less' }),
        rowOf({ ...common, against: 'node:stream, without a hop', theirs: streams!.map((late) => late[name]), better: 'less' })
      ]
    }
    return [...row('p50', P50_LIMIT), ...row('p99', P99_LIMIT)]
  } finally {
    await pool.destroy()
  }
}

/** Graphs that a program has made, of thousands of stages or of ways that part and meet again and again, are planned and run in good time. */
import * as assert from 'uvu/assert'
import { filter, flatMap, from, map, pipeline, range, scan, toArray, zip, type Flow, type Source } from '../../src/index.ts'
import { suite } from '../support/suite.ts'

const chain = (source: Source<number>, stages: number, stage: (k: number) => Flow<number, number>): Source<number> => {
  let long = source
  for (let k = 0; k < stages; k++) long = long.pipe(stage(k))
  return long
}

suite('long graphs', (it) => {
  const kinds: Readonly<Record<string, (k: number) => Flow<number, number>>> = {
    map: () => map((n) => n + 1),
    flatMap: () => flatMap((n) => [n + 1]),
    scan: () => scan((_, n) => n + 1, 0),
    mixed: (k) => (k % 3 === 0 ? map((n: number) => n + 1) : k % 3 === 1 ? filter((n: number) => n >= 0) : map((n: number) => n + 1, { lane: 'async' }))
  }
  for (const [kind, stage] of Object.entries(kinds)) {
    for (const [workers, count] of [[0, 1000], [2, 200]] as const) {
      it(`${count} stages, ${kind}, ${workers} workers`, async () => {
        const out = await chain(range(0, 10), count, stage).toArray({ workers })
        const added = kind === 'mixed' ? Math.round(count / 3 * 2) : count
        assert.equal(out, Array.from({ length: 10 }, (_, n) => n + added))
      })
    }
  }

  it('ten thousand stages', async () => {
    const { results, stages } = await pipeline({ out: chain(range(0, 3), 10_000, () => map((n) => n + 1)).to(toArray()) }).run({ workers: 0 }).done
    assert.equal(results.out, [10_000, 10_001, 10_002])
    assert.ok(stages.slice(1).every((row) => row.in === 3 && row.out === 3))
  })

  it('stages are parted into tasks as often as needed, and no more', () => {
    const tasks = (stages: number): number => pipeline({ out: chain(range(0, 3), stages, () => map((n) => n + 1)).to(toArray()) }).explain({ workers: 2 }).tasks.length
    assert.equal([tasks(60), tasks(130)], [2, 4])
  })

  it('a stage that a failure stops, far down, stops what is before it and lets what is behind it come to its end', async () => {
    const stop = map((n: number) => { if (n >= 2000) throw new Error('far'); return n }, { onError: 'stop' })
    for (const workers of [0, 2]) {
      const far = chain(chain(from((function* () { for (let n = 0; ; n++) yield n })()), 100, () => map((n) => n)).pipe(stop), 100, () => map((n) => n))
      assert.equal((await far.toArray({ workers })).length, 2000)
    }
  })

  it('ways that part and meet again, forty times', async () => {
    let diamonds: Source<number> = range(0, 3)
    for (let k = 0; k < 40; k++) {
      const whole = diamonds
      diamonds = zip(whole.pipe(map((n) => n)), whole.pipe(map((n) => n))).pipe(map(([a]) => a))
    }
    for (const workers of [0, 2]) assert.equal(await diamonds.toArray({ workers }), [0, 1, 2])
  })
}, 30_000)

/** Runs inside a stage of another run: what they set aside, skip and drop is the outer run's, and they run as it does. */
import { threadId } from 'node:worker_threads'
import * as assert from 'uvu/assert'
import {
  buffer, filter, from, map, mapAsync, mergeMap, orElse, pipeline, range, reopen, replay, switchMap, toArray, type DeadLetter, type Flow, type Source
} from '../../src/index.ts'
import { tagged } from '../support/fixtures/context-work.ts'
import { suite } from '../support/suite.ts'

/** Refuses what can be divided by three. */
const refuse = (lane?: 'async' | 'blocking'): Flow<number, number> =>
  map((n: number) => { if (n % 3 === 0) throw new Error(`no ${n}`); return n }, { name: 'parse', onError: 'deadLetter', lane })

const told = (letters: unknown): unknown => (letters as DeadLetter[]).map(({ stage, item, cause }) => [stage, item, (cause as Error).message])

const ways: Readonly<Record<string, (inner: () => Source<number>) => Source<number>>> = {
  mergeMap: (inner) => range(0, 1).pipe(mergeMap(inner)),
  switchMap: (inner) => range(0, 1).pipe(switchMap(inner)),
  orElse: (inner) => orElse(inner(), () => undefined),
  'orElse.other': (inner) => orElse(from((function* (): Generator<number> { throw new Error('gone') })()), inner),
  reopen: (inner) => reopen(inner()),
  from: (inner) => from(inner())
}

suite('a run inside a run', (it) => {
  for (const [way, source] of Object.entries(ways)) {
    const name = way.split('.')[0]!
    for (const workers of [0, 2]) {
      it(`${way}, ${workers} workers: its dead letters are letters of the outer run, and counted there`, async () => {
        const lane = workers === 0 ? 'async' : 'blocking'
        const heard: string[] = []
        const run = pipeline({ out: source(() => range(1, 8).pipe(refuse(lane))).to(toArray()) }, { deadLetters: toArray() }).run({ workers })
        run.deadLetters.subscribe(({ stage }) => heard.push(stage))
        const { results, deadLetters, stages } = await run.done
        assert.equal(results.out, [1, 2, 4, 5, 7])
        assert.equal(told(results['deadLetters']), [[`${name}.parse`, 3, 'no 3'], [`${name}.parse`, 6, 'no 6']])
        assert.equal([deadLetters, heard], [2, [`${name}.parse`, `${name}.parse`]])
        assert.is(stages.find((stage) => stage.kind === name)?.deadLetters, 2)
      })
    }
  }

  it('in a run in a run, a letter has the whole way in its stage, and can be replayed by it', async () => {
    const inner = (n: number): Source<number> => range(1, 4).pipe(mergeMap((k) => from([n * 10 + k]).pipe(refuse()), { name: 'each' }))
    const { results } = await pipeline({ out: range(1, 3).pipe(mergeMap(inner, { concurrency: 1 })).to(toArray()) }, {
      deadLetters: (letters) => letters.pipe(replay<number>('mergeMap.each.parse')).to(toArray())
    }).run({ workers: 0 }).done
    assert.equal(results['deadLetters'], [12, 21])
  })

  it('waits for the reader of the letters, as the stages of the outer run do', async () => {
    let [made, read, most] = [0, 0, 0]
    const fail = mapAsync((n: number): number => { made++; most = Math.max(most, made - read); throw new Error(String(n)) }, { onError: 'deadLetter', concurrency: 1 })
    const slow = mapAsync(async (letter: DeadLetter) => { await Promise.resolve(); read++; return letter }, { concurrency: 1 })
    const { deadLetters } = await pipeline({ out: range(0, 1).pipe(mergeMap(() => range(0, 12_000).pipe(fail))).to(toArray()) }, {
      deadLetters: (letters) => letters.pipe(slow, filter(() => false)).to(toArray()),
      capacity: 16
    }).run({ workers: 0 }).done
    assert.is(deadLetters, 12_000)
    assert.ok(most < 6_000, `${most} letters at a time`)
  })

  it('a letter of the stages of the letters is counted, and does not go round', async () => {
    const again = mergeMap(({ item }: DeadLetter) => from([item as number]).pipe(refuse()))
    const { deadLetters, results } = await pipeline({ out: from([3]).pipe(refuse()).to(toArray()) }, { deadLetters: (letters) => letters.pipe(again).to(toArray()) }).run({ workers: 0 }).done
    assert.equal([deadLetters, results['deadLetters']], [2, []])
  })

  it('what it skips and drops is in the report of the outer run', async () => {
    const skipping = map((n: number) => { if (n % 2 === 0) throw new Error('even'); return n }, { onError: 'skip' })
    const dropping = buffer<number>({ capacity: 1, overflow: 'dropNewest', name: 'held' })
    const { results, stages, dropped } = await pipeline({ out: range(0, 1).pipe(mergeMap(() => range(0, 9).pipe(skipping, dropping))).to(toArray()) }).run({ workers: 0 }).done
    assert.is(stages.find(({ kind }) => kind === 'mergeMap')?.skipped, 5)
    assert.is((dropped['mergeMap.held'] ?? 0) + results.out.length, 4)
  })

  it('uses as many threads as the outer one: none where that has none', async () => {
    for (const workers of [0, 1]) {
      const { results } = await pipeline({ out: range(0, 1).pipe(mergeMap(() => range(0, 3).pipe(map(tagged, { lane: 'blocking' })))).to(toArray()) }).run({ workers }).done
      assert.equal(results.out.map(([, , thread]) => thread === threadId), Array.from({ length: 3 }, () => workers === 0))
    }
  })
}, 10_000)

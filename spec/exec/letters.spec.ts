/** Dead letters as a source of the pipeline: routed by stage, mapped, written, and replayed, in the run that made them or in a later one. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import * as fs from '../../src/fs.ts'
import { filter, from, map, mapAsync, pipeline, range, replay, retry, route, take, toArray, type DeadLetter, type Source } from '../../src/index.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

const sorted = (items: unknown): unknown => [...(items as number[])].sort((a, b) => a - b)

for (const workers of [0, 2]) {
  const lane = workers === 0 ? 'async' as const : 'blocking' as const
  const parse = map((s: string) => { if (s.startsWith('x')) throw new Error(`no number: ${s}`); return Number(s) }, { name: 'parse', lane, onError: 'deadLetter' })
  const texts = numbers(600).map((n) => (n % 100 === 7 ? `x${n}` : String(n)))

  suite(`dead letters, ${workers} workers`, (it) => {
    it('go several ways by stage; one way leads through the stage once more, in the same run', async () => {
      let down = true
      const ask = async (n: number): Promise<number> => { await Promise.resolve(); if (down && n % 50 === 0) throw new Error('down'); return n * 10 }
      const first = mapAsync(ask, { name: 'ask', onError: retry({ times: 1, initialMs: 0, then: 'deadLetter' }) })
      const report = await pipeline({ out: from(texts).pipe(parse, first).to(toArray()) }, {
        deadLetters: (letters) => {
          const { asked, otherwise } = route(letters, { asked: (letter) => letter.stage === 'ask' })
          const again = asked.pipe(filter((letter) => letter.attempts < 5), replay<number>('ask'), mapAsync(async (n: number) => { down = false; return ask(n) }, { name: 'ask again' }))
          return { again: again.to(toArray()), rest: otherwise.pipe(map(({ stage, item, attempts, cause }: DeadLetter) => [stage, item, attempts, (cause as Error).message])).to(toArray()) }
        }
      }).run({ workers }).done
      const [out, again] = [report.results['out'], report.results['deadLetters.again'] as number[]]
      assert.ok(again.includes(0), 'one that has failed')
      assert.equal(sorted([...out, ...again]), numbers(600).filter((n) => n % 100 !== 7).map((n) => n * 10))
      assert.equal(report.results['deadLetters.rest'], numbers(6).map((k) => ['parse', `x${k * 100 + 7}`, 1, `no number: x${k * 100 + 7}`]))
      assert.is(report.deadLetters, again.length + 6)
    })

    it('written to a file, they are replayed by a later run', async ({ defer }) => {
      const dir = await mkdtemp(join(tmpdir(), 'millrace-letters-'))
      defer(() => rm(dir, { recursive: true, force: true }))
      const path = join(dir, 'dead.ndjson')
      const record = map(({ stage, item, attempts, whole, position, cause }: DeadLetter) => ({ stage, item, attempts, whole, index: position.index, cause: String(cause) }))
      const { results } = await pipeline({ out: from(texts).pipe(parse).to(toArray()) }, { deadLetters: (letters) => letters.pipe(record).to(fs.ndjson(path)) }).run({ workers }).done
      const mended = await fs.ndjson(path).pipe(map((letter) => letter as { stage: string, item: unknown }), replay<string>('parse'), map((s) => s.slice(1)), parse).toArray({ workers })
      assert.equal(sorted([...(results['out']), ...mended]), numbers(600))
    })

    it('an item that cannot be cloned leaves a preview where it crossed threads, and says so', async () => {
      const make = map((n: number) => ({ n, f: () => n }), { lane })
      const refuse = map((): number => { throw new Error('no') }, { name: 'refuse', lane, onError: 'deadLetter' })
      const letters: DeadLetter[] = []
      const run = pipeline({ out: range(0, 3).pipe(make, refuse).to(toArray()) }, { deadLetters: toArray() }).run({ workers })
      run.deadLetters.subscribe((letter) => letters.push(letter))
      await run.done
      for (const { whole, item } of letters) assert.is(whole, typeof item === 'object')
      assert.equal([letters.length, letters.every((l) => l.whole)], [3, workers === 0])
    })
  }, 10_000)
}

suite('dead letters as a source', (it) => {
  const refuse = (name: string) => mapAsync((n: number): number => { throw new Error(String(n)) }, { name, onError: 'deadLetter' })

  it('there are none: the ways end', async () => {
    const { results } = await pipeline({ out: range(0, 3).to(toArray()) }, { deadLetters: (letters) => ({ a: letters.to(toArray()), b: letters.pipe(take(1)).to(toArray()) }) }).run({ workers: 0 }).done
    assert.equal(results, { out: [0, 1, 2], 'deadLetters.a': [], 'deadLetters.b': [] })
  })

  it('nobody reads them, or not for long: the run goes on', async () => {
    for (const deadLetters of [() => range(0, 1).to(toArray()), (letters: Source<DeadLetter>) => letters.pipe(take(1)).to(toArray())]) {
      const report = await pipeline({ out: range(0, 5000).pipe(refuse('x')).to(toArray()) }, { deadLetters }).run({ workers: 0 }).done
      assert.equal([report.deadLetters, (report.results['deadLetters'] as unknown[]).length], [5000, 1])
    }
  })

  it('an item that fails again on its way through the replay is counted and told, and does not go round', async () => {
    const { deadLetters, results } = await pipeline({ out: range(0, 20).pipe(refuse('x')).to(toArray()) }, {
      deadLetters: (letters) => letters.pipe(replay<number>('x'), refuse('y')).to(toArray())
    }).run({ workers: 0 }).done
    assert.equal([deadLetters, results['deadLetters']], [40, []])
  })

  it('a failure of the replay ends the run; a cancel too', async () => {
    const p = pipeline({ out: range(0, 20).pipe(refuse('x')).to(toArray()) }, { deadLetters: (letters) => letters.pipe(map((): number => { throw new Error('no') }, { name: 'again' })).to(toArray()) })
    assert.is((await rejection(p.run({ workers: 0 }).done)).stage, 'again')
    const q = pipeline({ out: range(0, 20).pipe(refuse('x')).to(toArray()) }, { deadLetters: (letters) => letters.pipe(mapAsync(() => new Promise<number>(() => undefined))).to(toArray()) })
    const run = q.run({ workers: 0 })
    run.deadLetters.subscribe({ next: () => { run.cancel() } })
    assert.is((await rejection(run.done)).code, 'ERR_MILLRACE_CANCELLED')
  })

  it('their outputs have names of their own, and are closed', () => {
    const out = range(0, 1).to(toArray())
    for (const wrong of [
      () => pipeline({ 'deadLetters.a': out }, { deadLetters: (letters) => ({ a: letters.to(toArray()) }) }),
      () => pipeline({ deadLetters: out }, { deadLetters: toArray() }),
      () => pipeline({ out }, { deadLetters: () => ({}) }),
      () => pipeline({ out }, { deadLetters: (letters) => letters as never }),
      () => pipeline({ out }, { deadLetters: (letters) => ({ a: letters as never }) })
    ]) assert.is((thrown(wrong) as { code?: unknown }).code, 'ERR_MILLRACE_ARGUMENT')
  })
}, 10_000)

/** TaskEither and Reader at the ends and in the middle of pipelines. */
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as assert from 'uvu/assert'
import { PipelineError } from '../../../src/error/pipeline-error.ts'
import { composeReader, filterReader, mapReader, provide } from '../../../src/connector/fp-ts/reader.ts'
import { forEachTaskEither, fromTaskEither, mapTaskEither, runTaskEither, toTaskEither } from '../../../src/connector/fp-ts/task-either.ts'
import { from } from '../../../src/connector/memory/from.ts'
import { range } from '../../../src/connector/memory/range.ts'
import { toArray } from '../../../src/connector/memory/to-array.ts'
import { collect } from '../../../src/exec/collect.ts'
import { pipeline } from '../../../src/exec/pipeline.ts'
import { map } from '../../../src/operator/map.ts'
import { take } from '../../../src/operator/take.ts'
import { failure, refused } from '../../support/attempt.ts'
import { suite } from '../../support/suite.ts'

const half = (n: number): TE.TaskEither<string, number> => (n % 2 === 0 ? TE.right(n / 2) : TE.left(`${n} is odd`))

suite('TaskEither', (it) => {
  it('is a source of one item, called by each run', async () => {
    let called = 0
    const source = fromTaskEither(TE.fromIO(() => ++called))
    assert.is(called, 0)
    assert.equal(await source.toArray({ workers: 0 }), [1])
    assert.equal(await source.toArray({ workers: 0 }), [2])
    assert.is((await failure(fromTaskEither(TE.left('no')).toArray({ workers: 0 }))).cause, 'no')
  })

  it('maps: Right goes on in order, Left is a dead letter, or what onError says', async () => {
    const { outputs, deadLetters } = await collect(pipeline({ out: range(0, 5).pipe(mapTaskEither(half)).observe() }))
    assert.equal(outputs.out, [0, 1, 2])
    assert.equal(deadLetters.map(({ item, cause }) => [item, cause]), [[1, '1 is odd'], [3, '3 is odd']])
    assert.equal(await range(0, 5).pipe(mapTaskEither(half, { onError: 'skip' })).toArray({ workers: 0 }), [0, 1, 2])
    assert.is((await failure(range(0, 5).pipe(mapTaskEither(half, { onError: 'fail' })).toArray({ workers: 0 }))).cause, '1 is odd')
    assert.equal(await from<number>([]).pipe(mapTaskEither(half)).toArray({ workers: 0 }), [])
    let under = 0
    let most = 0
    const slow = (n: number) => TE.fromTask<number>(async () => { most = Math.max(most, ++under); await new Promise(setImmediate); under--; return n })
    assert.equal((await range(0, 20).pipe(mapTaskEither(slow, { concurrency: 3 })).toArray({ workers: 0 })).length, 20)
    assert.is(most, 3)
    assert.equal(await range(0, Infinity).pipe(mapTaskEither(slow), take(2)).toArray({ workers: 0 }), [0, 1])
  })

  it('is a sink: one after the other, until one is Left', async () => {
    const seen: number[] = []
    const save = (n: number) => TE.fromTask<number>(async () => { await new Promise(setImmediate); return seen.push(n) })
    const { results } = await pipeline({ out: range(0, 3).to(forEachTaskEither(save)) }).run({ workers: 0 }).done
    assert.equal([seen, results['out']], [[0, 1, 2], 3])
    const error = await failure(pipeline({ out: range(0, 9).to(forEachTaskEither(half, { name: 'save' })) }).run({ workers: 0 }).done)
    assert.equal([error.code, error.stage, error.cause], ['ERR_MILLRACE_SINK_FAILED', 'save', '1 is odd'])
  })

  it('is a run: lazy, of the items or the report, Left for what fails', async () => {
    let called = 0
    const task = toTaskEither(fromTaskEither(TE.fromIO(() => ++called)), { workers: 0 })
    assert.is(called, 0)
    assert.equal([await task(), await task()], [{ _tag: 'Right', right: [1] }, { _tag: 'Right', right: [2] }])
    const broken = range(0, 3).pipe(map(() => { throw new Error('no') }))
    const answer = await toTaskEither(broken, { workers: 0 })()
    assert.ok(answer._tag === 'Left' && answer.left instanceof PipelineError && answer.left.code === 'ERR_MILLRACE_STAGE_FAILED')
    const report = await runTaskEither(pipeline({ out: range(0, 3).to(toArray()) }), { workers: 0 })()
    assert.equal(report._tag === 'Right' && report.right.results['out'], [0, 1, 2])
    const wrong = await runTaskEither(pipeline({ out: range(0, 3).to(toArray()) }), { workers: -1 })()
    assert.ok(wrong._tag === 'Left')
    for (const make of [() => fromTaskEither(7 as never), () => mapTaskEither(7 as never), () => forEachTaskEither(7 as never)]) refused(make)
  })
})

suite('Reader', (it) => {
  const above = filterReader((n: number, { least }: { readonly least: number }) => n >= least)
  const scaled = mapReader((n: number, { by }: { readonly by: number }) => n * by)

  it('needs what its parts need, and is given it later', async () => {
    const flow = composeReader(above, scaled, () => map((n: number) => `${n}`))
    assert.equal(await range(0, 5).pipe(provide({ least: 3, by: 10 })(flow)).toArray({ workers: 0 }), ['30', '40'])
    assert.equal(await range(0, 5).pipe(provide({ least: 4, by: 2 })(flow)).toArray({ workers: 0 }), ['8'])
  })

  it('travels to workers with its environment', async () => {
    const flow = composeReader(mapReader((n: number, { by }: { readonly by: number }) => n * by, { lane: 'blocking' }), above)
    const out = await range(0, 20_000).pipe(provide({ least: 30, by: 10 })(flow)).toArray({ workers: 2 })
    assert.equal([out.length, out[0]], [19_997, 30])
  })

  it('composes as Reader and Flow do', async () => {
    const add = (by: number) => mapReader((n: number, env: { readonly k: number }) => n * env.k + by.valueOf(), { lane: 'async' })
    const [a, b, c] = [add(1), add(2), add(3)]
    const run = (flow: ReturnType<typeof add>) => range(0, 5).pipe(provide({ k: 3 })(flow)).toArray({ workers: 0 })
    assert.equal(await run(composeReader(composeReader(a, b), c)), await run(composeReader(a, composeReader(b, c))))
  })

  it('checks its arguments', () => {
    for (const make of [() => provide(undefined)(scaled as never), () => provide({ by: 1 })(7 as never), () => mapReader(7 as never), () => filterReader(7 as never)]) refused(make)
  })
}, 10_000)

/** Graphs are values: immutable, compared by identity, and they know where they were made. */
import * as assert from 'uvu/assert'
import { Source, compose, filter, forEach, map, pipeline, range, sinkThrough, take, toArray } from '../../src/index.ts'
import { captureSite } from '../../src/graph/site.ts'
import { firstValueFrom } from 'rxjs'
import { suite } from '../support/suite.ts'

suite('graph', (it) => {
  it('pipe makes a new source and leaves the old one as it was', async () => {
    const source = range(0, 5)
    const doubled = source.pipe(map((n) => n * 2))
    assert.is.not(doubled, source)
    assert.equal(await source.toArray({ workers: 0 }), [0, 1, 2, 3, 4])
    assert.equal(await doubled.toArray({ workers: 0 }), [0, 2, 4, 6, 8])
    assert.ok(Object.isFrozen(source) && Object.isFrozen(source.port.stage) && Object.isFrozen(source.port.stage.inputs))
    assert.throws(() => {
      ;(source as { port: unknown }).port = undefined
    })
  })

  it('pipe of nothing is the source itself', () => {
    const source = range(0, 5)
    assert.is((source.pipe as () => unknown)(), source)
  })

  it('a composed flow is what its parts are, and can be used many times', async () => {
    const clean = compose(filter((n: number) => n % 2 === 1), map((n) => n * 10), take(2))
    assert.equal(await range(0, 100).pipe(clean).toArray({ workers: 0 }), [10, 30])
    assert.equal(await range(50, 100).pipe(clean).toArray({ workers: 0 }), [510, 530])
  })

  it('compose is associative', async () => {
    const [f, g, h] = [map((n: number) => n + 1), map((n: number) => n * 2), filter((n: number) => n % 3 === 0)]
    const got = (flow: ReturnType<typeof compose<number, number>>): Promise<number[]> => range(0, 30).pipe(flow).toArray({ workers: 0 })
    assert.equal(await got(compose(compose(f, g), h)), await got(compose(f, compose(g, h))))
    assert.equal(await got(compose(f, g, h)), await got(compose(f, compose(g, h))))
  })

  it('a flow in front of a sink is a sink', async () => {
    const run = pipeline({ out: range(0, 5).to(sinkThrough(map((n: number) => String(n)), toArray())) }).run({ workers: 0 })
    const [out] = await Promise.all([firstValueFrom(run.outputs.out), run.done])
    assert.equal(out, ['0', '1', '2', '3', '4'])
  })

  it('a source of one library is a Source, whatever made it', () => {
    assert.instance(range(0, 1), Source)
    assert.instance(range(0, 1).pipe(map((n) => n)), Source)
  })

  it('names are checked by the stage that is given one', async () => {
    const report = await pipeline({ out: range(0, 3).pipe(map((n) => n, { name: 'mine' })).to(forEach(() => undefined)) }).run({ workers: 0 }).done
    assert.ok(report.stages.some((stage) => stage.name === 'mine'))
  })
})

suite('site', (it) => {
  it('is the first frame outside millrace', () => {
    assert.match(captureSite().text() ?? '', /graph\.spec\.ts:\d+:\d+$/)
  })

  it('leaves the limit of stack traces as it was', () => {
    const limit = Error.stackTraceLimit
    captureSite()
    assert.is(Error.stackTraceLimit, limit)
  })
})

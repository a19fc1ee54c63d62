/** Probes: what a test can feed, ask, expect, and what it is told when something else comes. */
import { AssertionError } from 'node:assert'
import * as assert from 'uvu/assert'
import { buffer, map, mapAsync, pipeline, range, sleep, take } from './doors.ts'
import { probeSink, probeSource, withVirtualTime } from '../../src/testing.ts'
import { unmet } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

suite('probes', (it) => {
  it('a source gives what was sent, one batch per request, and ends', async () => {
    const source = probeSource<number>()
    const out = source.pipe(map((n) => n * 2)).toArray({ workers: 0 })
    await source.expectRequest()
    assert.is(source.requests, 1)
    source.send(1, 2)
    await source.expectRequest()
    assert.is(source.requests, 2)
    source.send(3)
    source.end()
    assert.equal(await out, [2, 4, 6])
  })

  it('a source that fails ends the run with its error', async () => {
    const source = probeSource<number>({ name: 'mine' })
    const out = source.toArray({ workers: 0 })
    source.send(1)
    const error = new Error('no more')
    source.fail(error)
    const reason = await out.then(() => undefined, (thrown: unknown) => thrown as Error)
    assert.match(reason!.message, 'no more')
    assert.match(await unmet(source.expectCancelled()), 'expected the run to leave the source early, got its end')
  })

  it('a source sees that nobody wants more, and refuses what is sent then', async () => {
    const source = probeSource<number>()
    const out = source.pipe(take(1)).toArray({ workers: 0 })
    source.send(1, 2)
    await source.expectCancelled()
    assert.equal(await out, [1])
    assert.throws(() => { source.send(3) }, /closed/)
  })

  it('a source that was ended takes no more', () => {
    const source = probeSource<number>()
    source.end()
    assert.throws(() => { source.send(1) }, (error: unknown) => error instanceof AssertionError && /was ended/.test(error.message))
  })

  it('a source says that nobody runs it', async () => {
    assert.match(await unmet(probeSource().expectRequest({ withinMs: 1 })), 'is it part of a pipeline')
  })

  it('a source is for one run', async () => {
    const source = probeSource<number>()
    source.end()
    await source.toArray({ workers: 0 })
    const reason = await source.toArray({ workers: 0 }).then(() => undefined, (thrown: unknown) => thrown as { code: string })
    assert.is(reason?.code, 'ERR_MILLRACE_SOURCE_USED')
  })

  it('a sink is read by demand, and what is not requested holds the source back', async () => {
    const source = probeSource<number>()
    const sink = probeSink<number>()
    const run = pipeline({ out: source.to(sink) }, { capacity: 1 }).run({ workers: 0 })
    for (const n of [1, 2, 3, 4, 5, 6]) source.send(n)
    await sink.expectNoItem()
    await source.expectNoRequest()
    sink.request(2)
    await sink.expectNext(1, 2)
    await sink.expectNoItem()
    await sink.requestNext(3, 4)
    sink.request(Infinity)
    await sink.expectNext(5, 6)
    source.end()
    await sink.expectEnd()
    await run.done
  })

  it('a sink that is cancelled lets the source go at once', async () => {
    const source = probeSource<number>()
    const sink = probeSink<number>()
    const run = pipeline({ out: source.to(sink) }).run({ workers: 0 })
    await source.expectRequest()
    sink.cancel()
    await source.expectCancelled()
    await run.done
    assert.match(await unmet(sink.expectEnd()), 'cancelled')
  })

  it('a sink sees the error of the run, by code or by what a predicate says', async () => {
    const source = probeSource<number>()
    const sink = probeSink<number>()
    const boom = new Error('boom')
    const run = pipeline({ out: source.pipe(map((): number => { throw boom })).to(sink) }).run({ workers: 0 })
    const done = run.done.catch((error: unknown) => error)
    source.send(1)
    const error = await sink.expectError('ERR_MILLRACE_STAGE_FAILED')
    assert.match((error as Error).message, 'boom')
    await sink.expectError((e) => (e as Error).cause === boom)
    assert.is((await done as { code: string }).code, (error as { code: string }).code)
    const wrong = await unmet(sink.expectError('ERR_MILLRACE_CANCELLED'))
    assert.match(wrong, 'expected an error with code ERR_MILLRACE_CANCELLED, got ERR_MILLRACE_STAGE_FAILED')
  })

  it('says what came instead', async () => {
    const sink = probeSink<number>()
    const run = pipeline({ out: range(0, 3).to(sink) }).run({ workers: 0 })
    sink.request(2)
    const error = await sink.expectNext(0, 5).then(() => undefined, (thrown: unknown) => thrown as AssertionError)
    assert.match(error!.message, 'probeSink.expectNext: expected 0, 5, got 0, 1')
    assert.equal([error!.actual, error!.expected], [[0, 1], [0, 5]])
    await sink.expectNext(0, 1)
    assert.match(await unmet(sink.expectNext(2)), 'none was requested; 1 items wait for a request')
    assert.match(await unmet(sink.expectEnd({ withinMs: 1 })), 'none was requested')
    await sink.requestNext(2)
    sink.request(1)
    assert.match(await unmet(sink.expectNext(3)), 'got the end')
    await run.done
    assert.match(await unmet(probeSink().expectEnd({ withinMs: 1 })), 'is it part of a pipeline')
  })

  it('a sink behind waiting stages gets what they make', async () => {
    const sink = probeSink<number>()
    const run = pipeline({ out: range(0, 5).pipe(mapAsync(async (n) => n + 1), buffer({ capacity: 2 })).to(sink) }).run({ workers: 0 })
    await sink.requestNext(1, 2)
    await sink.requestNext(3, 4, 5)
    await sink.expectEnd()
    await run.done
  })

  it('no item comes while paused time stands still, and one when it goes on', async () => {
    await withVirtualTime(async (time) => {
      const sink = probeSink<number>()
      const run = pipeline({ out: range(0, 1).pipe(mapAsync(async (n) => { await sleep(60_000); return n })).to(sink) }).run({ workers: 0 })
      sink.request(1)
      await sink.expectNoItem()
      assert.is(time.now(), 0)
      await sink.expectNext(0)
      assert.is(time.now(), 60_000)
      await run.done
    })
  })
})

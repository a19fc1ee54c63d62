/** Node and web streams that read a source or are written by a run: pace, ends, errors, and those who leave early. */
import { createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { finished, pipeline as nodePipeline } from 'node:stream/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { TransformStream, WritableStream, type WritableStreamDefaultController } from 'node:stream/web'
import * as assert from 'uvu/assert'
import { PipelineError } from '../../src/error/pipeline-error.ts'
import { from } from '../../src/connector/memory/from.ts'
import { intoWebWritable, intoWritable } from '../../src/connector/memory/into-stream.ts'
import { queue } from '../../src/connector/memory/queue.ts'
import { range } from '../../src/connector/memory/range.ts'
import { toReadable, toWebStream } from '../../src/connector/memory/to-stream.ts'
import type { Sink, Source } from '../../src/graph/source.ts'
import { pipeline } from '../../src/exec/pipeline.ts'
import { map } from '../../src/operator/map.ts'
import { refused, rejection } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

const collected = async <A>(stream: AsyncIterable<A>): Promise<A[]> => {
  const items: A[] = []
  for await (const item of stream) items.push(item)
  return items
}

/** An endless source that counts what it has made, and whether it was closed. */
const endless = (): { readonly source: Source<number>; made: number; closed: number } => {
  const seen = { made: 0, closed: 0 }
  const items = function* (): Generator<number> { try { for (;;) yield seen.made++ } finally { seen.closed++ } }
  return Object.assign(seen, { source: from(items()) })
}

const into = <A, R>(source: Source<A>, sink: Sink<A, R>, signal?: AbortSignal) => pipeline({ out: source.to(sink) }).run({ workers: 0, signal }).done

suite('toReadable', (it) => {
  it('emits all items, none, and bytes', async () => {
    assert.equal(await toReadable(range(0, 1000), { workers: 0 }).toArray(), numbers(1000))
    assert.equal(await toReadable(from<number>([]), { workers: 0 }).toArray(), [])
    assert.is(await text(toReadable(from(['a', 'b', 'é']), { objectMode: false, workers: 0 })), 'abé')
    assert.equal(await from<number>(toReadable(range(0, 5))).pipe(map((n) => n * 2)).toArray({ workers: 0 }), [0, 2, 4, 6, 8])
  })

  it('does not begin before it is read, and reads no further than it is read', async () => {
    const seen = endless()
    const stream = toReadable(seen.source, { highWaterMark: 4, workers: 0 })
    await turn()
    assert.is(seen.made, 0)
    stream.resume()
    stream.pause()
    for (let i = 0; i < 20; i++) await turn()
    assert.ok(seen.made < 40_000, `made ${seen.made}`)
    const { made } = seen
    for (let i = 0; i < 20; i++) await turn()
    assert.is(seen.made, made)
    stream.destroy()
    await finished(stream).catch(() => undefined)
    assert.is(seen.closed, 1)
  })

  it('cancels the run when it is left, and waits until it has stopped', async () => {
    const seen = endless()
    const got: unknown[] = []
    const left = toReadable(seen.source, { workers: 0 })
    for await (const n of left) if (got.push(n) === 3) break
    if (!left.closed) await finished(left).catch(() => undefined)
    assert.equal([got, seen.closed], [[0, 1, 2], 1])
    const other = endless()
    const failing = new Writable({ objectMode: true, write: (_, __, done) => { done(new Error('full')) } })
    assert.is((await rejection(nodePipeline(toReadable(other.source, { workers: 0 }), failing))).message, 'full')
    for (let i = 0; i < 50 && other.closed === 0; i++) await turn()
    assert.is(other.closed, 1)
    const quiet = toReadable(queue().source, { workers: 0 })
    quiet.resume()
    await turn()
    quiet.destroy()
    await finished(quiet).catch(() => undefined)
    assert.ok(quiet.closed)
    toReadable(range(0, 3)).destroy() // one that was never read
  })

  it('fails as the run does, and for null', async () => {
    const broken = range(0, 9).pipe(map((n) => { if (n === 5) throw new Error('five'); return n }))
    const error = await rejection(toReadable(broken, { workers: 0 }).toArray())
    assert.instance(error, PipelineError)
    assert.is(error.code, 'ERR_MILLRACE_STAGE_FAILED')
    assert.is((await rejection(toReadable(from([1, null]), { workers: 0 }).toArray())).code, 'ERR_MILLRACE_ARGUMENT')
    const controller = new AbortController()
    const cancelled = toReadable(endless().source, { workers: 0, signal: controller.signal }).toArray()
    setImmediate(() => { controller.abort() })
    assert.is((await rejection(cancelled)).code, 'ERR_MILLRACE_CANCELLED')
    refused(() => toReadable(7 as never))
    refused(() => toReadable(range(0, 1), { highWaterMark: -1 }))
  })
})

suite('toWebStream', (it) => {
  it('emits all items, and is read at its pace', async () => {
    assert.equal(await collected(toWebStream(range(0, 1000), { workers: 0 })), numbers(1000))
    assert.equal(await collected(toWebStream(from<number>([]), { workers: 0 })), [])
    assert.equal(await collected(toWebStream(from([null, undefined]), { workers: 0 })), [null, undefined])
    const seen = endless()
    const stream = toWebStream(seen.source, { workers: 0 })
    await turn()
    assert.is(seen.made, 0)
    const reader = stream.getReader()
    assert.equal((await reader.read()).value, 0)
    await reader.cancel()
    assert.is(seen.closed, 1)
    assert.equal(await collected(toWebStream(range(0, 4), { workers: 0, highWaterMark: 2 }).pipeThrough(new TransformStream<number, number>({ transform: (n, c) => { c.enqueue(n * 2) } }))), [0, 2, 4, 6])
  })

  it('fails as the run does, and is cancelled before and while it waits', async () => {
    const broken = range(0, 9).pipe(map((n) => { if (n === 5) throw new Error('five'); return n }))
    assert.is((await rejection(collected(toWebStream(broken, { workers: 0 })))).code, 'ERR_MILLRACE_STAGE_FAILED')
    await toWebStream(endless().source).cancel()
    const reader = toWebStream(queue().source, { workers: 0 }).getReader()
    const read = reader.read()
    await turn()
    await reader.cancel()
    assert.is((await read).done, true)
    refused(() => toWebStream(7 as never))
    refused(() => toWebStream(range(0, 1), { highWaterMark: 0.5 }))
  })
})

/** A Writable that takes a turn for each item. */
const slow = (): { readonly stream: Writable; readonly items: unknown[]; most: number } => {
  const seen = {
    items: [] as unknown[],
    most: 0,
    stream: new Writable({
      objectMode: true,
      highWaterMark: 4,
      write(item, _, done) {
        seen.most = Math.max(seen.most, this.writableLength)
        seen.items.push(item)
        setImmediate(done)
      }
    })
  }
  return seen
}

suite('intoWritable', (it) => {
  it('writes all items at the pace of the stream, and ends it', async ({ defer }) => {
    const seen = slow()
    assert.is((await into(range(0, 100), intoWritable(seen.stream))).results['out'], 100)
    assert.equal(seen.items, numbers(100))
    assert.ok(seen.most <= 4, `${seen.most} held`)
    assert.ok(seen.stream.writableFinished)
    assert.is(seen.stream.listenerCount('drain') + seen.stream.listenerCount('error'), 0)
    const none = slow()
    assert.is((await into(from([]), intoWritable(none.stream))).results['out'], 0)
    assert.ok(none.stream.writableFinished)
    const path = join(tempDir(defer), 'a')
    await into(from(['one ', 'two']), intoWritable(createWriteStream(path)))
    assert.is(readFileSync(path, 'utf8'), 'one two')
  })

  it('leaves a stream open that is to stay so, also when the run fails', async () => {
    const seen = slow()
    await into(range(0, 10), intoWritable(seen.stream, { end: false }))
    assert.is(seen.items.length, 10)
    assert.is(seen.stream.writableLength, 0)
    await rejection(into(range(0, 9).pipe(map((n) => { if (n === 5) throw new Error('five'); return n })), intoWritable(seen.stream, { end: false })))
    await into(range(0, 10), intoWritable(seen.stream, { end: false }))
    assert.not(seen.stream.writableEnded)
    assert.equal(seen.items.slice(-10), numbers(10))
    assert.is(seen.stream.listenerCount('drain') + seen.stream.listenerCount('error') + seen.stream.listenerCount('close'), 0)
  })

  it('fails with the error of the stream, and closes the source', async () => {
    const seen = endless()
    const stream = new Writable({ objectMode: true, write: (n, _, done) => { done(n === 5 ? new Error('full') : undefined) } })
    const error = await rejection(into(seen.source, intoWritable(stream)))
    assert.equal([error.code, (error.cause as Error).message, seen.closed], ['ERR_MILLRACE_SINK_FAILED', 'full', 1])
    const last = new Writable({ objectMode: true, write: (_, __, done) => { done() }, final: (done) => { done(new Error('last')) } })
    assert.is(((await rejection(into(range(0, 3), intoWritable(last)))).cause as Error).message, 'last')
    assert.is((await rejection(into(from([1, null]), intoWritable(slow().stream)))).code, 'ERR_MILLRACE_SINK_FAILED')
    const pass = new PassThrough()
    assert.is((await rejection(into(from([7 as never]), intoWritable(pass)))).code, 'ERR_MILLRACE_SINK_FAILED')
    assert.ok(pass.destroyed)
  })

  it('says so when somebody else closes it, or has', async () => {
    const stream = new Writable({ objectMode: true, highWaterMark: 1, write: () => undefined })
    const cut = into(range(0, 10), intoWritable(stream))
    while (stream.writableLength === 0) await turn()
    stream.destroy()
    assert.is((await rejection(cut)).code, 'ERR_MILLRACE_SINK_CUT')
    assert.is((await rejection(into(range(0, 10), intoWritable(stream)))).code, 'ERR_MILLRACE_SINK_CUT')
    const ended = slow()
    ended.stream.end()
    assert.is((await rejection(into(range(0, 10), intoWritable(ended.stream)))).code, 'ERR_MILLRACE_SINK_CUT')
    const shared = new Writable({ objectMode: true, highWaterMark: 1, write: () => undefined })
    const both = into(range(0, 10), intoWritable(shared, { end: false }))
    while (shared.writableLength === 0) await turn()
    shared.end()
    shared.destroy()
    assert.is((await rejection(both)).code, 'ERR_MILLRACE_SINK_CUT')
  })

  it('notices at once that it was closed, ended or has failed, while the input says nothing', async () => {
    const ways: readonly (readonly [(stream: Writable) => void, string, string | undefined])[] = [
      [(stream) => { stream.destroy(new Error('gone')) }, 'ERR_MILLRACE_SINK_FAILED', 'gone'],
      [(stream) => { stream.destroy() }, 'ERR_MILLRACE_SINK_CUT', undefined],
      [(stream) => { stream.end() }, 'ERR_MILLRACE_SINK_CUT', undefined]
    ]
    for (const [close, code, cause] of ways) {
      for (const end of [true, false]) {
        const { source, offer } = queue<number>()
        const seen = slow()
        const run = into(source, intoWritable(seen.stream, { end }))
        await offer(1)
        while (seen.items.length === 0) await turn()
        await turn()
        close(seen.stream)
        const error = await rejection(run)
        assert.is(error.code, code)
        if (cause !== undefined) assert.is((error.cause as Error).message, cause)
        assert.is(seen.stream.listenerCount('close') + seen.stream.listenerCount('finish') + seen.stream.listenerCount('drain'), 0)
      }
    }
  })

  it('destroys the stream when the run fails or is cancelled, also while it waits', async () => {
    const told: unknown[] = []
    const stream = new Writable({ objectMode: true, write: (_, __, done) => { done() }, destroy: (error, done) => { told.push(error); done(error) } })
    await rejection(into(range(0, 9).pipe(map((n) => { if (n === 5) throw new Error('five'); return n })), intoWritable(stream)))
    assert.is((told[0] as { code?: unknown }).code, 'ERR_MILLRACE_STAGE_FAILED')
    assert.ok(stream.closed)
    const stuck = new Writable({ objectMode: true, highWaterMark: 1, write: () => undefined })
    const controller = new AbortController()
    const run = into(range(0, 10), intoWritable(stuck), controller.signal)
    while (stuck.writableLength === 0) await turn()
    controller.abort()
    assert.is((await rejection(run)).code, 'ERR_MILLRACE_CANCELLED')
    assert.ok(stuck.destroyed)
    refused(() => intoWritable(new Readable() as never))
    refused(() => intoWritable(stuck, { end: 7 as never }))
  })
})

suite('intoWebWritable', (it) => {
  it('writes all items at the pace of the stream, and closes it', async () => {
    const items: number[] = []
    let under = 0
    let closed = 0
    const make = (): WritableStream<number> => new WritableStream<number>({
      write: async (n) => { assert.is(++under, 1); items.push(n); await turn(); under-- },
      close: () => { closed++ }
    })
    const stream = make()
    assert.is((await into(range(0, 50), intoWebWritable(stream))).results['out'], 50)
    assert.equal([items, closed, stream.locked], [numbers(50), 1, false])
    await into(from<number>([]), intoWebWritable(make()))
    assert.is(closed, 2)
    const open = make()
    await into(range(0, 2), intoWebWritable(open, { end: false }))
    await into(range(0, 2), intoWebWritable(open, { end: false }))
    assert.equal([items.slice(50), closed], [[0, 1, 0, 1], 2])
  })

  it('fails with the error of the stream, and aborts it when the run fails', async () => {
    const seen = endless()
    const failing = new WritableStream<number>({ write: (n) => { if (n === 5) throw new Error('full') } })
    const error = await rejection(into(seen.source, intoWebWritable(failing)))
    assert.equal([error.code, (error.cause as Error).message, seen.closed], ['ERR_MILLRACE_SINK_FAILED', 'full', 1])
    const last = new WritableStream<number>({ close: () => { throw new Error('last') } })
    assert.is(((await rejection(into(range(0, 3), intoWebWritable(last)))).cause as Error).message, 'last')
    let reason: unknown
    const aborted = new WritableStream<number>({ abort: (why) => { reason = why } })
    await rejection(into(range(0, 9).pipe(map((n) => { if (n === 5) throw new Error('five'); return n })), intoWebWritable(aborted)))
    assert.is((reason as { code?: unknown }).code, 'ERR_MILLRACE_STAGE_FAILED')
    const stuck = new WritableStream<number>({ write: () => new Promise(() => undefined) })
    const controller = new AbortController()
    const run = into(range(0, 10), intoWebWritable(stuck), controller.signal)
    await turn()
    controller.abort()
    assert.is((await rejection(run)).code, 'ERR_MILLRACE_CANCELLED')
    let control: WritableStreamDefaultController | undefined
    const quiet = new WritableStream<number>({ start: (c) => { control = c } })
    const waiting = into(queue<number>().source, intoWebWritable(quiet))
    await turn()
    control!.error(new Error('gone'))
    const gone = await rejection(waiting)
    assert.equal([gone.code, (gone.cause as Error).message], ['ERR_MILLRACE_SINK_FAILED', 'gone'])
    const locked = new WritableStream<number>()
    locked.getWriter()
    assert.is((await rejection(into(range(0, 1), intoWebWritable(locked)))).code, 'ERR_MILLRACE_SINK_CUT')
    refused(() => intoWebWritable({} as never))
  })
})

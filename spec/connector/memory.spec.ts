/** Sources and sinks of a program's own memory: from, fromObservable, range, interval, forEach, toArray. Without an engine. */
import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import { Observable, of, range as rxRange, Subject, throwError } from 'rxjs'
import * as assert from 'uvu/assert'
import { forEach } from '../../src/connector/memory/for-each.ts'
import { from, fromObservable } from '../../src/connector/memory/from.ts'
import { interval } from '../../src/connector/memory/interval.ts'
import { range } from '../../src/connector/memory/range.ts'
import { toArray } from '../../src/connector/memory/to-array.ts'
import { batchesOf, itemsOf, openSink, openSource, recording } from '../support/drive-source.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'

const codeOf = async (work: () => unknown): Promise<unknown> => {
  try {
    await work()
  } catch (error) {
    return (error as { code?: unknown }).code ?? error
  }
  throw new Error('nothing was thrown')
}

suite('from', (it) => {
  it('takes everything that yields items', async () => {
    assert.equal(await itemsOf(from([1, undefined, 3])), [1, undefined, 3])
    assert.equal(await itemsOf(from(new Set(['a', 'b']))), ['a', 'b'])
    assert.equal(await itemsOf(from(new Map([[1, 2]]))), [[1, 2]])
    assert.equal(await itemsOf(from(Readable.from([1, 2, 3]))), [1, 2, 3])
    assert.equal(await itemsOf(from(of(1, 2))), [1, 2])
    assert.equal(await itemsOf(from(new ReadableStream<number>({ start: (c) => { c.enqueue(7); c.close() } }))), [7])
    assert.equal(await itemsOf(from((async function* () { yield 1; await Promise.resolve(); yield 2 })())), [1, 2])
    assert.equal(await itemsOf(from([])), [])
  })

  it('refuses text and what yields nothing', async () => {
    for (const wrong of ['abc', 7, null, undefined, {}, true]) {
      assert.is(await codeOf(() => from(wrong as never)), 'ERR_MILLRACE_ARGUMENT', JSON.stringify(wrong))
    }
  })

  it('is lazy with endless iterators, and closes them', async () => {
    let made = 0
    let closed = 0
    const endless = {
      *[Symbol.iterator]() {
        try {
          for (;;) yield made++
        } finally {
          closed++
        }
      }
    }
    const items = await itemsOf(from(endless), 3)
    assert.equal(items.slice(0, 3), [0, 1, 2])
    assert.ok(made <= 16, `made ${made}`)
    assert.is(closed, 1)
  })

  it('takes few items at a time from a slow iterator', async () => {
    const slow = function* () {
      for (let i = 0; i < 40; i++) {
        const end = performance.now() + 3
        while (performance.now() < end);
        yield i
      }
    }
    const sizes = (await batchesOf(from(slow()))).map((batch) => batch.length)
    assert.ok(sizes.includes(1), sizes.join())
  })

  it('does not close an iterator that ended or failed by itself', async () => {
    const closed: string[] = []
    const make = (fails: boolean): Iterable<number> => ({
      [Symbol.iterator]: () => {
        let n = 0
        return {
          next: () => {
            if (n++ < 2) return { done: false, value: n }
            if (fails) throw new Error('broken')
            return { done: true, value: undefined }
          },
          return: () => {
            closed.push(String(fails))
            return { done: true, value: undefined }
          }
        }
      }
    })
    assert.equal(await itemsOf(from(make(false))), [1, 2])
    assert.instance(await codeOf(() => itemsOf(from(make(true)))), Error)
    assert.equal(closed, [])
  })

  it('begins anew with an iterable, and says so when it cannot', async () => {
    const list = from([1, 2])
    assert.equal(await itemsOf(list), await itemsOf(list))
    const generator = from((function* () { yield 1 })())
    assert.equal(await itemsOf(generator), [1])
    assert.is(await codeOf(() => itemsOf(generator)), 'ERR_MILLRACE_SOURCE_USED')
    const stream = from(Readable.from([1]))
    assert.equal(await itemsOf(stream), [1])
    assert.is(await codeOf(() => itemsOf(stream)), 'ERR_MILLRACE_SOURCE_USED')
    const web = new ReadableStream<number>({ start: (c) => { c.close() } })
    web.getReader()
    assert.is(await codeOf(() => itemsOf(from(web))), 'ERR_MILLRACE_SOURCE_USED')
  })

  it('batches what an async iterator has ready, and holds nothing back', async () => {
    const ready = (async function* () {
      for (let i = 0; i < 600; i++) yield i
    })()
    assert.ok((await batchesOf(from(ready))).length < 60)
    let release: () => void = () => undefined
    const waits = (async function* () {
      yield 'first'
      await new Promise<void>((resolve) => (release = resolve))
      yield 'second'
    })()
    const cursor = await openSource(from(waits))
    assert.equal((await cursor.pull())?.items, ['first'])
    const second = cursor.pull()
    release()
    assert.equal((await second)?.items, ['second'])
    assert.is(await cursor.pull(), undefined)
    await cursor.close()
  })

  it('delivers what came before the failure of an iterator', async () => {
    const cursor = await openSource(from((function* () { yield 1; yield 2; throw new Error('broken') })()))
    assert.equal((await cursor.pull())?.items, [1, 2])
    assert.is(((await codeOf(() => cursor.pull())) as Error).message, 'broken')
    await cursor.close()
  })

  it('delivers what came before the failure of an async iterator', async () => {
    const failing = (async function* () {
      yield 1
      yield 2
      throw new Error('broken')
    })()
    const cursor = await openSource(from(failing))
    assert.equal((await cursor.pull())?.items, [1, 2])
    assert.is(((await codeOf(() => cursor.pull())) as Error).message, 'broken')
    await cursor.close()
  })

  it('closes an async iterator, waiting for its cleanup', async () => {
    let cleaned = false
    const generator = (async function* () {
      try {
        for (let i = 0; ; i++) yield i
      } finally {
        await new Promise((resolve) => setImmediate(resolve))
        cleaned = true
      }
    })()
    const cursor = await openSource(from(generator))
    await cursor.pull()
    await cursor.close()
    assert.ok(cleaned)
  })

  it('does not hang when it is closed while an async iterator waits', async () => {
    let closed = false
    const stuck: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: async () => {
          closed = true
          return { done: true, value: undefined }
        }
      })
    }
    const cursor = await openSource(from(stuck))
    void cursor.pull()
    await cursor.close()
    assert.ok(closed)
    const generator = (async function* () {
      await new Promise(() => undefined)
      yield 1
    })()
    const other = await openSource(from(generator))
    void other.pull()
    const began = performance.now()
    await other.close()
    assert.ok(performance.now() - began < 2000)
  })

  it('destroys a Node stream that is left, and reports one that fails or is cut', async ({ defer }) => {
    const dir = tempDir(defer)
    writeFileSync(join(dir, 'a'), 'x'.repeat(1_000_000))
    const file = createReadStream(join(dir, 'a'))
    const cursor = await openSource(from<Buffer>(file))
    await cursor.pull()
    await cursor.close()
    assert.ok(file.destroyed && file.closed)

    const failing = new Readable({ objectMode: true, read() { this.push(1); this.destroy(new Error('broken')) } })
    assert.is(((await codeOf(() => itemsOf(from(failing)))) as Error).message, 'broken')
    const cut = new PassThrough()
    const reading = await openSource(from(cut))
    const pulled = reading.pull()
    cut.destroy()
    assert.is(await codeOf(() => pulled), 'ERR_MILLRACE_SOURCE_CUT')
    await reading.close()
  })

  it('holds a Node stream back while nobody pulls', async () => {
    let made = 0
    const stream = new Readable({ objectMode: true, highWaterMark: 8, read() { this.push(made++) } })
    const cursor = await openSource(from(stream))
    await cursor.pull()
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(made < 600, `made ${made}`)
    await cursor.close()
  })

  it('is closed while a Node stream waits', async () => {
    const quiet = new PassThrough()
    const cursor = await openSource(from(quiet))
    const pulled = cursor.pull()
    await cursor.close()
    assert.is(await pulled, undefined)
    assert.ok(quiet.destroyed)
  })

  it('cancels a web stream that is left', async () => {
    let reason: unknown
    const web = new ReadableStream<number>({ pull: (c) => { c.enqueue(1) }, cancel: (why) => { reason = why } })
    await itemsOf(from(web), 2)
    assert.instance(reason, Error)
    const quiet = new ReadableStream<number>({})
    const cursor = await openSource(from(quiet))
    const pulled = cursor.pull()
    await cursor.close()
    assert.is(await pulled, undefined)
  })
})

suite('fromObservable', (it) => {
  it('subscribes per run, and ends with the Observable', async () => {
    let subscribed = 0
    const source = fromObservable(new Observable<number>((s) => { subscribed++; s.next(1); s.complete() }))
    assert.is(subscribed, 0)
    assert.equal(await itemsOf(source), [1])
    assert.equal(await itemsOf(source), [1])
    assert.is(subscribed, 2)
  })

  it('fails after the items before it', async () => {
    const cursor = await openSource(fromObservable(new Observable<number>((s) => { s.next(1); s.error(new Error('broken')) })))
    assert.equal((await cursor.pull())?.items, [1])
    assert.is(((await codeOf(() => cursor.pull())) as Error).message, 'broken')
    assert.is(((await codeOf(() => itemsOf(fromObservable(throwError(() => new Error('at once')))))) as Error).message, 'at once')
  })

  it('keeps to its bound, by each policy', async () => {
    const take = async (overflow: 'dropOldest' | 'dropNewest' | 'latest'): Promise<unknown> => {
      const seen = recording()
      const cursor = await openSource(fromObservable(rxRange(0, 10), { capacity: 3, overflow }), seen.context)
      return [(await cursor.pull())?.items, seen.dropped]
    }
    assert.equal(await take('dropOldest'), [[7, 8, 9], 7])
    assert.equal(await take('dropNewest'), [[0, 1, 2], 7])
    assert.equal(await take('latest'), [[9], 9])
    assert.is(await codeOf(() => itemsOf(fromObservable(rxRange(0, 10), { capacity: 3 }))), 'ERR_MILLRACE_BUFFER_OVERFLOW')
  })

  it('unsubscribes when it is closed, or has overflowed', async () => {
    const subject = new Subject<number>()
    const cursor = await openSource(fromObservable(subject, { capacity: 1 }))
    const pulled = cursor.pull()
    assert.ok(subject.observed)
    await cursor.close()
    assert.not(subject.observed)
    assert.is(await pulled, undefined)
    const other = await openSource(fromObservable(subject, { capacity: 1 }))
    subject.next(1)
    subject.next(2)
    assert.not(subject.observed)
    assert.is(await codeOf(() => other.pull()), 'ERR_MILLRACE_BUFFER_OVERFLOW')
    await other.close()
  })

  it('checks its arguments', async () => {
    for (const make of [
      () => fromObservable([1] as never),
      () => fromObservable(of(1), { capacity: 0 }),
      () => fromObservable(of(1), { overflow: 'wait' as never })
    ]) assert.is(await codeOf(make), 'ERR_MILLRACE_ARGUMENT')
  })
})

suite('range and interval', (it) => {
  it('count up, down and by fractions', async () => {
    assert.equal(await itemsOf(range(0, 5)), [0, 1, 2, 3, 4])
    assert.equal(await itemsOf(range(5, 0, -2)), [5, 3, 1])
    assert.equal(await itemsOf(range(5, 0)), [])
    assert.equal(await itemsOf(range(0, 1, 0.25)), [0, 0.25, 0.5, 0.75])
    assert.is((await itemsOf(range(0, 100, 0.1))).at(-1), 999 * 0.1)
    assert.is((await itemsOf(range(0, 10_000))).length, 10_000)
    assert.equal((await itemsOf(range(0, Infinity), 3)).slice(0, 3), [0, 1, 2])
  })

  it('check their arguments', async () => {
    for (const make of [
      () => range(0, 5, 0), () => range(NaN, 5), () => range(Infinity, 5), () => range('0' as never, 5), () => range(0, NaN), () => range(0, 5, Infinity),
      () => interval(-1), () => interval(NaN), () => interval(2 ** 31), () => interval('5' as never)
    ]) assert.is(await codeOf(make), 'ERR_MILLRACE_ARGUMENT', String(make))
  })

  it('tick, without a burst after a pause', async () => {
    const began = performance.now()
    const cursor = await openSource(interval(20))
    assert.equal((await cursor.pull())?.items, [0])
    assert.ok(performance.now() - began >= 18)
    const until = performance.now() + 110
    while (performance.now() < until);
    const again = performance.now()
    assert.equal((await cursor.pull())?.items, [1])
    assert.equal((await cursor.pull())?.items, [2])
    assert.ok(performance.now() - again >= 15)
    const last = cursor.pull()
    await cursor.close()
    assert.is(await last, undefined)
  })
})

suite('forEach and toArray', (it) => {
  it('call one at a time, in order', async () => {
    const seen: unknown[] = []
    let running = 0
    const writer = await openSink(forEach<number>(async (n) => {
      assert.is(running++, 0)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      seen.push(n)
    }))
    await writer.write([1, 2])
    await writer.write([3])
    assert.is(await writer.finish(), 3)
    assert.equal(seen, [1, 2, 3])
  })

  it('let the event loop turn', async () => {
    const writer = await openSink(forEach<number>(() => {
      const end = performance.now() + 1
      while (performance.now() < end);
    }))
    let turned = 0
    const timer = setInterval(() => turned++, 1)
    await writer.write(Array.from({ length: 100 }, (_, i) => i))
    clearInterval(timer)
    assert.ok(turned >= 3, `turned ${turned} times`)
  })

  it('pass on what the function throws', async () => {
    const writer = await openSink(forEach(() => Promise.reject(new Error('broken'))))
    assert.is(((await codeOf(() => writer.write([1]))) as Error).message, 'broken')
    assert.is(await codeOf(() => forEach(7 as never)), 'ERR_MILLRACE_ARGUMENT')
  })

  it('keep everything', async () => {
    const writer = await openSink(toArray<number>())
    await writer.write([1, 2])
    await writer.write([])
    await writer.write([3])
    assert.equal(await writer.finish(), [1, 2, 3])
  })
})

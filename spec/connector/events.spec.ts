/** Sources of what calls us: events of emitters and targets, and a queue that is offered to. In whole pipelines. */
import { EventEmitter, getEventListeners } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { MessageChannel } from 'node:worker_threads'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { PipelineError } from '../../src/error/pipeline-error.ts'
import { fromEvent, type FromEventOptions } from '../../src/connector/memory/from-event.ts'
import { queue, type Offered } from '../../src/connector/memory/queue.ts'
import { toArray } from '../../src/connector/memory/to-array.ts'
import { pipeline } from '../../src/exec/pipeline.ts'
import { map } from '../../src/operator/map.ts'
import { mapAsync } from '../../src/operator/map-async.ts'
import { take } from '../../src/operator/take.ts'
import { seed } from '../support/seed.ts'
import { failure, refused } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

/** Resolves when somebody has begun to listen. (`once` of node:events would hear its own listener.) */
const listened = (emitter: EventEmitter): Promise<void> => new Promise((resolve) => { emitter.once('newListener', () => { resolve() }) })

/** Runs what listens to an emitter, and goes on when it does. */
const heard = async <A>(emitter: EventEmitter, name: string, options: FromEventOptions<A> = {}): Promise<{ readonly all: Promise<A[]> }> => {
  const added = listened(emitter)
  const all = fromEvent<A>(emitter, name, options).toArray({ workers: 0 })
  await added
  await turn()
  return { all }
}

const count = (emitter: EventEmitter): number => emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0)

suite('fromEvent', (it) => {
  it('emits the first argument of each event, or what select makes of all', async () => {
    const emitter = new EventEmitter()
    const { all } = await heard<number>(emitter, 'n', { endOn: 'close' })
    for (const n of [1, 2, 3]) emitter.emit('n', n, 'more')
    emitter.emit('other', 9)
    emitter.emit('close')
    emitter.emit('n', 4)
    assert.equal(await all, [1, 2, 3])
    assert.is(count(emitter), 0)
    const both = await heard(emitter, 'n', { endOn: ['close', 'end'], select: (a: number, b: string) => `${a}${b}` })
    emitter.emit('n', 1, 'x')
    emitter.emit('end')
    assert.equal(await both.all, ['1x'])
  })

  it('ends empty, by its signal, also one that is aborted before', async () => {
    const emitter = new EventEmitter()
    const controller = new AbortController()
    const { all } = await heard(emitter, 'n', { signal: controller.signal })
    controller.abort()
    assert.equal(await all, [])
    assert.is(getEventListeners(controller.signal, 'abort').length, 0)
    assert.equal(await fromEvent(emitter, 'n', { signal: controller.signal }).toArray({ workers: 0 }), [])
    assert.is(count(emitter), 0)
  })

  it('fails with the error event, after what came before, and with what select throws', async () => {
    const emitter = new EventEmitter()
    const seen: unknown[] = []
    const added = listened(emitter)
    const run = pipeline({ out: fromEvent<number>(emitter, 'n').pipe(map((n) => n + 1)).observe() }).run({ workers: 0 })
    run.outputs.out.subscribe({ next: (n) => seen.push(n), error: () => undefined })
    await added
    await turn()
    emitter.emit('n', 1)
    emitter.emit('error', new Error('broken'))
    const error = await failure(run.done)
    assert.equal([seen, error.code, error.stage, (error.cause as Error).message, count(emitter)], [[2], 'ERR_MILLRACE_SOURCE_FAILED', 'fromEvent', 'broken', 0])
    const picky = await heard(emitter, 'n', { select: () => { throw new Error('no') } })
    emitter.emit('n', 1)
    assert.is(((await failure(picky.all)).cause as Error).message, 'no')
    const errors = await heard<Error>(emitter, 'error', { endOn: 'close' })
    emitter.emit('error', new Error('wanted'))
    emitter.emit('close')
    assert.equal((await errors.all).map(({ message }) => message), ['wanted'])
  })

  it('keeps to its bound by each policy, and counts what it loses', async () => {
    const burst = async (overflow: 'dropOldest' | 'dropNewest' | 'latest' | 'fail'): Promise<unknown> => {
      const emitter = new EventEmitter()
      const added = listened(emitter)
      const run = pipeline({ out: fromEvent<number>(emitter, 'n', { capacity: 3, overflow, endOn: 'close', name: 'ear' }).to(toArray()) }).run({ workers: 0 })
      run.done.catch(() => undefined)
      await added
      await turn()
      for (let n = 0; n < 10; n++) emitter.emit('n', n)
      emitter.emit('close')
      return run.done.then(({ results, dropped }) => [results['out'], dropped['ear']], (error: unknown) => (error as PipelineError).code)
    }
    assert.equal(await burst('dropOldest'), [[7, 8, 9], 7])
    assert.equal(await burst('dropNewest'), [[0, 1, 2], 7])
    assert.equal(await burst('latest'), [[9], 9])
    assert.is(await burst('fail'), 'ERR_MILLRACE_BUFFER_OVERFLOW')
  })

  it('listens anew with each run, and leaves when nobody wants more', async () => {
    const emitter = new EventEmitter()
    const source = fromEvent<number>(emitter, 'n').pipe(take(2))
    for (let run = 0; run < 2; run++) {
      const added = listened(emitter)
      const all = source.toArray({ workers: 0 })
      await added
      await turn()
      for (let n = 0; n < 5; n++) emitter.emit('n', n)
      assert.equal(await all, [0, 1])
      assert.is(count(emitter), 0)
    }
    const controller = new AbortController()
    const added = listened(emitter)
    const never = fromEvent(emitter, 'n').toArray({ workers: 0, signal: controller.signal })
    await added
    controller.abort()
    assert.is((await failure(never)).code, 'ERR_MILLRACE_CANCELLED')
    assert.is(count(emitter), 0)
  })

  it('takes an EventTarget, and a port that is both', async () => {
    const target = new EventTarget()
    const controller = new AbortController()
    const all = fromEvent(target, 'ping', { signal: controller.signal, select: (event: Event) => event.type }).toArray({ workers: 0 })
    while (getEventListeners(target, 'ping').length === 0) await turn()
    target.dispatchEvent(new Event('ping'))
    controller.abort()
    assert.equal(await all, ['ping'])
    assert.is(getEventListeners(target, 'ping').length, 0)
    const { port1, port2 } = new MessageChannel()
    const messages = fromEvent<string>(port1, 'message').pipe(take(2)).toArray({ workers: 0 })
    port2.postMessage('a')
    port2.postMessage('b')
    assert.equal(await messages, ['a', 'b'])
    port1.close()
  })

  it('checks its arguments', () => {
    const emitter = new EventEmitter()
    for (const make of [
      () => fromEvent({} as never, 'n'), () => fromEvent(null as never, 'n'), () => fromEvent(emitter, ''), () => fromEvent(emitter, 7 as never),
      () => fromEvent(emitter, 'n', { capacity: 0 }), () => fromEvent(emitter, 'n', { overflow: 'wait' as never }), () => fromEvent(emitter, 'n', { select: 7 as never })
    ]) refused(make)
  })
})

suite('queue', (it) => {
  it('emits what was offered, before the run and during it, at the pace of the run', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 5 }), fc.nat(5), fc.boolean(), async (length, capacity, before, awaits) => {
        const q = queue<number>({ capacity })
        const offers: Promise<Offered>[] = []
        for (let n = 0; n < Math.min(before, length); n++) offers.push(q.offer(n))
        const all = q.source.toArray({ workers: 0 })
        for (let n = Math.min(before, length); n < length; n++) {
          offers.push(q.offer(n))
          if (awaits) await offers.at(-1)
        }
        q.end()
        assert.equal(await all, Array.from({ length }, (_, i) => i))
        assert.ok((await Promise.all(offers)).every((offered) => offered === 'accepted'))
      }),
      { seed, numRuns: 60 }
    )
  })

  it('lets the offer wait, and holds the writer back', async () => {
    const q = queue<number>({ capacity: 2 })
    assert.is(await q.offer(0), 'accepted')
    assert.is(q.tryOffer(1), 'accepted')
    assert.is(q.tryOffer(2), 'full')
    let answered = false
    const waits = q.offer(2).then((offered) => { answered = true; return offered })
    await turn()
    assert.not(answered)
    let running = 0
    const all = q.source.pipe(mapAsync(async (n) => { running++; await turn(); return n }, { concurrency: 1 })).toArray({ workers: 0 })
    assert.is(await waits, 'accepted')
    q.end()
    assert.equal(await all, [0, 1, 2])
    assert.is(running, 3)
  })

  it('loses by each policy, and counts it, also before the run', async () => {
    const burst = async (overflow: 'dropOldest' | 'dropNewest' | 'latest' | 'fail'): Promise<unknown> => {
      const { source, offer, end } = queue<number>({ capacity: 3, overflow, name: 'q' })
      const offered = await Promise.all([0, 1, 2, 3, 4].map((n) => offer(n)))
      end()
      const run = pipeline({ out: source.to(toArray()) }).run({ workers: 0 })
      return run.done.then(({ results, dropped }) => [results['out'], dropped['q'], offered[4]], (error: unknown) => [(error as PipelineError).code, offered[2], offered[3]])
    }
    assert.equal(await burst('dropOldest'), [[2, 3, 4], 2, 'accepted'])
    assert.equal(await burst('dropNewest'), [[0, 1, 2], 2, 'dropped'])
    assert.equal(await burst('latest'), [[4], 4, 'accepted'])
    assert.equal(await burst('fail'), ['ERR_MILLRACE_BUFFER_OVERFLOW', 'accepted', 'closed'])
  })

  it('counts what it loses during the run', async () => {
    const q = queue<number>({ capacity: 1, overflow: 'dropNewest', name: 'q' })
    q.tryOffer(0)
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const began = new Promise<void>((resolve) => {
      const run = pipeline({ out: q.source.pipe(mapAsync(async (n) => { resolve(); await held; return n }, { concurrency: 1 })).to(toArray()) }).run({ workers: 0 })
      void run.done.then(({ dropped }) => { assert.ok((dropped['q'] ?? 0) >= 1, JSON.stringify(dropped)) })
    })
    await began
    const offered = Array.from({ length: 20 }, (_, n) => q.tryOffer(n))
    assert.ok(offered.includes('dropped'))
    q.end()
    release()
  })

  it('ends empty; fails behind what it holds; takes nothing afterwards', async () => {
    const empty = queue()
    empty.end()
    assert.equal(await empty.source.toArray({ workers: 0 }), [])
    assert.is(await empty.offer(1), 'closed')
    const broken = queue<number>({ capacity: 1 })
    void broken.offer(1)
    const waits = broken.offer(2)
    broken.fail(new Error('broken'))
    broken.end()
    const seen: number[] = []
    const run = pipeline({ out: broken.source.observe() }).run({ workers: 0 })
    run.outputs.out.subscribe({ next: (n) => seen.push(n), error: () => undefined })
    assert.is(((await failure(run.done)).cause as Error).message, 'broken')
    assert.equal([await waits, seen], ['accepted', [1, 2]])
    assert.is(broken.tryOffer(3), 'closed')
  })

  it('tells who waits when its run is left or cancelled', async () => {
    const q = queue<number>({ capacity: 1 })
    const offers = [q.offer(1), q.offer(2), q.offer(3), q.offer(4)]
    assert.equal(await q.source.pipe(take(1)).toArray({ workers: 0 }), [1])
    assert.is((await Promise.all(offers)).at(-1), 'closed')
    assert.is(await q.offer(5), 'closed')
    const quiet = queue<number>()
    const controller = new AbortController()
    const all = quiet.source.toArray({ workers: 0, signal: controller.signal })
    await turn()
    controller.abort()
    assert.is((await failure(all)).code, 'ERR_MILLRACE_CANCELLED')
    assert.is(quiet.tryOffer(1), 'closed')
  })

  it('is run once, and checks its arguments', async () => {
    const q = queue()
    q.end()
    await q.source.toArray({ workers: 0 })
    assert.is((await failure(q.source.toArray({ workers: 0 }))).code, 'ERR_MILLRACE_SOURCE_USED')
    for (const make of [() => queue({ capacity: 0 }), () => queue({ overflow: 'never' as never }), () => queue({ name: '' }), () => { queue().fail(undefined) }]) refused(make)
  })
})

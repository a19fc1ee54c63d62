/** Marble diagrams: what they mean, what is drawn with them, and what is said when an output differs. */
import * as assert from 'uvu/assert'
import { batch, buffer, debounce, delay, map, mapAsync, merge, sleep, take, throttle } from './doors.ts'
import { parseMarbles, writeMarbles } from '../../src/testing/diagram.ts'
import { cold, expectMarbles, withVirtualTime } from '../../src/testing.ts'
import { unmet } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

suite('marbles', (it) => {
  it('a diagram is events at instants', () => {
    const { events, length } = parseMarbles('--a-(bc)-|', { a: 1 })
    assert.equal(events, [
      { at: 2, type: 'item', value: 1 }, { at: 4, type: 'item', value: 'b' }, { at: 4, type: 'item', value: 'c' }, { at: 9, type: 'end' }
    ])
    assert.is(length, 10)
    assert.equal(parseMarbles('a 10ms b 2s (c|)').events.map((event) => event.at), [0, 11, 2012, 2012])
    assert.equal(parseMarbles('#', {}, 'E').events, [{ at: 0, type: 'error', error: 'E' }])
    assert.equal(parseMarbles(' a  - b').events.map((event) => event.at), [0, 2])
  })

  it('what is no diagram is refused, with the place', () => {
    for (const text of ['(a', 'a)', '((a))', '(-a)', 'a|b', '^a', 'a!']) {
      assert.throws(() => cold(text), (error: unknown) => error instanceof RangeError && /at character \d/.test(error.message), text)
    }
  })

  it('events are written as the diagram that they came from', () => {
    for (const text of ['--a-(bc)-|', 'a 30ms b|', '(a|)', '#', 'abc', '---(ab)#']) assert.is(writeMarbles(parseMarbles(text).events, String), text)
  })

  it('a drawn source emits at its frames, a group as one batch', async () => {
    await expectMarbles(cold('-a-(bc)-|'), '-a-(bc)-|')
    await expectMarbles(cold('a(bc)|').pipe(buffer({ capacity: 5 })), 'a(bc)|')
    await expectMarbles(cold('a 1m b 1m |'), 'a 1m b 1m |')
    await expectMarbles(cold(''), '---')
    await expectMarbles(cold('|'), '|')
  })

  it('operators that look at the clock', async () => {
    await expectMarbles(cold('a-b-c---|').pipe(debounce({ ms: 3 })), '-------c|')
    await expectMarbles(cold('a-b|').pipe(delay({ ms: 5 })), '-----a-(b|)')
    await expectMarbles(cold('ab--c|').pipe(batch({ count: 5, maxMs: 3 })), '---x-(y|)', { x: ['a', 'b'], y: ['c'] })
    await expectMarbles(cold('abc|').pipe(mapAsync(async (x) => { await sleep(5); return x }, { concurrency: 1 })), '-----a----b----(c|)')
    await expectMarbles(cold('abcd------e--|').pipe(throttle({ units: 1, perMs: 3 })), 'a--b--c--d--e|')
  })

  it('several sources in one pipeline keep their time', async () => {
    await expectMarbles(merge(cold('a--b|'), cold('-c--d|')), 'ac-bd|')
    await expectMarbles(cold('a-b-c').pipe(take(2)), 'a-(b|)')
  })

  it('failures: any, by code, by cause', async () => {
    const boom = new Error('boom')
    const failing = cold('a-#', {}, boom)
    await expectMarbles(failing, 'a-#')
    await expectMarbles(failing, 'a-#', {}, boom)
    assert.match(await unmet(expectMarbles(failing, 'a-#', {}, 'ERR_MILLRACE_CANCELLED')), 'they part at event 2')
    await expectMarbles(cold('-a|').pipe(map((): string => { throw boom })), '-#', {}, 'ERR_MILLRACE_STAGE_FAILED')
  })

  it('says where an output differs, with both diagrams', async () => {
    const said = await unmet(expectMarbles(cold('a-b|', { a: 1, b: 2 }).pipe(map((n) => n * 10)), 'a--b|', { a: 10, b: 30 }))
    assert.match(said, '\n  a--b|\n')
    assert.match(said, '\n  a-A| with A = 20\n')
    assert.match(said, 'they part at event 2: expected 30 at 3, got 20 at 2')
  })

  it('a stream that goes on where its end was drawn, and one that ends where it should go on', async () => {
    assert.match(await unmet(expectMarbles(cold('a-b'), 'a-b|')), 'expected the end at 3, got nothing more')
    assert.match(await unmet(expectMarbles(cold('a-|'), 'a----')), 'got the end at 2')
    await expectMarbles(cold('a-b'), 'a-b--')
  })

  it('goes by the time of the test that it is called in', async () => {
    await withVirtualTime(async (time) => {
      await sleep(100)
      await expectMarbles(cold('a--b|'), 'a--b|')
      assert.is(time.now(), 104)
    })
  })
})

suite('virtual time', (it) => {
  it('jumps when everybody waits, and not before', async () => {
    const order: string[] = []
    await withVirtualTime(async (time) => {
      await Promise.all([sleep(20).then(() => order.push('20')), sleep(10).then(() => order.push('10'))])
      assert.equal(order, ['10', '20'])
      assert.is(time.now(), 20)
    })
  })

  it('is moved by hand, and does not jump while it is held', async () => {
    await withVirtualTime(async (time) => {
      let rang = false
      void sleep(10).then(() => { rang = true })
      await time.held(async () => {
        await time.settled()
        assert.is(rang, false)
        await time.advance(9)
        assert.is(rang, false)
        await time.advance(1)
        assert.is(rang, true)
      })
    })
  })

  it('ends with the test: what it left behind is lost', async () => {
    let left: Promise<unknown> | undefined
    await withVirtualTime(() => {
      left = sleep(10)
      left.catch(() => undefined)
    })
    assert.match(String(await left!.catch((error: unknown) => error)), 'has ended')
  })
})

/** Counters, flags and maxima that threads share; spec/sync/threads.spec.ts has them in real threads. */
import * as assert from 'uvu/assert'
import { pack, unpack } from '../../src/prelude/travel.ts'
import { AtomicCounter, AtomicFlag, AtomicMax } from '../../src/sync.ts'
import { thrown } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

const twinOf = <T>(thing: T): T => unpack(structuredClone(pack(thing).value)) as T

suite('atomics', (it) => {
  it('a counter adds beyond 32 bits, exactly, and is the same behind every handle', () => {
    const counter = new AtomicCounter(2 ** 32)
    const twin = twinOf(counter)
    assert.is(counter.add(), 2 ** 32 + 1)
    assert.is(twin.add(-2), 2 ** 32 - 1)
    assert.is(counter.exchange(7), 2 ** 32 - 1)
    assert.is(twin.compareAndSet(8, 9), false)
    assert.is(twin.compareAndSet(7, 9), true)
    assert.is(counter.value, 9)
    assert.is(String(counter), 'AtomicCounter { 9 }')
  })

  it('a counter refuses what it cannot count, and says when it has left what a number can say', () => {
    const counter = new AtomicCounter(Number.MAX_SAFE_INTEGER)
    for (const n of [0.5, NaN, 2 ** 53]) assert.instance(thrown(() => counter.add(n)), RangeError)
    assert.instance(thrown(() => counter.add('1' as unknown as number)), TypeError)
    assert.instance(thrown(() => counter.add(1)), RangeError)
    assert.instance(thrown(() => counter.value), RangeError)
    counter.add(-1)
  })

  it('a flag is set by one of all who try', () => {
    const flag = new AtomicFlag()
    const twin = twinOf(flag)
    assert.equal([flag.testAndSet(), twin.testAndSet(), twin.value], [false, true, true])
    twin.clear()
    assert.is(flag.value, false)
    flag.set()
    assert.is(String(twin), 'AtomicFlag { true }')
  })

  it('a maximum is the largest that was told, fractions and negative numbers too', () => {
    const max = new AtomicMax()
    const twin = twinOf(max)
    assert.is(max.value, -Infinity)
    assert.is(twin.tell(-3.5), -3.5)
    assert.is(max.tell(-4), -3.5)
    assert.is(max.tell(0.25), 0.25)
    assert.is(twin.value, 0.25)
    assert.instance(thrown(() => max.tell(NaN)), RangeError)
    assert.instance(thrown(() => max.tell('x' as unknown as number)), TypeError)
    assert.is(String(max), 'AtomicMax { 0.25 }')
  })
})

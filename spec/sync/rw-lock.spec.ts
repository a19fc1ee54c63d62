/** The lock for readers and writers in one thread, behaviour by behaviour; numbers as in the list of tokio's semantics. */
import * as assert from 'uvu/assert'
import { pack } from '../../src/prelude/travel.ts'
import { Locked, MAX_READERS, RwLock, type ReadGuard, type WriteGuard } from '../../src/sync.ts'
import { thrown } from '../support/attempt.ts'
import { bothForms } from '../support/forms.ts'
import { fateOf, waits } from '../support/settling.ts'
import { suite } from '../support/suite.ts'

const memory = (): Int32Array => new Int32Array(new SharedArrayBuffer(4))

const held = <G extends ReadGuard<unknown> | WriteGuard<unknown>>(got: G | Locked): G => {
  if (got === Locked) throw new Error('it is locked')
  return got
}

bothForms('RwLock', (it, form) => {
  it('136: readers share; a writer keeps out readers and writers', async () => {
    const lock = form(new RwLock(memory()))
    const readers = [await lock.read(), await lock.read()]
    const controller = new AbortController()
    const writing = lock.write({ signal: controller.signal })
    assert.ok(await waits(writing))
    assert.is(lock.tryWrite(), Locked)
    controller.abort()
    assert.is((await fateOf(writing)).is, 'reason')
    for (const reader of readers) reader.release()
  })

  it('136: nobody comes in beside a writer', async () => {
    const lock = form(new RwLock(memory()))
    const writer = await lock.write()
    const [reading, writing] = [lock.read(), lock.write()]
    assert.ok(await waits(Promise.race([reading, writing])))
    assert.match(String(lock), 'locked')
    writer.release()
    ;(await reading).release()
    ;(await writing).release()
    assert.match(String(lock), 'Int32Array')
  })

  it('137: a writer comes in when the last reader leaves', async () => {
    const lock = form(new RwLock(memory()))
    const readers = [await lock.read(), await lock.read()]
    const writing = lock.write()
    readers[0]!.release()
    assert.ok(await waits(writing))
    readers[1]!.release()
    ;(await writing).release()
  })

  it('138, 140: a writer that waits holds back later readers; the order is that of the calls', async () => {
    const lock = form(new RwLock(memory()))
    const reader = await lock.read()
    const order: string[] = []
    const writing = lock.write().then((guard) => (order.push('writer'), guard))
    const reading = lock.read().then((guard) => (order.push('reader'), guard))
    assert.is(lock.tryRead(), Locked)
    assert.ok(await waits(reading))
    reader.release()
    const writer = await writing
    assert.ok(await waits(reading))
    writer.release()
    ;(await reading).release()
    assert.equal(order, ['writer', 'reader'])
  })

  it('139: when a writer that waits gives up, the readers behind it get in', async () => {
    const lock = form(new RwLock(memory()))
    const reader = await lock.read()
    const controller = new AbortController()
    const writing = lock.write({ signal: controller.signal })
    const reading = lock.read()
    assert.ok(await waits(Promise.race([reading, writing])))
    controller.abort('left')
    assert.equal(await fateOf(writing), { is: 'reason', reason: 'left' })
    ;(await reading).release()
    reader.release()
    held(lock.tryWrite()).release()
  })

  it('141: a reader over the limit waits, and gets in when one leaves; limits that cannot be are refused', async () => {
    const lock = form(new RwLock(memory(), { maxReaders: 2 }))
    const readers = [await lock.read(), await lock.read()]
    assert.is(lock.maxReaders, 2)
    assert.is(lock.tryRead(), Locked)
    const third = lock.read()
    assert.ok(await waits(third))
    readers[0]!.release()
    ;(await third).release()
    readers[1]!.release()
    for (const maxReaders of [0, -1, 1.5, MAX_READERS + 1]) assert.instance(thrown(() => new RwLock(undefined, { maxReaders })), RangeError)
  })

  it('142: the forms that do not wait succeed or fail by the same rules', () => {
    const lock = form(new RwLock(memory()))
    const reader = held(lock.tryRead())
    const second = held(lock.tryRead())
    assert.is(lock.tryWrite(), Locked)
    reader.release()
    second.release()
    const writer = held(lock.tryWrite())
    assert.is(lock.tryRead(), Locked)
    assert.is(lock.tryWrite(), Locked)
    writer.release()
  })

  it('143: downgrading lets readers that wait come in, and no writer in between', async () => {
    const lock = form(new RwLock(memory()))
    const writer = await lock.write()
    const order: string[] = []
    const reading = lock.read().then((guard) => (order.push('reader'), guard))
    const writing = lock.write().then((guard) => (order.push('writer'), guard))
    const reader = writer.downgrade()
    assert.is(writer.isReleased, true)
    const other = await reading
    assert.ok(await waits(writing))
    reader.release()
    other.release()
    ;(await writing).release()
    assert.equal(order, ['reader', 'writer'])
    assert.is(thrown(() => writer.downgrade()).code, 'ERR_MILLRACE_ARGUMENT')
  })

  it('144: a downgrade that is declined, or whose test throws, keeps the lock to write', () => {
    const lock = form(new RwLock(memory()))
    const writer = held(lock.tryWrite())
    assert.is(writer.tryDowngrade((value) => value[0] === 1), undefined)
    assert.is(thrown(() => writer.tryDowngrade(() => { throw new Error('no') })).message, 'no')
    assert.is(lock.tryRead(), Locked)
    writer.value[0] = 1
    const reader = writer.tryDowngrade((value) => value[0] === 1)!
    held(lock.tryRead()).release()
    reader.release()
    held(lock.tryWrite()).release()
  })

  it('146: the blocking forms throw on a thread with an event loop', () => {
    const lock = form(new RwLock(memory()))
    assert.is(thrown(() => lock.blockingRead()).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    assert.is(thrown(() => lock.blockingWrite()).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    held(lock.tryWrite()).release()
  })

  it('147: reading twice in one task, with a writer in between, waits for itself until it is given up', async () => {
    const lock = form(new RwLock(memory()))
    const outer = await lock.read()
    const writing = lock.write()
    const controller = new AbortController()
    const inner = lock.read({ signal: controller.signal })
    assert.ok(await waits(Promise.race([inner, writing])))
    controller.abort('gave up')
    assert.equal(await fateOf(inner), { is: 'reason', reason: 'gave up' })
    outer.release()
    ;(await writing).release()
  })

  it('a reader that is released has no value any more', () => {
    const lock = form(new RwLock(memory()))
    const reader = held(lock.tryRead())
    reader.release()
    reader.release()
    assert.is(thrown(() => reader.value).code, 'ERR_MILLRACE_ARGUMENT')
    held(lock.tryWrite()).release()
  })
})

suite('RwLock, its value', (it) => {
  it('can be replaced by a writer, until the lock has travelled; then it must be shared memory', () => {
    const lock = new RwLock<Int32Array>(memory())
    const writer = held(lock.tryWrite())
    writer.value = memory()
    writer.value[0] = 4
    pack(lock)
    assert.is(thrown(() => { writer.value = memory() }).code, 'ERR_MILLRACE_ARGUMENT')
    writer.release()
    const reader = held(lock.tryRead())
    assert.is(reader.value[0], 4)
    reader.release()
    assert.instance(thrown(() => pack(new RwLock<unknown>('text'))), TypeError)
  })
})

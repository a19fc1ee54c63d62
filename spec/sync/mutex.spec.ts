/** The mutex in one thread, behaviour by behaviour; numbers as in the list of tokio's semantics. spec/sync/threads.spec.ts has it across threads. */
import { inspect } from 'node:util'
import * as assert from 'uvu/assert'
import { pack, unpack } from '../../src/prelude/travel.ts'
import { Locked, Mutex, type MutexGuard } from '../../src/sync.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { bothForms } from '../support/forms.ts'
import { fateOf, waits } from '../support/settling.ts'
import { suite } from '../support/suite.ts'

const held = <T>(got: MutexGuard<T> | Locked): MutexGuard<T> => {
  if (got === Locked) throw new Error('it is locked')
  return got
}

const memory = (): Int32Array => new Int32Array(new SharedArrayBuffer(4))

bothForms('Mutex', (it, form) => {
  it('128: one has it; a release serves exactly the next, in the order of the calls', async () => {
    const mutex = form(new Mutex(memory()))
    const first = await mutex.lock()
    const order: number[] = []
    const waiting = [0, 1, 2].map((i) => mutex.lock().then((guard) => (order.push(i), guard)))
    assert.ok(await waits(Promise.race(waiting)))
    first.release()
    const second = await waiting[0]!
    assert.ok(await waits(Promise.race(waiting.slice(1))))
    second.release()
    ;(await waiting[1]!).release()
    ;(await waiting[2]!).release()
    assert.equal(order, [0, 1, 2])
    assert.is(mutex.isLocked, false)
  })

  it('129: tryLock fails while it is held, and right after the release it does not', () => {
    const mutex = form(new Mutex(memory()))
    const guard = held(mutex.tryLock())
    assert.is(mutex.tryLock(), Locked)
    guard.release()
    held(mutex.tryLock()).release()
  })

  it('130: a holder that is aborted in the middle releases it at the end of its block', async () => {
    const mutex = form(new Mutex(memory()))
    const controller = new AbortController()
    const work = (async () => {
      const guard = await mutex.lock()
      try {
        await new Promise((_, reject) => { controller.signal.addEventListener('abort', () => { reject(new Error('left')) }) })
      } finally {
        guard[Symbol.dispose]()
      }
    })()
    const next = mutex.lock()
    assert.ok(await waits(next))
    controller.abort()
    await rejection(work)
    ;(await next).release()
  })

  it('131: a wait that is given up does not hold back those behind it', async () => {
    const mutex = form(new Mutex(memory()))
    const guard = await mutex.lock()
    const controller = new AbortController()
    const leaves = fateOf(mutex.lock({ signal: controller.signal }))
    const stays = mutex.lock()
    controller.abort('left')
    assert.equal(await leaves, { is: 'reason', reason: 'left' })
    guard.release()
    ;(await stays).release()
    assert.equal(await fateOf(mutex.lock({ signal: controller.signal })), { is: 'reason', reason: 'left' })
    assert.is(mutex.isLocked, false)
  })

  it('132: a throw while it is held releases it, and poisons nothing', async () => {
    const mutex = form(new Mutex(memory()))
    await rejection((async () => {
      const guard = await mutex.lock()
      try {
        throw new Error('on purpose')
      } finally {
        guard[Symbol.dispose]()
      }
    })())
    const guard = held(mutex.tryLock())
    assert.is(guard.poisoned, false)
    guard.release()
  })

  it('133: printing never waits: the value, or that it is locked', async () => {
    const mutex = form(new Mutex(memory()))
    const free = String(mutex)
    assert.match(free, 'Int32Array')
    const guard = await mutex.lock()
    assert.match(String(mutex), 'locked')
    assert.match(inspect(mutex), 'locked')
    guard.release()
    assert.is(inspect(mutex), free)
  })

  it('134: blockingLock throws on a thread with an event loop, free or not', () => {
    const mutex = form(new Mutex(memory()))
    assert.is(thrown(() => mutex.blockingLock()).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    assert.is(mutex.isLocked, false)
  })

  it('the value is not to be had after the release, and a second release is none', async () => {
    const mutex = form(new Mutex(memory()))
    const guard = await mutex.lock()
    guard.value[0] = 3
    guard.release()
    assert.is(thrown(() => guard.value).code, 'ERR_MILLRACE_ARGUMENT')
    assert.is(guard.isReleased, true)
    const next = await mutex.lock()
    guard.release()
    assert.is(mutex.tryLock(), Locked)
    assert.is(next.value[0], 3)
    next.release()
  })

  it('135: more rounds of a free lock than the budget let the event loop turn; fewer take no turn of it', async () => {
    const mutex = form(new Mutex(memory()))
    let turned = false
    const round = async (): Promise<void> => { (await mutex.lock()).release() }
    setImmediate(() => (turned = true))
    for (let rounds = 0; !turned; rounds++) {
      assert.ok(rounds < 200)
      await round()
    }
    turned = false // and the budget is full
    setImmediate(() => (turned = true))
    for (let i = 0; i < 127; i++) await round()
    assert.is(turned, false)
    for (let i = 0; i < 2; i++) await round()
    assert.is(turned, true)
  })
})

suite('Mutex, its value', (it) => {
  it('is anything while the mutex is in one thread, and can be replaced by its holder', async () => {
    const mutex = new Mutex<unknown>(() => 1)
    const guard = await mutex.lock()
    guard.value = 'other'
    guard.release()
    assert.is(String(mutex), "Mutex { 'other' }")
    assert.is(String(new Mutex()), 'Mutex { undefined }')
  })

  it('must be shared memory, or nothing, when the mutex travels; the error names what is not', () => {
    for (const [value, path] of [[1, 'value is a number'], [{ a: [new SharedArrayBuffer(1), 'x'] }, 'value.a[1]'], [new Map(), 'a Map'], [new Uint8Array(1), 'one thread'], [null, 'null']] as const) {
      const error = thrown(() => pack(new Mutex<unknown>(value)))
      assert.instance(error, TypeError)
      assert.is(error.code, 'ERR_MILLRACE_NOT_CLONEABLE')
      assert.match(error.message, path)
    }
    for (const value of [undefined, new SharedArrayBuffer(8), { a: memory(), b: [memory()] }]) pack(new Mutex<unknown>(value))
  })

  it('cannot be replaced once the mutex has travelled', async () => {
    const mutex = new Mutex(memory())
    pack(mutex)
    const guard = await mutex.lock()
    assert.is(thrown(() => { guard.value = memory() }).code, 'ERR_MILLRACE_ARGUMENT')
    guard.release()
  })

  it('a mutex that was held, and waited for, when it travelled goes on', async () => {
    const mutex = new Mutex(memory())
    const guard = await mutex.lock()
    const waiting = [mutex.lock(), mutex.lock()]
    pack(mutex)
    assert.is(mutex.tryLock(), Locked)
    guard.release()
    ;(await waiting[0]!).release()
    ;(await waiting[1]!).release()
    assert.is(mutex.isLocked, false)
  })

  it('a handle that comes back is the same lock', async () => {
    const mutex = new Mutex(memory())
    const twin = unpack(structuredClone(pack(mutex).value)) as typeof mutex
    const guard = await twin.lock()
    assert.is(mutex.tryLock(), Locked)
    guard.value[0] = 7
    guard.release()
    const own = held(mutex.tryLock())
    assert.is(own.value[0], 7)
    own.release()
  })

  it('more waits than a line has places are served in the order of the calls', async () => {
    const mutex = new Mutex()
    pack(mutex)
    const guard = await mutex.lock()
    const order: number[] = []
    const controller = new AbortController()
    const waiting = Array.from({ length: 200 }, (_, i) =>
      mutex.lock(i % 10 === 5 ? { signal: controller.signal } : {}).then(
        (got) => {
          order.push(i)
          got.release()
        },
        () => undefined
      ))
    controller.abort()
    guard.release()
    await Promise.all(waiting)
    assert.equal(order, Array.from({ length: 200 }, (_, i) => i).filter((i) => i % 10 !== 5))
  })
})

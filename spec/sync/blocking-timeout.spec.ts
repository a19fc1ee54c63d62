/** Blocking calls with `timeoutMs`, in real threads: they give up in time, having taken and sent nothing, and go on as before otherwise. */
import * as assert from 'uvu/assert'
import { Barrier, Closed, Empty, Locked, Mutex, NoPermits, Notify, OnceCell, RwLock, Semaphore, broadcast, mpsc, oneshot, watch } from '../../src/sync.ts'
import { thrown } from '../support/attempt.ts'
import type { Said } from '../support/fixtures/timed-blocking.ts'
import { suite, type Scope } from '../support/suite.ts'
import { startThread, type Thread } from '../support/thread.ts'

const SHORT = 25
const LONG = 10_000
const TIMEOUT = 'ERR_MILLRACE_TIMEOUT'

let common: Thread | undefined
const other = (): Thread => (common ??= startThread({ defer: () => undefined }, new URL('../support/fixtures/timed-blocking.ts', import.meta.url)))

interface Case {
  /** What the other thread is given, and calls. */
  readonly handle: object
  readonly call: string
  readonly args?: readonly unknown[]
  /** Makes it possible. */
  readonly allow: () => unknown
  /** Throws when the call that gave up has left something behind. */
  readonly look?: () => void
}

const held = <A>(got: A | Locked | NoPermits | Closed): A => {
  assert.ok(got !== Locked && got !== NoPermits && got !== Closed)
  return got
}

const cases: Record<string, () => Case> = {
  'Mutex.blockingLock': () => {
    const mutex = new Mutex()
    const guard = held(mutex.tryLock())
    return { handle: mutex, call: 'blockingLock', allow: () => { guard.release() }, look: () => { assert.is(mutex.tryLock(), Locked) } }
  },
  'Semaphore.blockingAcquire, many': () => {
    const semaphore = new Semaphore(3)
    const permit = held(semaphore.tryAcquire(2))
    // what it had collected is free again
    return { handle: semaphore, call: 'blockingAcquire', args: [3], allow: () => { permit.release() }, look: () => { assert.is(semaphore.availablePermits, 1) } }
  },
  'RwLock.blockingWrite': () => {
    const lock = new RwLock()
    const guard = held(lock.tryRead())
    return { handle: lock, call: 'blockingWrite', allow: () => { guard.release() }, look: () => { held(lock.tryRead()).release() } }
  },
  'RwLock.blockingRead': () => {
    const lock = new RwLock()
    const guard = held(lock.tryWrite())
    return { handle: lock, call: 'blockingRead', allow: () => { guard.release() } }
  },
  'Notify.blockingNotified': () => {
    const notify = new Notify()
    return { handle: notify, call: 'blockingNotified', allow: () => { notify.notifyOne() } }
  },
  'Barrier.blockingWait': () => {
    const barrier = new Barrier(2)
    return { handle: barrier, call: 'blockingWait', allow: () => barrier.wait() }
  },
  'OnceCell.blockingWait': () => {
    const cell = new OnceCell<number>()
    return { handle: cell, call: 'blockingWait', allow: () => cell.set(1) }
  },
  'mpsc: blockingSend': () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    sender.trySend(1)
    return {
      handle: sender, call: 'blockingSend', args: [2],
      allow: () => { assert.is(receiver.tryRecv(), 1) },
      look: () => { assert.equal([receiver.length, sender.strongCount], [1, 2]) }
    }
  },
  'mpsc: blockingReserve': () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    sender.trySend(1)
    return { handle: sender, call: 'blockingReserve', args: [1], allow: () => { assert.is(receiver.tryRecv(), 1) } }
  },
  'mpsc: blockingRecv': () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    return { handle: receiver, call: 'blockingRecv', allow: () => sender.trySend(1) }
  },
  'mpsc: blockingRecvMany': () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    return { handle: receiver, call: 'blockingRecvMany', args: [3], allow: () => sender.trySend(1) }
  },
  'oneshot: blockingRecv': () => {
    const { sender, receiver } = oneshot<number>()
    return { handle: receiver, call: 'blockingRecv', allow: () => sender.send(1) }
  },
  'broadcast: blockingSend': () => {
    const sender = broadcast<number>({ capacity: 1 })
    const receiver = sender.subscribe()
    sender.trySend(1)
    return { handle: sender, call: 'blockingSend', args: [2], allow: () => { assert.is(receiver.tryRecv(), 1) }, look: () => { assert.is(receiver.length, 1) } }
  },
  'broadcast: blockingRecv': () => {
    const sender = broadcast<number>({ capacity: 1 })
    return { handle: sender.subscribe(), call: 'blockingRecv', allow: () => sender.trySend(1) }
  },
  'watch: blockingChanged': () => {
    const { sender, receiver } = watch(0)
    return { handle: receiver, call: 'blockingChanged', allow: () => sender.send(1) }
  }
}

/** Receivers are moved: the same one cannot be sent twice. */
const once = (call: string): boolean => call.startsWith('blockingRecv') || call === 'blockingChanged'

suite('blocking calls with timeoutMs', (it) => {
  for (const [name, make] of Object.entries(cases)) {
    it(`${name}: gives up in time, with nothing taken or sent`, async () => {
      const { handle, call, args = [], allow, look } = make()
      const said = await other().call<Said>('timed', handle, call, args, SHORT)
      assert.is(said.code, TIMEOUT)
      assert.ok(said.ms >= SHORT - 1, `${said.ms} ms`)
      look?.()
      if (once(call)) return
      const again = other().call<Said>('timed', handle, call, args, LONG)
      allow()
      assert.is((await again).code, undefined)
    })

    it(`${name}: what comes in time is taken`, async () => {
      const { handle, call, args = [], allow } = make()
      const said = other().call<Said>('timed', handle, call, args, LONG)
      await new Promise((resolve) => setTimeout(resolve, 5)) // most likely it waits by now; if not, it is served at once
      allow()
      const { code, ms } = await said
      assert.is(code, undefined)
      assert.ok(ms < LONG)
    })
  }

  it('OnceCell.blockingGetOrInit, watch: blockingWaitFor: while another thread is at it', async () => {
    const cell = new OnceCell<number>()
    let done: (value: number) => void = () => undefined
    const made = cell.getOrInit(() => new Promise<number>((resolve) => { done = resolve }))
    await Promise.resolve()
    assert.is((await other().call<Said>('timedInit', cell, SHORT)).code, TIMEOUT)
    const said = other().call<Said>('timedInit', cell, LONG)
    done(7)
    assert.equal([await made, (await said).code, cell.get()], [7, undefined, 7])
    const { sender, receiver } = watch(0)
    const clone = receiver.clone()
    assert.is((await other().call<Said>('timedWaitFor', receiver, SHORT)).code, TIMEOUT)
    const waited = other().call<Said>('timedWaitFor', clone, LONG)
    sender.send(9)
    assert.is((await waited).code, undefined)
  })

  it('0 looks and does not wait; who is behind one that gave up is served', async (scope: Scope) => {
    const mutex = new Mutex()
    assert.is((await other().call<Said>('timed', mutex, 'blockingLock', [], 0)).code, undefined)
    const guard = held(mutex.tryLock())
    assert.is((await other().call<Said>('timed', mutex, 'blockingLock', [], 0)).code, TIMEOUT)
    const first = other().call<Said>('timed', mutex, 'blockingLock', [], 100)
    const thread = startThread(scope, new URL('../support/fixtures/timed-blocking.ts', import.meta.url))
    const second = thread.call<Said>('timed', mutex, 'blockingLock', [], LONG)
    const here = mutex.lock()
    assert.is((await first).code, TIMEOUT)
    guard.release()
    ;(await here).release()
    assert.is((await second).code, undefined)
    held(mutex.tryLock()).release()
  })

  it('a send that gives up was the last that might have come: the receiver hears of the end', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    const reserved = sender.tryReserve() as { release(): void }
    const said = other().call<Said>('timed', sender, 'blockingSend', [1], 50)
    sender.close()
    assert.is((await said).code, TIMEOUT)
    reserved.release()
    assert.is(receiver.tryRecv(), Empty) // the other thread has a sender
    await common!.terminate()
    common = undefined
    assert.is(await receiver.recv(), Closed)
  })

  it('a number below 0, and what is no number, are refused at the call; the thread with an event loop may not block at all', () => {
    for (const timeoutMs of [-1, Number.NaN]) {
      assert.is(thrown(() => mpsc<number>({ capacity: 1 }).receiver.blockingRecv({ timeoutMs })).code, 'ERR_MILLRACE_ARGUMENT')
      assert.is(thrown(() => new Mutex().blockingLock({ timeoutMs })).code, 'ERR_MILLRACE_ARGUMENT')
    }
    assert.is(thrown(() => new Mutex().blockingLock({ timeoutMs: 5 })).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
  })

  it('the thread that these specs have used ends', async () => {
    await common?.terminate()
  })
}, 20_000)

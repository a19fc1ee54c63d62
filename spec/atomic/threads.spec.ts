/** The seats of threads, with real ones. */
import * as assert from 'uvu/assert'
import { SEATS, alive, deaths, here, invite, parked, sleepHere, sleepHereAsync, vacate, wake, type Invitation } from '../../src/atomic/threads.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'
import { runInThread, startThread } from '../support/thread.ts'

const fixture = new URL('./fixture.ts', import.meta.url)

suite('threads', (it) => {
  it('each thread sits where it was invited to, and may block unless it is told not to', async (scope) => {
    const [blocking, loop] = [startThread(scope, fixture), startThread(scope, fixture, { mayBlock: false })]
    assert.equal(await blocking.call('whereAmI'), { seat: blocking.seat, id: blocking.id, mayBlock: true })
    assert.equal(await loop.call('whereAmI'), { seat: loop.seat, id: loop.id, mayBlock: false })
    assert.is(here().mayBlock, false)
    assert.is.not(blocking.id, loop.id)
  })

  it('a thread that has ended is not alive, is counted once, and its seat is used again under a new number', async (scope) => {
    const before = deaths()
    const thread = startThread(scope, fixture)
    assert.ok(alive(thread.seat, thread.id))
    await thread.terminate()
    vacate(thread)
    assert.is(alive(thread.seat, thread.id), false)
    assert.is(deaths(), before + 1)
    const next = invite(true)
    assert.is(next.seat, thread.seat)
    assert.ok(next.id > thread.id)
    vacate(thread)
    assert.ok(alive(next.seat, next.id))
    vacate(next)
  })

  it('a thread that sleeps is woken by its seat, and by the death of another', async (scope) => {
    const words = new Int32Array(new SharedArrayBuffer(4))
    for (const wakes of ['its seat', 'a death']) {
      const other = startThread(scope, fixture)
      const before = deaths()
      const seen = parked()
      const { result, thread } = runInThread<number>(scope, fixture, 'sleepsUntilWoken', [words, here().seat])
      await sleepHereAsync(seen)
      if (wakes === 'its seat') wake(thread.seat)
      else await other.terminate()
      assert.is(await result, before + (wakes === 'its seat' ? 0 : 1))
    }
  })

  it('a thread with an event loop sleeps without blocking', async (scope) => {
    const seen = parked()
    const { result, thread } = runInThread<string>(scope, fixture, 'sleepsWithoutBlocking', [here().seat], { mayBlock: false })
    await sleepHereAsync(seen)
    wake(thread.seat)
    assert.is(await result, 'ok')
    assert.is(sleepHereAsync(seen), undefined)
  })

  it('what a function throws comes back, and so does that its thread was terminated', async (scope) => {
    const thread = startThread(scope, fixture)
    const error = await rejection(thread.call('throws'))
    assert.ok(error instanceof RangeError && error.message === 'on purpose')
    const blocked = thread.call('blocksForEver')
    const [reason] = await Promise.all([rejection(blocked), thread.terminate()])
    assert.match(reason.message, 'exited')
  })

  it('the guests of a thread that has ended have ended with it', async (scope) => {
    const before = deaths()
    const thread = startThread(scope, fixture)
    const guest = await thread.call<{ seat: number; id: number }>('invites')
    assert.ok(alive(guest.seat, guest.id))
    await thread.terminate()
    assert.is(alive(guest.seat, guest.id), false)
    assert.is(deaths(), before + 2)
  })

  it('a thread that is blocked sees by their pulse that its guests have ended', async (scope) => {
    const words = new Int32Array(new SharedArrayBuffer(4))
    const thread = startThread(scope, fixture)
    const blocked = rejection(thread.call('sleepsUntilWoken', words, here().seat))
    while (words[0] === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    const terminating = thread.terminate()
    for (let seen = parked(); alive(thread.seat, thread.id); seen = parked()) sleepHere(seen, 5000) // no event loop in between
    await terminating
    await blocked
  })

  it('more threads than there are seats are refused', ({ defer }) => {
    const invitations: Invitation[] = []
    defer(() => { for (const invitation of invitations) vacate(invitation) })
    const error = thrown(() => {
      for (let i = 0; i <= SEATS; i++) invitations.push(invite(true))
    })
    assert.instance(error, RangeError)
    assert.match(error.message, String(SEATS))
  })
}, 20_000)

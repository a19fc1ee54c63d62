/** Waiting for a change, in one thread and between real ones. The model of it is in event.model.spec.ts. */
import * as assert from 'uvu/assert'
import { EVENT_WORDS, Event } from '../../src/sync/event.ts'
import { thrown } from '../support/attempt.ts'
import { fateOf, waits } from '../support/settling.ts'
import { suite } from '../support/suite.ts'
import { startThread } from '../support/thread.ts'

const fixture = new URL('./gate-fixture.ts', import.meta.url)
const memory = (words: number): Int32Array => new Int32Array(new SharedArrayBuffer(words * 4))

for (const far of [false, true]) {
  const make = (): Event => {
    const event = new Event()
    if (far) event.share(memory(EVENT_WORDS), 0)
    return event
  }

  suite(far ? 'event, shared' : 'event', (it) => {
    it('a call looks at once, and again whenever it is told; it is settled inside tell', async () => {
      const event = make()
      let value = 0
      assert.is(await event.until(() => 'there'), 'there')
      const waiting = event.until(() => (value >= 2 ? value : undefined))
      assert.is(event.waiting, true)
      value = 1
      event.tell()
      assert.ok(await waits(waiting))
      value = 2
      event.tell()
      assert.is(event.waiting, false)
      assert.is(await waiting, 2)
    })

    it('calls look in their order: what one takes the next does not see', async () => {
      const event = make()
      const items: string[] = []
      const waiting = [event.until(() => items.shift()), event.until(() => items.shift())]
      items.push('a', 'b', 'c')
      const third = event.until(() => items.shift()) // untold, it still lets those before it look first
      assert.equal(await Promise.all([...waiting, third]), ['a', 'b', 'c'])
    })

    it('a look that tells makes the others look again, and no loop', async () => {
      const event = make()
      let step = 0
      const last = event.until(() => (step === 2 ? 'last' : undefined))
      const first = event.until(() => {
        if (step !== 1) return undefined
        step = 2
        event.tell()
        return 'first'
      })
      step = 1
      event.tell()
      assert.equal(await Promise.all([first, last]), ['first', 'last'])
    })

    it('an abandoned call withdraws, or is settled when it is too late for that', async () => {
      const event = make()
      const controller = new AbortController()
      const { signal } = controller
      let withdrawn = 0
      const leaves = event.until<number>(() => undefined, signal, () => {
        withdrawn++
        return undefined
      })
      const late = event.until<number>(() => undefined, signal, () => 7)
      const stays = event.until<number>(() => undefined)
      controller.abort('left')
      assert.equal(await fateOf(leaves), { is: 'reason', reason: 'left' })
      assert.is(await late, 7)
      assert.is(withdrawn, 1)
      assert.ok(await waits(stays))
      assert.equal(await fateOf(event.until(() => 1, signal)), { is: 'reason', reason: 'left' })
    })

    it('the blocking form throws on a thread with an event loop', () => {
      assert.is(thrown(() => make().blockingUntil('call', () => 1)).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    })
  })
}

suite('event between threads', (it) => {
  it('166: nobody misses what is told, blocked or not', async (scope) => {
    const [teller, blocked, loop] = [startThread(scope, fixture), startThread(scope, fixture), startThread(scope, fixture, { mayBlock: false })]
    for (let round = 0; round < 20; round++) {
      const words = memory(1 + EVENT_WORDS)
      const event = Event.attach(words, 1)
      const seeing = [
        blocked.call<number>('sees', words, 100, true),
        ...[1, 50, 100].map((goal) => loop.call<number>('sees', words, goal, false)),
        event.until(() => (words[0]! >= 100 ? words[0] : undefined))
      ]
      await teller.call('raises', words, 100)
      for (const seen of await Promise.all(seeing)) assert.ok(seen >= 1)
    }
  })

  it('calls that wait when the event is shared go on', async (scope) => {
    const words = memory(1 + EVENT_WORDS)
    const event = new Event()
    const waiting = event.until(() => (words[0]! >= 3 ? words[0] : undefined))
    event.share(words, 1)
    await startThread(scope, fixture).call('raises', words, 3)
    assert.is(await waiting, 3)
  })
}, 20_000)

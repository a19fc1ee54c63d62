/** The lock of shared words, with real threads. The model of it is in ledger.model.spec.ts. */
import * as assert from 'uvu/assert'
import { deaths } from '../../src/atomic/threads.ts'
import { Gate } from '../../src/sync/gate.ts'
import { rejection } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'
import { startThread } from '../support/thread.ts'

const fixture = new URL('./gate-fixture.ts', import.meta.url)
const memory = (words: number): Int32Array => new Int32Array(new SharedArrayBuffer(words * 4))

suite('gate', (it) => {
  it('lets one in at a time', async (scope) => {
    const words = memory(3)
    const threads = [startThread(scope, fixture), startThread(scope, fixture)]
    const gate = new Gate(words, 0, () => undefined)
    const adding = threads.map((thread) => thread.call('addsInside', words, 100_000))
    for (let i = 0; i < 50_000; i++) {
      gate.enter()
      words[2] = words[2]! + 1
      gate.exit()
    }
    await Promise.all(adding)
    assert.is(words[2], 250_000)
  })

  it('of a thread that died inside is taken over, after everything was mended; also by one that cannot turn its event loop', async (scope) => {
    const words = memory(3)
    const thread = startThread(scope, fixture)
    const ended = rejection(thread.call('staysInside', words))
    while (words[2] === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    const mended: number[] = []
    const gate = new Gate(words, 0, () => mended.push(deaths()))
    const before = deaths()
    const terminating = thread.terminate()
    gate.enter() // in the same turn: nobody but us can tell that the thread has ended
    assert.equal(mended, [before + 1])
    gate.exit()
    gate.enter()
    gate.exit()
    assert.is(mended.length, 1)
    assert.is(gate.ailing, false)
    await terminating
    await ended
    assert.is(deaths(), before + 1)
  })
}, 20_000)

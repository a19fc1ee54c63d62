/** Weak senders of every channel, travelling: each is one more, makes senders while there is one, and stays if it was closed. */
import * as assert from 'uvu/assert'
import { pack } from '../../src/prelude/travel.ts'
import { broadcast, mpsc, watch } from '../../src/sync.ts'
import { thrown } from '../support/attempt.ts'
import { turn } from '../support/settling.ts'
import { suite } from '../support/suite.ts'
import { travelled } from '../support/travelled.ts'

interface Counts {
  readonly strongCount: number
  readonly weakCount: number
}

interface Strong extends Counts {
  downgrade(): Weak
  close(): void
}

interface Weak extends Counts {
  upgrade(): Strong | undefined
  close(): void
}

const kinds: Record<string, () => Strong> = {
  mpsc: () => mpsc({ capacity: 1 }).sender,
  'unbounded mpsc': () => mpsc.unbounded().sender,
  broadcast: () => broadcast({ capacity: 1 }),
  watch: () => watch(0).sender
}

suite('weak senders that travel', (it) => {
  for (const [name, make] of Object.entries(kinds)) {
    it(`${name}: one more weak sender, which makes senders while there is one`, async () => {
      const sender = make()
      const weak = sender.downgrade()
      const there = travelled(weak)
      assert.equal([sender.strongCount, sender.weakCount], [1, 2])
      const other = there.upgrade()!
      assert.equal([there.strongCount, there.weakCount], [2, 2])
      sender.close()
      assert.is(weak.strongCount, 1)
      other.close()
      await turn()
      assert.is(there.upgrade(), undefined)
      weak.close()
      there.close()
      assert.equal([sender.strongCount, sender.weakCount], [0, 0])
    })

    it(`${name}: one that was closed stays, and says so; its channel goes on`, () => {
      const sender = make()
      const weak = sender.downgrade()
      weak.close()
      const error = thrown(() => pack(weak))
      assert.instance(error, TypeError)
      assert.ok(error.message.includes('a weak sender') && error.message.includes('it was closed'), error.message)
      assert.equal([sender.strongCount, sender.weakCount], [1, 0])
    })
  }

  it('of a channel that weighs: stays as a sender does, and says why; the receiver goes', () => {
    const { sender, receiver } = mpsc<string>({ capacity: 10, weigh: (text) => text.length })
    for (const end of [sender, sender.downgrade()]) {
      const error = thrown(() => pack(end))
      assert.instance(error, TypeError)
      assert.ok(error.message.includes('weighs items by a function of this thread'), error.message)
    }
    sender.trySend('four')
    assert.is(travelled(receiver).tryRecv(), 'four')
  })
}, 10_000)

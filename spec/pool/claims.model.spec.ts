/**
 * Whose a morsel is, under every interleaving of the main thread and two workers.
 *
 * An entry reaches a worker through a word of its own; what the entry's frame holds is written and read plainly, so that the
 * explorer sees whether it is handed over.
 * FORBIDDEN   a morsel begun twice, or begun by an entry that is out of date; a morsel lost: queued, with a valid entry that
 *             somebody has, and never begun; a settle that ends what is not its own; a frame that is not handed over
 */
import * as assert from 'uvu/assert'
import * as Claims from '../../src/pool/claims.ts'
import { Empty } from '../../src/queue/outcome.ts'
import { explore, howItFails, type Actor, type Scene, type Stepping, type Turn } from '../support/explore.ts'
import { suite } from '../support/suite.ts'

interface State extends Record<string, number | readonly number[]> {
  entry: number
  slot: number
  /** What the actor has to tell at the end; what it means is its own. */
  readonly told: number[]
}

const SLOTS = 2

interface Table {
  readonly words: Int32Array
  readonly claims: Claims.Claims
  /** Words through which entries travel, as entry + 1; 0: nothing yet; -1: nothing will come. */
  readonly mail: (n: number) => number
  readonly frame: number
  readonly dead: number
}

const table = (): Table => {
  const size = Claims.wordsFor(SLOTS)
  const words = new Int32Array(size + 8)
  return { words, claims: Claims.attach(words, 0, SLOTS), mail: (n) => size + n, frame: size + 6, dead: size + 7 }
}

type Begin = (c: Claims.Claims, entry: number, worker: number, m: Stepping) => number
type Settle = (c: Claims.Claims, entry: number, worker: number, m: Stepping) => void

const start: State = { entry: Empty, slot: Empty, told: [] }

const actor = (name: string, turns: readonly Turn<State>[], mortal?: number): Actor<State> => ({ name, state: start, turns, mortal })

/** Takes what comes through one of its words, begins it and settles it; tells the frame's content when it has begun. */
const worker = (t: Table, id: number, mails: readonly number[], mortal?: number, begin: Begin = Claims.begin, settle: Settle = Claims.settle): Actor<State> =>
  actor(
    `worker ${id}`,
    mails.flatMap((mail): Turn<State>[] => [
      (s, m) => {
        s.entry = m.until(t.words, t.mail(mail), (letter) => letter !== 0) - 1
        s.slot = s.entry < 0 ? Empty : begin(t.claims, s.entry, id, m)
        return undefined
      },
      (s, m) => {
        if (s.slot === Empty) return
        s.told.push(m.get(t.words, t.frame))
        settle(t.claims, s.entry, id, m)
      }
    ]),
    mortal
  )

const post = (t: Table, mail: number, entry: number, m: Stepping): void => {
  m.store(t.words, t.mail(mail), entry + 1)
}

const stateOf = (t: Table, slot: number): 'idle' | 'queued' | 'begun' => (['idle', 'queued', 'begun'] as const)[t.words[slot * 16]! & 3]!

const scene = (t: Table, actors: readonly Actor<State>[], end: Scene<State>['end']): Scene<State> => ({
  words: t.words,
  actors,
  end,
  label: (index) => (index === t.frame ? 'frame' : index === t.dead ? 'dead' : index >= t.mail(0) ? `mail ${index - t.mail(0)}` : `claim ${index / 16}`)
})

/** Looks, then takes. */
const rudeBegin: Begin = (c, entry, id, m) => {
  const at = c.at + Claims.slotOf(entry) * 16
  const seen = m.load(c.words, at)
  if ((seen & 3) !== 1 || (seen & 0x7fff0000) !== (entry & 0x7fff0000)) return Empty
  m.store(c.words, at, (seen & 0x7fff0000) | ((id + 1) << 2) | 2)
  return Claims.slotOf(entry)
}

/** Takes whatever is queued, whatever the entry says. */
const blindBegin: Begin = (c, entry, id, m) => {
  const now = Claims.queuedEntry(c, Claims.slotOf(entry), Claims.ANYBODY, m)
  return now === Empty ? Empty : Claims.begin(c, now, id, m)
}

/** Ends whatever the slot is at. */
const rudeSettle: Settle = (c, entry, _, m) => {
  m.store(c.words, c.at + Claims.slotOf(entry) * 16, entry & 0x7fff0000)
}

/** Queues the slot, and hands the same entry to two workers. */
const doubled = (begin: Begin) => (): Scene<State> => {
  const t = table()
  const main = actor('main', [
    (_, m) => {
      m.put(t.words, t.frame, 7)
      const entry = Claims.enqueue(t.claims, 1, Claims.ANYBODY, m)
      post(t, 0, entry, m)
      post(t, 1, entry, m)
    }
  ])
  return scene(t, [main, worker(t, 0, [0], undefined, begin), worker(t, 1, [1], undefined, begin)], (states) => {
    assert.equal([...states[1]!.told, ...states[2]!.told], [7], 'begun once, and the frame was there')
    assert.is(stateOf(t, 1), 'idle')
  })
}

/** Hands an entry to one worker, puts the morsel back under a new one, and hands that to the other. */
const requeued = (begin: Begin) => (): Scene<State> => {
  const t = table()
  const main = actor('main', [
    (s, m) => {
      m.put(t.words, t.frame, 7)
      s.entry = Claims.enqueue(t.claims, 0, Claims.ANYBODY, m)
      post(t, 0, s.entry, m)
    },
    (s, m) => {
      const again = Claims.requeue(t.claims, 0, m)
      if (again !== Empty) s.told.push(again)
      m.store(t.words, t.mail(1), again === Empty ? -1 : again + 1)
    }
  ])
  return scene(
    t,
    [main, worker(t, 0, [0], undefined, begin), worker(t, 1, [1], undefined, begin)],
    (states) => {
      assert.equal([...states[1]!.told, ...states[2]!.told], [7], 'begun once')
      assert.is(states[2]!.told.length, states[0]!.told.length, 'by the first entry, or by the second, which made the first void')
      assert.is(stateOf(t, 0), 'idle')
    }
  )
}

/** The main thread sees the result before the worker has settled, and queues the slot again. */
const reused = (settle: Settle) => (): Scene<State> => {
  const t = table()
  const main = actor('main', [
    (_, m) => {
      m.put(t.words, t.frame, 1)
      post(t, 0, Claims.enqueue(t.claims, 0, Claims.ANYBODY, m), m)
    },
    (s, m) => {
      m.until(t.words, t.mail(2), (notice) => notice === 1)
      m.put(t.words, t.frame, 2)
      s.entry = Claims.enqueue(t.claims, 0, Claims.ANYBODY, m)
      s.told.push(s.entry)
      post(t, 1, s.entry, m)
    }
  ])
  const first = actor('worker 0', [
    (s, m) => {
      s.entry = m.until(t.words, t.mail(0), (letter) => letter !== 0) - 1
      s.slot = Claims.begin(t.claims, s.entry, 0, m)
      s.told.push(m.get(t.words, t.frame))
      m.store(t.words, t.mail(2), 1) // the notice, before it settles
    },
    (s, m) => {
      settle(t.claims, s.entry, 0, m)
    }
  ])
  return scene(t, [main, first, worker(t, 1, [1])], (states) => {
    assert.equal([states[1]!.told, states[2]!.told], [[1], [2]])
    assert.is(stateOf(t, 0), 'idle')
  })
}

suite('claims, every interleaving', (it) => {
  it('a morsel whose entry is doubled is begun once, with its frame (I2)', () => {
    assert.ok(explore(doubled(Claims.begin)).states > 20)
  })

  it('a morsel that is put back is begun once, by the old entry or by the new one (I1, I3)', () => {
    assert.ok(explore(requeued(Claims.begin)).states > 50)
  })

  it('a slot that is queued again before its worker has settled stays queued', () => {
    assert.ok(explore(reused(Claims.settle)).states > 20)
  })

  it('withdraw and begin: exactly one of them gets the morsel', () => {
    explore(() => {
      const t = table()
      const main = actor('main', [
        (_, m) => {
          m.put(t.words, t.frame, 7)
          post(t, 0, Claims.enqueue(t.claims, 0, Claims.ANYBODY, m), m)
        },
        (s, m) => void s.told.push(Number(Claims.withdraw(t.claims, 0, m)))
      ])
      return scene(t, [main, worker(t, 0, [0])], (states) => {
        assert.is(states[0]!.told[0]! + states[1]!.told.length, 1)
        assert.is(stateOf(t, 0), 'idle')
      })
    })
  })

  it('a worker that dies at any access: what it had begun is abandoned and told, what it had not is put back and run by another', () => {
    const { states } = explore(() => {
      const t = table()
      const main = actor('main', [
        (_, m) => {
          m.put(t.words, t.frame, 7)
          post(t, 0, Claims.enqueue(t.claims, 0, Claims.ANYBODY, m), m)
        },
        (s, m) => {
          m.until(t.words, t.dead, (dead) => dead === 1)
          const begun = Claims.abandon(t.claims, 0, m)
          s.told.push(begun.length)
          if (Claims.queuedEntry(t.claims, 0, Claims.ANYBODY, m) !== Empty) {
            const again = Claims.requeue(t.claims, 0, m)
            s.told.push(again)
            post(t, 1, again, m)
          }
        }
      ])
      return scene(t, [main, worker(t, 0, [0], t.dead), worker(t, 1, [1])], ([boss, , other], { died, waits }) => {
        assert.is(stateOf(t, 0), 'idle')
        if (!died[0] && !died[1]) {
          assert.ok(waits[0] && waits[2], 'nobody has died: nothing is put back')
          return
        }
        const [begun, again] = boss!.told
        assert.is(other!.told.length, again === undefined ? 0 : 1)
        assert.ok(begun === 0 || again === undefined, 'what was begun is told as lost, not run again')
      })
    })
    assert.ok(states > 50, `${states} states`)
  })

  it('the explorer sees a begin that looks and then takes', () => {
    assert.match(howItFails(doubled(rudeBegin)), /begun once/)
  })

  it('the explorer sees a begin that believes an entry that is out of date', () => {
    assert.match(howItFails(requeued(blindBegin)), /made the first void|begun once/)
  })

  it('the explorer sees a settle that ends what is not its own', () => {
    howItFails(reused(rudeSettle))
  })
})

suite('claims, one step after the other', (it) => {
  const fresh = (): Claims.Claims => Claims.attach(new Int32Array(Claims.wordsFor(4) + 5), 5, 4)

  it('a slot is queued once at a time', () => {
    const c = fresh()
    const entry = Claims.enqueue(c, 3, Claims.ANYBODY)
    assert.ok(entry >= 0)
    assert.is(Claims.slotOf(entry), 3)
    assert.is(Claims.enqueue(c, 3, Claims.ANYBODY), Empty)
    assert.is(Claims.queuedEntry(c, 3, Claims.ANYBODY), entry)
    assert.is(Claims.queuedEntry(c, 3, 0), Empty)
    assert.is(Claims.queuedEntry(c, 2, Claims.ANYBODY), Empty)
  })

  it('generations grow by one, and an entry of an old one is void, over all 2¹⁵ of them', () => {
    const c = fresh()
    let old = Claims.enqueue(c, 1, 0)
    const seen = new Set<number>()
    for (let i = 0; i < 0x8000; i++) {
      assert.ok(old >= 0)
      seen.add(old)
      assert.is(Claims.begin(c, old, 5), 1)
      Claims.settle(c, old, 5)
      const entry = Claims.enqueue(c, 1, 0)
      if (i < 0x7fff) assert.is(Claims.begin(c, old, 5), Empty)
      old = entry
    }
    assert.is(seen.size, 0x8000)
    assert.ok(seen.has(old), 'they begin anew')
  })

  it('requeue keeps for whom it was, and makes the old entry void', () => {
    const c = fresh()
    const first = Claims.enqueue(c, 0, 2)
    const second = Claims.requeue(c, 0)
    assert.is.not(second, first)
    assert.is(Claims.queuedEntry(c, 0, 2), second)
    assert.is(Claims.begin(c, first, 2), Empty)
    assert.is(Claims.begin(c, second, 2), 0)
    assert.is(Claims.requeue(c, 0), Empty)
    assert.is(Claims.withdraw(c, 0), false)
  })

  it('abandon answers what one worker had begun, and leaves the rest', () => {
    const c = fresh()
    const entries = [0, 1, 2, 3].map((slot) => Claims.enqueue(c, slot, Claims.ANYBODY))
    Claims.begin(c, entries[0]!, 7)
    Claims.begin(c, entries[1]!, 8)
    Claims.begin(c, entries[2]!, 7)
    assert.equal(Claims.abandon(c, 7), [0, 2])
    assert.equal(Claims.abandon(c, 7), [])
    assert.is(Claims.queuedEntry(c, 3, Claims.ANYBODY), entries[3])
    Claims.settle(c, entries[1]!, 8)
    assert.ok(Claims.enqueue(c, 1, Claims.ANYBODY) >= 0)
  })

  it('the largest slot and the largest worker fit into a claim', () => {
    const c = Claims.attach(new Int32Array(Claims.wordsFor(Claims.MAX_SLOTS)), 0, Claims.MAX_SLOTS)
    const entry = Claims.enqueue(c, Claims.MAX_SLOTS - 1, Claims.MAX_WORKERS)
    assert.is(Claims.slotOf(entry), Claims.MAX_SLOTS - 1)
    assert.is(Claims.queuedEntry(c, Claims.MAX_SLOTS - 1, Claims.MAX_WORKERS), entry)
    assert.is(Claims.begin(c, entry, Claims.MAX_WORKERS), Claims.MAX_SLOTS - 1)
    assert.equal(Claims.abandon(c, Claims.MAX_WORKERS), [Claims.MAX_SLOTS - 1])
  })

  it('withdraw takes back what is queued, and its entry is void', () => {
    const c = fresh()
    const entry = Claims.enqueue(c, 0, Claims.ANYBODY)
    assert.is(Claims.withdraw(c, 0), true)
    assert.is(Claims.withdraw(c, 0), false)
    assert.is(Claims.begin(c, entry, 0), Empty)
  })
})

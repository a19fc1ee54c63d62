/**
 * The count of permits between threads (src/sync/ledger.ts, gate.ts) under every interleaving of two or three of them, one of which may
 * die at any access.
 *
 * A thread sleeps on its bell as it does on its word of atomic/threads.ts: read before it looks, slept on after. An undertaker empties
 * the seat of who has died, counts the death and rings all bells, as `vacate` does; until then the dead one counts as alive.
 * FORBIDDEN   two that hold the one permit; a thread that waits when nobody is left who could serve it; permits that are lost or made
 *             by a death; somebody served out of turn
 */
import * as assert from 'uvu/assert'
import type { Shore } from '../../src/atomic/shore.ts'
import { leave, mended } from '../../src/sync/gate.ts'
import * as Ledger from '../../src/sync/ledger.ts'
import { AGAIN, explore, howItFails, type Actor, type Scene, type Stepping, type Turn } from '../support/explore.ts'
import { suite } from '../support/suite.ts'

interface State extends Record<string, number | readonly number[]> {
  /** 0: wants; 1: has a place; 2: has its permits; 3: was refused, or gave up. */
  step: number
  place: number
  /** The bell as it was before the last look. */
  seen: number
}

const fresh: State = { step: 0, place: -1, seen: -1 }

const WANTS = 0
const WAITS = 1
const HAS = 2
const OUT = 3

interface Table {
  readonly words: Int32Array
  readonly ledger: Ledger.Ledger
  readonly seats: number
  readonly deaths: number
  readonly owner: number
  readonly served: number
  readonly dead: number
  readonly seat: (i: number) => number
  readonly bell: (i: number) => number
}

const markOf = (i: number): number => ((i + 1) << 8) | i

const table = (seats: number, places: number, total: number, each = 2): Table => {
  const size = Ledger.wordsFor(seats, places)
  const words = new Int32Array(size + 4 + seats * 2)
  const t: Table = {
    words,
    ledger: { words, at: 0, seats, places, each },
    seats,
    deaths: size,
    owner: size + 1,
    served: size + 2,
    dead: size + 3,
    seat: (i) => size + 4 + i,
    bell: (i) => size + 4 + seats + i
  }
  for (let i = 0; i < seats; i++) words[t.seat(i)] = markOf(i)
  words[Ledger.TOTAL] = words[Ledger.FREE] = total
  words[Ledger.GRAVE] = 1
  return t
}

const RETRY = Symbol('retry')

/** Memory as thread `i` has it. */
const shoreOf = (t: Table, i: number, m: Stepping): Shore => ({
  get: (w, at) => m.get(w, at),
  put: (w, at, v) => { m.put(w, at, v) },
  load: (w, at) => m.load(w, at),
  store: (w, at, v) => { m.store(w, at, v) },
  cas: (w, at, e, v) => m.cas(w, at, e, v),
  add: (w, at, v) => m.add(w, at, v),
  exchange: (w, at, v) => m.exchange(w, at, v),
  me: () => markOf(i),
  living: (mark) => mark === markOf(i) || m.load(t.words, t.seat(mark & 0xff)) === mark,
  deaths: () => m.load(t.words, t.deaths),
  wake: (mark) => { m.add(t.words, t.bell(mark & 0xff), 1) },
  pause: () => {
    throw RETRY
  }
})

/** A turn that goes inside, and may have to try again. */
const turn = (t: Table, i: number, body: (s: State, shore: Shore, errands: Ledger.Errands, m: Stepping) => undefined | typeof AGAIN): Turn<State> =>
  (s, m) => {
    const shore = shoreOf(t, i, m)
    const errands = { wake: [], mine: [] }
    try {
      return body(s, shore, errands, m)
    } catch (error) {
      if (error !== RETRY) throw error
      return AGAIN
    }
  }

type Manner = Partial<Pick<typeof Ledger, 'enter' | 'give' | 'withdraw'>> & { readonly sleepsBlindly?: boolean }

/** Goes outside: collects what is ours, leaves, wakes. As FarPermits does. */
const exit = (t: Table, s: State, shore: Shore, errands: Ledger.Errands): void => {
  for (const place of errands.mine) {
    assert.is(place, s.place, 'a place of ours')
    Ledger.collect(t.ledger, shore, place, errands)
    s.place = -1
    s.step = HAS
  }
  Ledger.exit(t.ledger, shore)
  for (const mark of errands.wake) shore.wake(mark)
}

const take = (t: Table, i: number, n: number, { enter = Ledger.enter }: Manner): Turn<State> =>
  turn(t, i, (s, shore, errands, m) => {
    if (s.step !== WANTS) return undefined
    const seen = m.load(t.words, t.bell(i))
    enter(t.ledger, shore, errands)
    if (Ledger.tryTake(t.ledger, shore, n, errands)) s.step = HAS
    else {
      s.place = Ledger.join(t.ledger, shore, n, errands)
      s.step = s.place === -1 ? WANTS : WAITS
    }
    exit(t, s, shore, errands)
    if (s.step !== WANTS) return undefined
    m.until(t.words, t.bell(i), (bell) => bell !== seen) // for a place
    return AGAIN
  })

const wait = (t: Table, i: number, { enter = Ledger.enter, sleepsBlindly = false }: Manner): Turn<State> =>
  turn(t, i, (s, shore, errands, m) => {
    if (s.step !== WAITS) return undefined
    const seen = sleepsBlindly ? -1 : m.load(t.words, t.bell(i))
    if (Ledger.isServed(t.ledger, shore, s.place)) {
      enter(t.ledger, shore, errands)
      if (!errands.mine.includes(s.place)) errands.mine.push(s.place)
      exit(t, s, shore, errands)
      return undefined
    }
    if (Ledger.isRefused(t.ledger, shore, s.place)) {
      enter(t.ledger, shore, errands)
      Ledger.withdraw(t.ledger, shore, s.place, errands)
      s.step = OUT
      exit(t, s, shore, errands)
      return undefined
    }
    if (m.load(t.words, 1) !== m.load(t.words, t.deaths)) {
      enter(t.ledger, shore, errands)
      exit(t, s, shore, errands)
      return AGAIN
    }
    const before = sleepsBlindly ? m.load(t.words, t.bell(i)) : seen
    m.until(t.words, t.bell(i), (bell) => bell !== before)
    return AGAIN
  })

/** Has the one permit, and sees whether it has it alone. */
const hold = (t: Table, i: number): readonly Turn<State>[] => [
  (s, m) => {
    if (s.step !== HAS) return
    const before = m.exchange(t.words, t.owner, markOf(i))
    if (before !== 0) assert.is(m.load(t.words, t.seat(before & 0xff)), 0, 'whoever had it before us is dead')
  },
  (s, m) => {
    if (s.step === HAS) m.store(t.words, t.owner, 0)
  }
]

const give = (t: Table, i: number, n: number, { enter = Ledger.enter, give: gives = Ledger.give }: Manner): Turn<State> =>
  turn(t, i, (s, shore, errands) => {
    if (s.step !== HAS) return
    enter(t.ledger, shore, errands)
    gives(t.ledger, shore, n, errands)
    s.step = WANTS
    exit(t, s, shore, errands)
    return undefined
  })

const rounds = (t: Table, i: number, n: number, times: number, manner: Manner = {}): readonly Turn<State>[] =>
  Array.from({ length: times }, () => [take(t, i, n, manner), wait(t, i, manner), ...(n === 1 ? hold(t, i) : []), give(t, i, n, manner)]).flat()

const actor = (name: string, turns: readonly Turn<State>[], mortal?: number): Actor<State> => ({ name, state: fresh, turns, mortal })

/** Buries thread `i`. */
const undertaker = (t: Table, i: number): Actor<State> =>
  actor('undertaker', [
    (_, m) => {
      m.until(t.words, t.dead, (dead) => dead === 1)
      m.store(t.words, t.seat(i), 0)
      m.add(t.words, t.deaths, 1)
      for (let other = 0; other < t.seats; other++) if (other !== i) m.add(t.words, t.bell(other), 1)
    }
  ])

const names: Record<number, string> = { 0: 'LOCK', 1: 'REAPED', 2: 'TOTAL', 3: 'FREE', 5: 'REFUSED', 6: 'NEXT', 7: 'LINE', 8: 'POISON', 10: 'HUNGRY', 11: 'CLOSED' }

const scene = (t: Table, actors: readonly Actor<State>[], end: Scene<State>['end']): Scene<State> => ({
  words: t.words,
  actors,
  end,
  label: (index) =>
    names[index] ?? (index >= t.bell(0) ? `bell ${index - t.bell(0)}` : index >= t.seat(0) ? `seat ${index - t.seat(0)}` : index === t.dead ? 'dead' : `[${index}]`)
})

/** What is free when everybody is done and the dead are buried. */
const freeAtEnd = (t: Table): number => {
  const plain = {
    get: (w: Int32Array, i: number) => w[i]!,
    put: (w: Int32Array, i: number, v: number) => { w[i] = v },
    load: (w: Int32Array, i: number) => w[i]!,
    store: (w: Int32Array, i: number, v: number) => { w[i] = v },
    cas: (w: Int32Array, i: number, e: number, v: number) => w[i] === e && ((w[i] = v), true),
    add: (w: Int32Array, i: number, v: number) => (w[i]! += v) - v,
    exchange: (w: Int32Array, i: number, v: number) => { const old = w[i]!; w[i] = v; return old },
    until: () => 0
  }
  const copy = t.words.slice()
  const l = { ...t.ledger, words: copy }
  const shore = { ...shoreOf({ ...t, words: copy }, 7, plain), living: (mark: number) => copy[t.seat(mark & 0xff)] === mark }
  Ledger.repair(l, shore, { wake: [], mine: [] })
  return copy[Ledger.FREE]!
}

const allThrough = (t: Table, total: number): Scene<State>['end'] => (states, { waits, died }) => {
  for (const [i, state] of states.entries()) {
    if (died[i]! || i >= t.seats) continue
    assert.is(waits[i], false, `thread ${i} waits for ever, at step ${state.step}`)
  }
  assert.is(freeAtEnd(t), total, 'nothing is lost')
}

const two = (manner: Manner, mortal: boolean) => (): Scene<State> => {
  const t = table(2, 2, 1)
  const actors = [actor('a', rounds(t, 0, 1, 1, manner), mortal ? t.dead : undefined), actor('b', rounds(t, 1, 1, 1, manner))]
  return scene(t, mortal ? [...actors, undertaker(t, 0)] : actors, allThrough(t, 1))
}

suite('ledger, every interleaving', (it) => {
  it('126: two threads take, wait and give: never both, nobody waits for ever, nothing is lost', () => {
    assert.ok(explore(two({}, false)).states > 300)
  })

  it('a thread that dies at any access, inside or outside, holding or waiting: the other gets through, and nothing is lost', () => {
    assert.ok(explore(two({}, true)).states > 3000)
  })

  const three = (places: number, mortal: boolean, preemptions: number): number =>
    explore(() => {
      const t = table(3, places, 1)
      const actors = [actor('a', rounds(t, 0, 1, 1), mortal ? t.dead : undefined), actor('b', rounds(t, 1, 1, 1)), actor('c', rounds(t, 2, 1, 1))]
      return scene(t, mortal ? [...actors, undertaker(t, 0)] : actors, allThrough(t, 1))
    }, { preemptions, plain: 'ordered' }).states

  it('three threads, interrupted twice, or one of them dying: those who wait are served', () => {
    assert.ok(three(3, false, 2) > 10_000)
    assert.ok(three(3, true, 0) > 10_000)
  })

  it('one place for three: who finds none is woken when it is free, also when its thread has died', () => {
    assert.ok(three(1, false, 2) > 5_000)
    assert.ok(three(1, true, 0) > 5_000)
  })

  it('110: a request for two at the head holds back one for one; who dies in the middle of collecting gives back what it had', () => {
    explore(() => {
      const t = table(2, 2, 2)
      const one = rounds(t, 1, 1, 1).filter((_, i) => i < 2 || i === 4) // without looking whether it is alone
      return scene(t, [actor('a', rounds(t, 0, 2, 1), t.dead), actor('b', one), undertaker(t, 0)], allThrough(t, 2))
    }, { preemptions: 2, plain: 'ordered' })
  })

  it('126: closing while others take and wait: each is served or refused, and what was taken comes back', () => {
    explore(() => {
      const t = table(2, 2, 1)
      const closer = actor('closer', [
        turn(t, 1, (s, shore, errands) => {
          Ledger.enter(t.ledger, shore, errands)
          Ledger.refuse(t.ledger, shore, true, errands)
          exit(t, s, shore, errands)
          return undefined
        })
      ])
      const taker = actor('taker', [
        turn(t, 0, (s, shore, errands, m) => {
          Ledger.enter(t.ledger, shore, errands)
          if (m.get(t.words, Ledger.CLOSED) === 1) s.step = OUT
          else if (Ledger.tryTake(t.ledger, shore, 2, errands)) s.step = HAS
          else {
            s.place = Ledger.join(t.ledger, shore, 2, errands)
            s.step = WAITS
          }
          exit(t, s, shore, errands)
          return undefined
        }),
        wait(t, 0, {})
      ])
      return scene(t, [taker, closer], (states, { waits }) => {
        assert.equal([states[0]!.step, waits[0]], [OUT, false])
        assert.is(freeAtEnd(t), 1)
      })
    })
  })

  it('the explorer sees: a gate that is left before the count is right, a sleep on what was read too late, deaths that nobody mends', () => {
    const early: Manner['give'] = (l, s, n, errands) => {
      leave(l.words, l.at, s)
      Ledger.give(l, s, n, errands)
    }
    assert.ok(howItFails(two({ give: early }, false)).length > 0)
    assert.match(howItFails(two({ sleepsBlindly: true }, false)), 'waits for ever')
    const careless: Manner['enter'] = (l, s) => {
      for (;;) {
        if (s.cas(l.words, l.at, 0, s.me())) break
        const holder = s.load(l.words, l.at)
        if (holder !== 0 && !s.living(holder) && s.cas(l.words, l.at, holder, s.me())) break
        if (holder !== 0) s.pause(l.words, l.at, holder, 1)
      }
      mended(l.words, l.at, s.deaths(), s)
    }
    assert.ok(howItFails(two({ enter: careless }, true)).length > 0)
  })
}, 60_000)

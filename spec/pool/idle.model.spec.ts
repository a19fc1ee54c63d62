/**
 * No lost wake-up: the main thread pushes, workers look, search and sleep, and in no interleaving does everybody sleep, or
 * wait, over work that somebody awake would have taken (I3 of src/pool/idle.ts).
 *
 * The workers here do what src/pool/worker-loop.ts does between two morsels, without its breath: a park lasts until the worker
 * is woken, but for those that may time out at any moment (`naps`). A wait on the event loop lasts until the word is changed,
 * as if no promise ever settled.
 * FORBIDDEN   the end: everybody waits, and a queue holds something that one of them could take; a value taken twice, or lost
 */
import * as assert from 'uvu/assert'
import * as Idle from '../../src/pool/idle.ts'
import { PIN_WORDS, attachControl, createBlock, type Control } from '../../src/pool/protocol.ts'
import * as Deque from '../../src/queue/deque.ts'
import * as Injector from '../../src/queue/injector.ts'
import { Empty, Retry } from '../../src/queue/outcome.ts'
import * as Ring from '../../src/queue/spsc-ring.ts'
import { AGAIN, explore, howItFails, type Actor, type Scene, type Stepping } from '../support/explore.ts'
import { suite } from '../support/suite.ts'

interface State extends Record<string, number | readonly number[]> {
  /** What a worker does next; as the main thread, how much it has pushed. */
  step: number
  /** Private ends: of the worker's deque and its inbox, or of the injector and an inbox. */
  tail: number
  head: number
  searching: number
  /** The next victim, and whether another round is due since a race was lost. */
  victim: number
  again: number
  /** What it has in hand. */
  entry: number
  /** Parks that have timed out, or may have. */
  naps: number
  readonly got: number[]
}

/** How a worker behaves where the specs want it otherwise, and which parts of idle.ts it uses. */
interface Manner {
  /** Never blocks: waits on its event loop, with an open promise. */
  readonly loops?: boolean
  /** Takes so many values, then only pinned ones. */
  readonly fullAfter?: number
  /** Its event loop is busy for ever: being poked is of no use. */
  readonly deaf?: boolean
  /** Its so many-th value keeps it busy for ever. */
  readonly busyAfter?: number
  /** So many of its first parks may time out at any moment. */
  readonly naps?: number
  /** Sleeps, or waits on its event loop, when it begins. */
  readonly asleep?: boolean
  /** `false`: wakes nobody after a share was moved into its own deque, which is a mistake. */
  readonly wakesAfterGrab?: boolean
  readonly tryPark?: typeof Idle.tryPark
  readonly endSearch?: typeof Idle.endSearch
  readonly unpark?: typeof Idle.unpark
}

const nobody: State = { step: 0, tail: 0, head: 0, searching: 0, victim: 0, again: 0, entry: Empty, naps: 0, got: [] }

const PINNED = 0
const OWN = 1
const INJECTOR = 2
const SEARCH = 3
const STEAL = 4
const STOLEN = 5
const LAST_LOOK = 6
const FOUND = 7
const SLEEP = 8
const ASLEEP = 9
const AWAKE = 10
const BUSY = 11

/** A worker, in steps that are as small as what it remembers between them allows. */
const workerOf = (c: Control, id: number, manner: Manner = {}, mortal?: number): Actor<State> => {
  const cell = c.cells[id]!
  const { tryPark = Idle.tryPark, endSearch = Idle.endSearch, unpark = Idle.unpark } = manner
  const full = (s: State): boolean => s.got.length >= (manner.fullAfter ?? Infinity)
  const waitingState = (s: State): number => (full(s) ? Idle.SATURATED : manner.loops === true ? Idle.LOOPING : Idle.PARKED)

  const asOwner = (s: State, act: (o: Deque.Owner) => number): number => {
    const o: Deque.Owner = { deque: cell.deque, tail: s.tail }
    const answer = act(o)
    s.tail = o.tail
    return answer
  }
  const grab = (s: State, m: Stepping, otherwise: number): void => {
    s.entry = asOwner(s, (o) => Injector.grab(c.injector, o, c.workers, m))
    if (manner.wakesAfterGrab !== false && s.entry >= 0 && s.searching === 0 && Deque.length(cell.deque, m) > 0) Idle.wakeOne(c, m)
    if (s.entry === Retry) s.entry = Empty
    else s.step = s.entry === Empty ? otherwise : FOUND
  }

  const steps: Record<number, (s: State, m: Stepping) => void> = {
    [PINNED]: (s, m) => {
      const inbox: Ring.Consumer = { ring: cell.inbox, head: s.head, tailSeen: s.head }
      const pin = new Int32Array(PIN_WORDS)
      if (Ring.tryPop(inbox, pin, m)) s.entry = pin[0]!
      s.head = inbox.head
      s.step = s.entry !== Empty || full(s) ? FOUND : OWN
    },
    [OWN]: (s, m) => {
      s.entry = asOwner(s, (o) => Deque.tryPop(o, m))
      s.step = s.entry === Empty ? INJECTOR : FOUND
    },
    [INJECTOR]: (s, m) => {
      grab(s, m, c.workers === 1 ? FOUND : SEARCH)
    },
    [SEARCH]: (s, m) => {
      if (s.searching === 0 && Idle.beginSearch(c, id, m)) s.searching = 1
      s.step = s.searching === 1 ? STEAL : FOUND
      s.victim = 1
      s.again = 0
    },
    [STEAL]: (s, m) => {
      const stolen = asOwner(s, (o) => Deque.stealHalf(c.cells[(id + s.victim) % c.workers]!.deque, o, m))
      if (stolen > 0) s.step = STOLEN
      else nextVictim(s, stolen !== Empty)
    },
    [STOLEN]: (s, m) => {
      s.entry = asOwner(s, (o) => Deque.tryPop(o, m))
      if (s.entry !== Empty) s.step = FOUND
      else nextVictim(s, true)
    },
    [LAST_LOOK]: (s, m) => {
      grab(s, m, FOUND)
    },
    [FOUND]: (s, m) => {
      if (s.searching === 1) endSearch(c, id, m)
      s.searching = 0
      s.step = s.entry === Empty ? SLEEP : PINNED
      if (s.entry !== Empty) s.got.push(s.entry)
      s.entry = Empty
      if (s.got.length === manner.busyAfter) s.step = BUSY
    },
    [SLEEP]: (s, m) => {
      const called = (): boolean => m.load(c.words, cell.inbox.tail) !== s.head
      const state = waitingState(s)
      const sound = state === Idle.PARKED ? tryPark(c, id, called, m) : Idle.tryLoop(c, id, full(s), called, m)
      s.step = sound ? ASLEEP : AWAKE
    },
    [ASLEEP]: (s, m) => {
      const state = waitingState(s)
      if (s.naps++ < (manner.naps ?? 0)) m.load(c.words, cell.park)
      else m.until(c.words, cell.park, (word) => word !== state && manner.deaf !== true)
      s.step = AWAKE
    },
    [BUSY]: (_, m) => {
      m.until(c.words, cell.park, () => false)
    },
    [AWAKE]: (s, m) => {
      if (waitingState(s) === Idle.PARKED) s.searching = Number(unpark(c, id, m))
      else Idle.unloop(c, id, m)
      s.step = PINNED
    }
  }
  const nextVictim = (s: State, again: boolean): void => {
    s.step = STEAL
    if (again) s.again = 1
    if (++s.victim < c.workers) return
    if (s.again === 0) s.step = LAST_LOOK
    s.victim = 1
    s.again = 0
  }
  return {
    name: `worker ${id}`,
    state: nobody,
    mortal,
    turns: [
      (s, m) => {
        steps[s.step]!(s, m)
        return AGAIN
      }
    ]
  }
}

type Push = (c: Control, value: number, s: State, m: Stepping) => void

const pushForAnybody: Push = (c, value, s, m) => {
  const p: Injector.Producer = { injector: c.injector, tail: s.tail, headSeen: s.tail }
  assert.is(Injector.tryPush(p, value, m), 0)
  s.tail = p.tail
  Idle.wakeOne(c, m)
}

/** Pushes 1 … count; values above 100 are pinned to worker (value − 100). */
const mainOf = (c: Control, values: readonly number[], push: Push = pushForAnybody, bury?: number): Actor<State> => ({
  name: 'main',
  state: nobody,
  turns: [
    (s, m) => {
      const value = values[s.step++]!
      s.got.push(value)
      if (value < 100) push(c, value, s, m)
      else {
        const worker = value - 100
        const inbox: Ring.Producer = { ring: c.cells[worker]!.inbox, tail: s.head, headSeen: s.head }
        Ring.tryPush(inbox, [value, 0], m)
        s.head = inbox.tail
        Idle.wakeWorker(c, worker, m)
      }
      return s.step < values.length ? AGAIN : undefined
    },
    ...(bury === undefined ? [] : [
      (_: State, m: Stepping): undefined => {
        m.until(c.words, bury, (dead) => dead === 1)
        m.store(c.words, c.cells[0]!.park, Idle.RUNNING)
        if (Idle.anyWork(c, m)) Idle.wakeOne(c, m)
      }
    ])
  ]
})

/** The queues as they are, without a step. */
const queued = (c: Control): number[] => {
  const { words } = c
  const all: number[] = []
  for (const { head, tail, items, mask } of [c.injector, ...c.cells.map(({ deque }) => deque)]) {
    for (let at = words[head]!; at !== words[tail]; at++) all.push(words[items + (at & mask)]!)
  }
  for (const { inbox } of c.cells) for (let at = words[inbox.head]!; at !== words[inbox.tail]; at++) all.push(words[inbox.items + (at & inbox.mask) * PIN_WORDS]!)
  return all
}

const sceneOf = (c: Control, actors: readonly Actor<State>[], end?: Scene<State>['end']): Scene<State> => ({
  words: c.words,
  actors,
  end: end ?? ((states) => {
    assert.equal(queued(c), [], 'a queue holds work while everybody sleeps')
    const taken = states.slice(1).flatMap(({ got }) => got)
    assert.equal(taken.sort((a, b) => a - b), [...states[0]!.got].sort((a, b) => a - b), 'every value once')
  }),
  label: (index) => {
    const at = c.cells.findIndex((cell) => cell.park === index)
    if (at >= 0) return `park word ${at} (${Idle.stateNames[c.words[index]!] ?? '?'})`
    return index === c.injector.head ? 'injector head' : index === c.injector.tail ? 'injector tail' : `[${index}]`
  }
})

interface Cast {
  readonly workers: number
  /** What the main thread pushes: values for anybody, or 100 + a worker for a pinned one. */
  readonly values: readonly number[]
  readonly manners?: readonly Manner[]
  /** All workers sleep when it begins. */
  readonly asleep?: boolean
  readonly push?: Push
  /** Worker 0 may die at any access; the main thread buries it. */
  readonly mortal?: boolean
  readonly end?: (c: Control) => Scene<State>['end']
}

const played = ({ workers, values, manners = [], asleep = false, push, mortal = false, end }: Cast) => (): Scene<State> => {
  const c = attachControl(createBlock(workers, 4))
  const dead = mortal ? c.closing : undefined // a word that nobody uses here
  const cast = Array.from({ length: workers }, (_, id): Actor<State> => {
    const worker = workerOf(c, id, manners[id], id === 0 ? dead : undefined)
    if (!asleep && manners[id]?.asleep !== true) return worker
    const loops = manners[id]?.loops === true
    c.words[c.cells[id]!.park] = loops ? Idle.LOOPING : Idle.PARKED
    return { ...worker, state: { ...worker.state, step: ASLEEP } }
  })
  return sceneOf(c, [mainOf(c, values, push, dead), ...cast], end?.(c))
}

/** Everything the main thread does can be seen by all: plain accesses are the business of the queues' own specs. */
const ordered = { plain: 'ordered' } as const

suite('idle, every interleaving', (it) => {
  it('198: one worker on its way to sleep, and two pushes', () => {
    assert.ok(explore(played({ workers: 1, values: [1, 2] }), ordered).states > 200)
  })

  it('198: two workers on their way to sleep, and a push', () => {
    assert.ok(explore(played({ workers: 2, values: [1] }), ordered).states > 10_000)
  })

  it('198: two sleepers and two pushes: the second comes while the first worker wakes, searches, works or goes back to sleep', () => {
    assert.ok(explore(played({ workers: 2, values: [1, 2], asleep: true }), ordered).states > 10_000)
  })

  it('198: two workers awake and two pushes, up to two preemptions', () => {
    assert.ok(explore(played({ workers: 2, values: [1, 2] }), { ...ordered, preemptions: 2 }).states > 10_000)
  })

  it('198: three workers, of whom at most one searches at a time, up to one preemption', () => {
    assert.ok(explore(played({ workers: 3, values: [1, 2] }), { ...ordered, preemptions: 1 }).states > 10_000)
    assert.ok(explore(played({ workers: 3, values: [1, 2, 3], asleep: true }), { ...ordered, preemptions: 1 }).states > 1_000)
  })

  it('a park that times out at the moment of a push loses nothing', () => {
    explore(played({ workers: 1, values: [1, 2], manners: [{ naps: 2 }] }), ordered)
    explore(played({ workers: 2, values: [1, 2], manners: [{ naps: 1 }, { naps: 1 }], asleep: true }), { ...ordered, preemptions: 1 })
    explore(played({ workers: 2, values: [1, 2], manners: [{ naps: 1, busyAfter: 1 }], asleep: true }), { ...ordered, preemptions: 2 })
  })

  it('a worker that waits on its event loop is woken as well', () => {
    assert.ok(explore(played({ workers: 1, values: [1, 2], manners: [{ loops: true }] }), ordered).states > 100)
    assert.ok(explore(played({ workers: 2, values: [1], manners: [{ loops: true }] }), { ...ordered, preemptions: 2 }).states > 1_000)
  })

  it('a worker whose event loop is busy for long keeps nobody else from the work', () => {
    const busy: Manner = { loops: true, deaf: true, asleep: true }
    explore(played({ workers: 2, values: [1, 2], manners: [busy], asleep: true }), ordered)
    explore(played({ workers: 2, values: [1, 2], manners: [busy] }), { ...ordered, preemptions: 1 })
  })

  it('what a saturated worker holds in its own deque is taken by others', () => {
    for (const asleep of [true, false]) {
      const { ends } = explore(played({ workers: 2, values: [1, 2], manners: [{ fullAfter: 1 }], asleep }), { ...ordered, preemptions: asleep ? 2 : 1 })
      assert.ok(ends > 1)
    }
  })

  it('a worker whose first morsel takes for ever leaves the rest to others', () => {
    explore(played({ workers: 2, values: [1, 2], manners: [{ busyAfter: 1 }], asleep: true }), ordered)
    explore(played({ workers: 2, values: [1, 2, 3], manners: [{ busyAfter: 1 }], asleep: true }), { ...ordered, preemptions: 2 })
  })

  it('a share that is moved into a deque is in no queue on the way: who moved it has to wake another, as a searcher does', () => {
    const cast = (wakesAfterGrab: boolean): Cast => ({ workers: 2, values: [1, 2], manners: [{ busyAfter: 1, wakesAfterGrab }, { wakesAfterGrab }] })
    explore(played(cast(true)), { ...ordered, preemptions: 1 })
    assert.match(howItFails(played(cast(false)), { ...ordered, preemptions: 1 }), /while everybody sleeps/)
  })

  it('a push for one worker wakes it, wherever it is: asleep, on its event loop, or saturated', () => {
    for (const manner of [{}, { loops: true }, { fullAfter: 0 }]) {
      explore(played({ workers: 1, values: [100, 100], manners: [manner] }), ordered)
      explore(played({ workers: 2, values: [100, 1], manners: [manner] }), { ...ordered, preemptions: 1 })
    }
  })

  it('a worker that dies at any access leaves no work behind that the other would sleep over', () => {
    const { states } = explore(
      played({
        workers: 2,
        values: [1, 2],
        asleep: true,
        mortal: true,
        end: (c) => (all, { died }) => {
          assert.equal(queued(c), [], 'a queue holds work while everybody sleeps')
          const taken = all.slice(1).flatMap(({ got }) => got)
          assert.is(new Set(taken).size, taken.length, 'nothing twice')
          if (!died[1]) assert.equal(taken.sort(), [1, 2])
        }
      }),
      { ...ordered, preemptions: 2 }
    )
    assert.ok(states > 1_000, `${states} states`)
  })

  // ---- the explorer can see a lost wake-up ----

  const hasty: Manner = {
    tryPark: (c, worker, _, m) => {
      m!.store(c.words, c.cells[worker]!.park, Idle.PARKED)
      return true
    }
  }

  it('the explorer sees a worker that sleeps without a last look', () => {
    assert.match(howItFails(played({ workers: 1, values: [1], manners: [hasty] }), ordered), /while everybody sleeps/)
  })

  it('the explorer sees a worker that looks before it announces its sleep', () => {
    const early: Manner = {
      tryPark: (c, worker, mine, m) => {
        const work = mine() || Idle.anyWork(c, m)
        m!.store(c.words, c.cells[worker]!.park, Idle.PARKED)
        return !work
      }
    }
    assert.match(howItFails(played({ workers: 1, values: [1], manners: [early] }), ordered), /while everybody sleeps/)
  })

  it('the explorer sees a push that wakes before it publishes', () => {
    const push: Push = (c, value, s, m) => {
      Idle.wakeOne(c, m)
      const p: Injector.Producer = { injector: c.injector, tail: s.tail, headSeen: s.tail }
      Injector.tryPush(p, value, m)
      s.tail = p.tail
    }
    assert.match(howItFails(played({ workers: 1, values: [1], push }), ordered), /while everybody sleeps/)
  })

  /** Stops searching without a look at what it leaves. */
  const forgetful: Manner = {
    endSearch: (c, worker, m) => {
      m!.store(c.words, c.cells[worker]!.park, Idle.RUNNING)
    }
  }

  it('the explorer sees a searcher that stops without looking for more, and works for long then', () => {
    const cast: Cast = { workers: 2, values: [1, 2], manners: [{ ...forgetful, busyAfter: 1 }, forgetful], asleep: true }
    assert.match(howItFails(played(cast), ordered), /while everybody sleeps/)
  })

  it('a woken worker that does not know that it is a searcher does no harm: it wakes another when it takes a share', () => {
    const modest: Manner = {
      unpark: (c, worker, m) => {
        m!.store(c.words, c.cells[worker]!.park, Idle.RUNNING)
        return false
      }
    }
    explore(played({ workers: 2, values: [1, 2], manners: [{ ...modest, busyAfter: 1 }, modest], asleep: true }), ordered)
    const silent: Manner = { ...modest, wakesAfterGrab: false }
    assert.match(howItFails(played({ workers: 2, values: [1, 2], manners: [{ ...silent, busyAfter: 1 }, silent], asleep: true }), ordered), /while everybody sleeps/)
  })
}, 60_000)

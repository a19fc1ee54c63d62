/**
 * No lost wake-up: the main thread pushes, workers look, search and sleep, and in no interleaving does everybody sleep, or
 * wait, over work that somebody awake would have taken (I3 of src/pool/idle.ts).
 *
 * The workers here do what src/pool/worker-loop.ts does between two morsels, without its timed parks and its breath: a park
 * lasts until the worker is woken. A wait on the event loop lasts until the word is changed, as if no promise ever settled.
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

const LOOK = 0
const SLEEP = 1

interface State extends Record<string, number | readonly number[]> {
  /** LOOK or SLEEP; as the main thread, how much it has pushed. */
  step: number
  /** Private ends: of the worker's deque and its inbox, or of the injector and an inbox. */
  tail: number
  head: number
  searching: number
  readonly got: number[]
}

/** How a worker behaves where the specs want it otherwise, and which parts of idle.ts it uses. */
interface Manner {
  /** Never blocks: waits on its event loop, with an open promise. */
  readonly loops?: boolean
  /** Takes so many values, then only pinned ones. */
  readonly fullAfter?: number
  readonly tryPark?: typeof Idle.tryPark
  readonly endSearch?: typeof Idle.endSearch
  readonly unpark?: typeof Idle.unpark
}

const nobody: State = { step: LOOK, tail: 0, head: 0, searching: 0, got: [] }

const workerOf = (c: Control, id: number, manner: Manner = {}, mortal?: number): Actor<State> => {
  const cell = c.cells[id]!
  const { tryPark = Idle.tryPark, endSearch = Idle.endSearch, unpark = Idle.unpark } = manner

  const ending = (s: State, m: Stepping): void => {
    if (s.searching === 1) endSearch(c, id, m)
    s.searching = 0
  }
  const grab = (o: Deque.Owner, m: Stepping): number => {
    for (;;) {
      const entry = Injector.grab(c.injector, o, c.workers, m)
      if (entry !== Retry) return entry
    }
  }
  const steal = (o: Deque.Owner, m: Stepping): number => {
    for (let again = true; again; ) {
      again = false
      for (let i = 1; i < c.workers; i++) {
        const stolen = Deque.stealHalf(c.cells[(id + i) % c.workers]!.deque, o, m)
        if (stolen > 0) {
          const entry = Deque.tryPop(o, m)
          if (entry !== Empty) return entry
        }
        if (stolen !== Empty) again = true
      }
    }
    return Empty
  }
  const search = (s: State, o: Deque.Owner, m: Stepping): number => {
    if (c.workers === 1) return Empty
    if (s.searching === 0 && Idle.beginSearch(c, id, m)) s.searching = 1
    if (s.searching === 0) return Empty
    const entry = steal(o, m)
    return entry === Empty ? grab(o, m) : entry
  }
  const pinned = (s: State, m: Stepping): number => {
    const inbox: Ring.Consumer = { ring: cell.inbox, head: s.head, tailSeen: s.head }
    const pin = new Int32Array(PIN_WORDS)
    const got = Ring.tryPop(inbox, pin, m)
    s.head = inbox.head
    return got ? pin[0]! : Empty
  }
  const forAnybody = (s: State, m: Stepping): number => {
    const o: Deque.Owner = { deque: cell.deque, tail: s.tail }
    let entry = Deque.tryPop(o, m)
    if (entry === Empty) entry = grab(o, m)
    if (entry === Empty) entry = search(s, o, m)
    s.tail = o.tail
    return entry
  }
  const full = (s: State): boolean => s.got.length >= (manner.fullAfter ?? Infinity)

  const look = (s: State, m: Stepping): void => {
    let entry = pinned(s, m)
    if (entry === Empty && !full(s)) entry = forAnybody(s, m)
    ending(s, m)
    if (entry === Empty) s.step = SLEEP
    else s.got.push(entry)
  }
  const sleep = (s: State, m: Stepping): void => {
    const called = (): boolean => m.load(c.words, cell.inbox.tail) !== s.head
    if (manner.loops === true || full(s)) {
      const state = full(s) ? Idle.SATURATED : Idle.LOOPING
      if (Idle.tryLoop(c, id, full(s), called, m)) m.until(c.words, cell.park, (word) => word !== state)
      Idle.unloop(c, id, m)
    } else {
      if (tryPark(c, id, called, m)) m.until(c.words, cell.park, (word) => word !== Idle.PARKED)
      s.searching = Number(unpark(c, id, m))
    }
    s.step = LOOK
  }
  return {
    name: `worker ${id}`,
    state: nobody,
    mortal,
    turns: [
      (s, m) => {
        if (s.step === LOOK) look(s, m)
        else sleep(s, m)
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

const controlOf = (workers: number): Control => attachControl(createBlock(workers, 4))

suite('idle, every interleaving', (it) => {
  it('198: one worker and two pushes', () => {
    const { states } = explore(() => {
      const c = controlOf(1)
      return sceneOf(c, [mainOf(c, [1, 2]), workerOf(c, 0)])
    })
    assert.ok(states > 300, `${states} states`)
  })

  it('198: two workers and a push', () => {
    const { states } = explore(() => {
      const c = controlOf(2)
      return sceneOf(c, [mainOf(c, [1]), workerOf(c, 0), workerOf(c, 1)])
    })
    console.log(states)
  })
}, 60_000)

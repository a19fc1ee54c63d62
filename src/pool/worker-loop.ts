/**
 * The worker's side of the pool: takes morsels, runs them, tells the main thread what the runner emits.
 *
 *   look ──▶ inbox ──▶ own deque ──▶ injector (a share of it) ──▶ half of another's deque ──▶ injector ──▶ nothing
 *             every 61st turn the injector comes before the own deque                                       │
 *   nothing ──▶ once through the event loop ──▶ park 1 ms ──▶ event loop ──▶ 10 ms ──▶ … 100 ms ──▶ … until woken
 *
 * The short parks let what waits for an answer of the main thread through (console.log is acknowledged chunk by chunk);
 * they are three per idle spell, so an idle worker uses no CPU.
 * Invariants
 *   W1  a worker with open promises (of run or onMessage) never blocks: it waits on its event loop
 *   W2  the event loop turns at least every BREATH_MS of busy running (longer only within one synchronous run)
 *   W3  a message posted before a morsel was submitted has been handed to the runner before the morsel is run
 *   W4  what the runner throws ends the thread; the main thread sees its slots in BEGUN (claims.ts) and its `current`
 *   W5  at most `inFlight` promises of run are open before only pinned morsels are taken
 * Numbers: 61 and the shape of the search as in tokio's `multi_thread/worker.rs`.
 * Touches the control block and its MessagePort. Loads node: builtins and the floors below. Called by src/worker.ts.
 */
import { receiveMessageOnPort, type Transferable } from 'node:worker_threads'
import { shared as memory } from '../atomic/memory.ts'
import { notify, wait, waitAsync } from '../atomic/park.ts'
import { takeSeat, wake } from '../atomic/threads.ts'
import * as Deque from '../queue/deque.ts'
import * as Injector from '../queue/injector.ts'
import { Empty, Full, Retry } from '../queue/outcome.ts'
import * as Ring from '../queue/spsc-ring.ts'
import * as Claims from './claims.ts'
import * as Idle from './idle.ts'
import {
  COUNT_BUSY_MS, COUNT_MORSELS, COUNT_PARKS, COUNT_STEALS, HELLO, MAIN_AWAKE, MAIN_WAITS, NOTICE_WORDS, PIN_WORDS, SAID, attachControl,
  type Boot
} from './protocol.ts'
import { randomOf } from './random.ts'

/** The injector is looked into first once in so many turns, so that a full deque cannot starve it. */
const INJECTOR_INTERVAL = 61
/** Milliseconds of busy running after which the event loop gets a turn. */
const BREATH_MS = 10
/** How long the first parks of an idle spell last; the later ones last until the worker is woken. */
const SHORT_PARKS_MS = [1, 10, 100]

/** A worker's place in the pool, as its runner sees it. */
export interface Seat {
  /** Index of the worker, 0 … workers−1; a replacement has the index of the dead. */
  readonly worker: number
  /** The pool's `shared`, cloned; shared memory in it is shared. */
  readonly shared: Readonly<Record<string, unknown>>
  /** Sends a notice of six ints to the main thread. Waits when its ring is full; never loses one. */
  emit(kind: number, slot: number, a: number, b: number, c: number, d: number): void
  /** As {@link emit}, without waking the main thread: heard with the next notice that does, or when the main thread looks. */
  whisper(kind: number, slot: number, a: number, b: number, c: number, d: number): void
  /** Has the main thread hear what was whispered. */
  nudge(): void
  /** Sends a message to the main thread, by structured clone. For rare things. */
  post(message: unknown, transfer?: readonly Transferable[]): void
  /**
   * Blocks until `heard` says so, handing the runner each message that comes meanwhile. Called inside `run`. Answers
   * false when the pool closed first.
   */
  listen(heard: () => boolean): boolean
}

/** What runs morsels. Either function may answer a promise; a throw or a rejection ends the thread. */
export interface Runner {
  /** Runs the morsel in `slot`; `arg` is that of `submitTo`, else 0. */
  run(slot: number, arg: number): void | Promise<void>
  /** Takes a message of the main thread. */
  onMessage(message: unknown): void | Promise<void>
  /** The pool is closing, and nothing runs any more; not called when the thread is ended otherwise. */
  end?(): void | Promise<void>
}

const turnOfEventLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * Takes a seat in the pool that started this thread, and works until the pool is closed.
 * @param data the thread's `workerData`
 * @param make makes the runner; the pool is ready when all of its workers have one
 */
export const runWorker = async (data: unknown, make: (seat: Seat) => Runner | Promise<Runner>): Promise<void> => {
  const boot = data as Boot
  const { port } = boot
  takeSeat(boot.invitation)
  try {
    const bench = sit(boot)
    const runner = await make(bench.seat)
    await bench.work(runner)
    await runner.end?.()
    port.close()
  } catch (error) {
    // Out of the promise, so that it is an uncaught exception under every --unhandled-rejections.
    setImmediate(() => {
      setImmediate(() => process.exit(1))
      throw error
    })
  }
}

const sit = (boot: Boot) => {
  const { worker, port, inFlight, shared } = boot
  const control = attachControl(boot.control)
  const { words, injector, claims, cells, workers } = control
  const cell = cells[worker]!
  const mine = Deque.owner(cell.deque)
  const inbox = Ring.consumer(cell.inbox)
  const out = Ring.producer(cell.ring)
  const notice = new Int32Array(NOTICE_WORDS)
  const pin = new Int32Array(PIN_WORDS)

  // ---- telling the main thread ----

  const wakeMain = (): void => {
    const waits = memory.load(words, control.main)
    if (waits === MAIN_AWAKE || !memory.cas(words, control.main, waits, MAIN_AWAKE)) return
    if (waits === MAIN_WAITS) notify(words, control.main)
    else wake(boot.mainSeat)
  }

  /** Announces that it waits, then looks once more; the main thread empties the ring, then reads the announcement. */
  const waitForRoom = (): void => {
    memory.store(words, cell.room, 1)
    wakeMain()
    if (!Ring.hasRoom(out)) wait(words, cell.room, 1)
    memory.store(words, cell.room, 0)
  }

  const whisper = (kind: number, slot: number, a: number, b: number, c: number, d: number): void => {
    notice[0] = kind
    notice[1] = slot
    notice[2] = a
    notice[3] = b
    notice[4] = c
    notice[5] = d
    while (Ring.tryPush(out, notice) === Full) waitForRoom()
  }

  const seat: Seat = {
    worker,
    shared,
    emit: (kind, slot, a, b, c, d) => {
      whisper(kind, slot, a, b, c, d)
      wakeMain()
    },
    whisper,
    nudge: wakeMain,
    post: (message, transfer = []) => {
      port.postMessage([SAID, message], transfer)
      wakeMain() // which does not hear its port while it is blocked
    },
    listen: (heard) => {
      for (;;) {
        const posted = memory.load(words, cell.messages)
        takeMessages()
        if (heard()) return true
        if (memory.load(words, control.closing) === 1) return false
        wait(words, cell.messages, posted)
      }
    }
  }
  /** Hands the runner what has been posted; set when there is a runner. */
  let takeMessages = (): void => undefined

  // ---- finding a morsel ----

  const below = randomOf(boot.seed, worker)

  let turn = 0
  let searching = false

  const grab = (): number => {
    for (;;) {
      const entry = Injector.grab(injector, mine, workers)
      if (entry === Retry) continue
      // What came along was in no queue on its way: who looked then may have gone to sleep without it.
      if (entry !== Empty && !searching && Deque.length(mine.deque) > 0) Idle.wakeOne(control)
      return entry
    }
  }

  /** Looks at every other deque once, from a random one on; again as long as races were lost. */
  const steal = (): number => {
    for (let again = true; again; ) {
      again = false
      const first = below(workers)
      for (let i = 0; i < workers; i++) {
        const victim = (first + i) % workers
        if (victim === worker) continue
        const stolen = Deque.stealHalf(cells[victim]!.deque, mine)
        if (stolen > 0) {
          cell.counters[COUNT_STEALS]!++
          const entry = Deque.tryPop(mine)
          if (entry !== Empty) return entry
        }
        if (stolen !== Empty) again = true
      }
    }
    return Empty
  }

  const search = (): number => {
    if (workers === 1) return Empty
    searching ||= Idle.beginSearch(control, worker)
    if (!searching) return Empty
    const entry = steal()
    return entry === Empty ? grab() : entry
  }

  const nextForAnybody = (): number => {
    let entry = Empty
    if (++turn % INJECTOR_INTERVAL === 0) entry = grab()
    if (entry === Empty) entry = Deque.tryPop(mine)
    if (entry === Empty) entry = grab()
    return entry === Empty ? search() : entry
  }

  const endSearch = (): void => {
    if (!searching) return
    searching = false
    Idle.endSearch(control, worker)
  }

  // ---- working ----

  const work = async (runner: Runner): Promise<void> => {
    /** Open promises of run, of onMessage. */
    let runs = 0
    let talks = 0
    let messagesSeen = 0
    let failed = false
    let failure: unknown
    /** Ends a wait on the event loop. */
    let stir = (): void => undefined
    let sleeping: Promise<unknown> | undefined

    const fail = (error: unknown): void => {
      if (!failed) failure = error
      failed = true
      stir()
    }
    const closing = (): boolean => failed || memory.load(words, control.closing) === 1

    const take = (message: unknown): void => {
      try {
        const answer = runner.onMessage(message)
        if (answer === undefined) return
        talks++
        answer.then(() => {
          talks--
          stir()
        }, fail)
      } catch (error) {
        fail(error)
      }
    }
    takeMessages = () => {
      const posted = memory.load(words, cell.messages)
      if (posted === messagesSeen) return
      messagesSeen = posted
      for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port)) {
        take((got).message)
      }
    }

    let busySince = performance.now()
    let breathedAt = busySince
    const breathe = async (): Promise<void> => {
      await turnOfEventLoop()
      busySince = breathedAt = performance.now()
    }

    const execute = (entry: number, arg: number): void => {
      const slot = Claims.begin(claims, entry, worker)
      if (slot === Empty) return // put back after somebody's death, and begun elsewhere
      takeMessages() // W3: it was counted before the morsel was published
      words[cell.current] = slot + 1
      const answer = runner.run(slot, arg)
      words[cell.current] = 0
      cell.counters[COUNT_MORSELS]!++
      if (answer === undefined) Claims.settle(claims, entry, worker)
      else {
        runs++
        answer.then(() => {
          runs--
          Claims.settle(claims, entry, worker)
          stir()
        }, fail)
      }
      const now = performance.now()
      cell.counters[COUNT_BUSY_MS]! += now - busySince
      busySince = now
    }

    /** What only this worker can take, or must see. */
    const called = (): boolean =>
      Ring.hasRecord(inbox) || memory.load(words, cell.messages) !== messagesSeen || closing()

    const park = (timeoutMs: number): void => {
      if (Idle.tryPark(control, worker, called)) {
        cell.counters[COUNT_PARKS]!++
        wait(words, cell.park, Idle.PARKED, timeoutMs)
      }
      searching = Idle.unpark(control, worker)
      busySince = breathedAt = performance.now()
    }

    /** Waits on the event loop for a push, or for a promise to settle. */
    const loop = async (): Promise<void> => {
      const before = performance.eventLoopUtilization()
      const stirred = new Promise<void>((resolve) => {
        stir = resolve
      })
      const full = runs >= inFlight
      if (Idle.tryLoop(control, worker, full, called)) {
        const state = full ? Idle.SATURATED : Idle.LOOPING
        // One waiter at a time: an old promise is woken by whoever calls next, since `notify` wakes everybody.
        sleeping ??= waitAsync(words, cell.park, state)?.finally(() => {
          sleeping = undefined
          stir()
        })
        if (sleeping !== undefined) await stirred
      }
      Idle.unloop(control, worker)
      cell.counters[COUNT_BUSY_MS]! += performance.eventLoopUtilization(before).active
      await breathe()
    }

    // A pending waitAsync holds no event loop, and an idle port neither.
    const hold = setInterval(() => undefined, 0x7fffffff)
    port.on('message', (message) => {
      take(message)
      stir()
    })
    port.postMessage([HELLO])
    let idle = 0
    while (!closing()) {
      takeMessages()
      const pinned = Ring.tryPop(inbox, pin)
      const entry = pinned ? pin[0]! : runs < inFlight ? nextForAnybody() : Empty
      if (entry !== Empty) {
        endSearch()
        execute(entry, pinned ? pin[1]! : 0)
        idle = 0
        if (busySince - breathedAt > BREATH_MS) await breathe()
        continue
      }
      endSearch()
      if (runs + talks > 0) await loop()
      else if (idle % 2 === 0) await breathe()
      else park(SHORT_PARKS_MS[idle >> 1] ?? Infinity)
      idle++
    }
    clearInterval(hold)
    if (failed) throw failure
  }

  return { seat, work }
}

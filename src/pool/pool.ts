/**
 * The main thread's side of the pool: starts the worker threads, submits morsels, drains their notices, replaces the dead.
 *
 *   submit ──▶ claims: QUEUED ──▶ injector ──▶ wake one         submitTo ──▶ claims ──▶ inbox[w] ──▶ wake w
 *   onNotice ◀── ring[w] of every worker (notices.ts)           a thread ends ──▶ what it left is mended (bury.ts) ──▶ onDeath
 *
 *   seat:  EMPTY ──spawn──▶ STARTING ──HELLO──▶ READY ──exit──▶ (told, respawned) STARTING
 *                             └─exit: MAX_FALSE_STARTS in a row──▶ BROKEN
 * Invariants
 *   M1  a notice or message that a worker sent before it died is delivered before its death is told
 *   M2  after a death no submitted morsel is forgotten: what was BEGUN or pinned there is told as lost with it, what was
 *       queued for anybody is queued anew (a doubled entry fails its `begin`: claims.ts)
 *   M3  threads are unref'd; `ref` holds the process by a timer, since a pending `waitAsync` holds nothing
 *   M4  a worker has a seat among the program's threads from before it starts; it is vacated when the thread has ended and
 *       M1 is done, however it ended
 *   M5  while the main thread is blocked (`attend`), notices and messages are handled by hand, and a thread's end is seen by
 *       its seat, since no event of it can arrive: whoever sleeps vacates those whose pulse has stopped
 * Called by runtime/crew.ts. Touches the control block, threads and their ports.
 */
import { MessageChannel, Worker, receiveMessageOnPort, type MessagePort, type ResourceLimits, type Transferable } from 'node:worker_threads'
import { shared as memory } from '../atomic/memory.ts'
import { notify } from '../atomic/park.ts'
import { alive, here, invite, vacate, withPulse, type Invitation } from '../atomic/threads.ts'
import { workerNotStarted } from '../error/wording-pool.ts'
import * as Deque from '../queue/deque.ts'
import * as Injector from '../queue/injector.ts'
import { Full } from '../queue/outcome.ts'
import * as Ring from '../queue/spsc-ring.ts'
import { bootText, programOf, workerFlags } from './boot.ts'
import { bury, type Death } from './bury.ts'
import * as Claims from './claims.ts'
import * as Idle from './idle.ts'
import { createNotices } from './notices.ts'
import {
  COUNT_BUSY_MS, COUNT_MORSELS, COUNT_PARKS, COUNT_STEALS, HELLO, SAID, attachControl, createBlock, type Boot
} from './protocol.ts'

/** Starts that fail one after the other before a seat is given up. */
const MAX_FALSE_STARTS = 3
/** Promises of a worker's runner that may be open at a time. */
const IN_FLIGHT = 16
/** How long a worker that was told to end may take before it is ended, in milliseconds. */
const CLOSE_MS = 1000

export interface WorkerMetrics {
  readonly worker: number
  readonly state: string
  /** Slot that it executes now; -1 for none. */
  readonly running: number
  /** Morsels in its own deque. */
  readonly queued: number
  readonly morsels: number
  readonly steals: number
  readonly parks: number
  readonly busyMs: number
}

export interface PoolTotals {
  /** Morsels that wait in the injector, for anybody. */
  readonly queued: number
  /** Threads that have been started, and that have ended, so far. */
  readonly started: number
  readonly ended: number
}

export interface PoolOptions {
  readonly workers: number
  /** Slots that a morsel may live in: submitted numbers are below this. */
  readonly slots: number
  readonly workerText: string | undefined
  readonly workerUrl: URL
  /** Cloned to every worker. */
  readonly shared: Readonly<Record<string, unknown>>
  /** Name of a worker's thread. Default: `millrace-0` and so on. */
  readonly threadName?: ((worker: number) => string) | undefined
  /** Memory of each thread, in MiB; what is left out is Node's default. */
  readonly limits?: ResourceLimits | undefined
  /** Of the workers' random choices; default 0. */
  readonly seed?: number | undefined
  /** A notice of six ints; valid during the call. */
  readonly onNotice: (worker: number, notice: Int32Array) => void
  readonly onMessage: (worker: number, message: unknown) => void
  readonly onDeath: (death: Death) => void
}

export interface Pool {
  /** Starts the threads, once; resolves when all of them can take work. */
  start(): Promise<void>
  /** Queues a slot for any worker; false when there is no room. */
  submit(slot: number): boolean
  /** Queues a slot for one worker, with an argument for its runner; false when there is no room. */
  submitTo(worker: number, slot: number, arg: number): boolean
  /** Takes back a slot that is queued; false when a worker has begun it. */
  withdraw(slot: number): boolean
  /** Sends a message; a worker takes it before any morsel that is submitted later. */
  post(worker: number, message: unknown, transfer?: readonly Transferable[]): void
  broadcast(message: unknown): void
  /** Takes the notices that workers have whispered, if any; whether there were some. */
  hear(): boolean
  /** Handles the messages that have arrived from a worker, without waiting for the event loop. */
  drainMessages(worker: number): void
  /** Ends a thread, wherever it is; it is replaced, and its death told. */
  terminate(worker: number): void
  /**
   * For a main thread that is about to be blocked at its seat: handles what there is, and has the workers wake the seat from now
   * on. To be called anew after each wake-up.
   */
  attend(): void
  /** The main thread is not blocked any more. */
  dismiss(): void
  /** Finds threads that have ended without an event, which a blocked main thread does not get. */
  findDead(): void
  metrics(): readonly WorkerMetrics[]
  totals(): PoolTotals
  /** Holds the process. */
  ref(): void
  unref(): void
  /** Ends the threads. */
  close(): Promise<void>
}

interface Seat {
  thread: Worker | undefined
  invitation: Invitation | undefined
  port: MessagePort | undefined
  ready: boolean
  falseStarts: number
  broken: boolean
}

export const createPool = (options: PoolOptions): Pool => {
  const { workers, slots, shared, onMessage, onDeath } = options
  const block = createBlock(workers, slots)
  const control = attachControl(block)
  const { words, injector, claims, cells } = control
  const injecting = Injector.producer(injector)
  const inboxes = cells.map((cell) => Ring.producer(cell.inbox))
  const notices = createNotices(control, options.onNotice)
  const seats: Seat[] = cells.map(() => ({ thread: undefined, invitation: undefined, port: undefined, ready: false, falseStarts: 0, broken: false }))
  let starting: { readonly promise: Promise<void>; readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined
  let closing = false
  let started = 0
  let ended = 0
  let hold: NodeJS.Timeout | undefined

  // ---- threads ----

  const heard = (worker: number, message: unknown): void => {
    const [kind, said] = message as [number, unknown]
    if (kind === SAID) {
      onMessage(worker, said)
      return
    }
    if (kind !== HELLO) return
    const seat = seats[worker]!
    seat.ready = true
    seat.falseStarts = 0
    if (seats.every((each) => each.ready)) starting?.resolve()
  }

  const drainMessages = (worker: number): void => {
    const { port } = seats[worker]!
    if (port === undefined) return
    for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port)) {
      heard(worker, (got).message)
    }
  }

  const spawn = (worker: number): void => {
    const seat = seats[worker]!
    const { port1, port2 } = new MessageChannel()
    const invitation = withPulse(invite(true))
    const boot: Boot = {
      worker, invitation, mainSeat: here().seat, control: block, port: port2, inFlight: IN_FLIGHT, seed: options.seed ?? 0, shared,
      program: programOf(options.workerText)
    }
    let thread: Worker
    try {
      thread = new Worker(bootText(options.workerText !== undefined, options.workerUrl), {
        eval: true,
        name: options.threadName?.(worker) ?? `millrace-${worker}`,
        workerData: boot,
        transferList: [port2, invitation.pulse],
        ...(options.limits === undefined ? {} : { resourceLimits: options.limits }),
        ...flags()
      })
    } catch (error) {
      vacate(invitation)
      throw error
    }
    started++
    seat.thread = thread
    seat.invitation = invitation
    seat.port = port1
    seat.ready = false
    let error: unknown
    thread.on('error', (thrown) => {
      error = thrown
    })
    thread.on('exit', (code) => {
      if (seat.thread === thread) died(worker, code, error)
    })
    port1.on('message', (message) => {
      heard(worker, message)
    })
    // After the listeners, which take a reference of their own.
    thread.unref()
    port1.unref()
  }

  const died = (worker: number, code: number, error: unknown): void => {
    const seat = seats[worker]!
    notices.drain(worker)
    drainMessages(worker)
    seat.port?.close()
    if (seat.invitation !== undefined) vacate(seat.invitation)
    seat.thread = seat.port = seat.invitation = undefined
    ended++
    if (closing) return
    const wasReady = seat.ready
    seat.ready = false
    const left = bury(control, injecting, worker)
    seat.falseStarts = wasReady ? 0 : seat.falseStarts + 1
    if (seat.falseStarts < MAX_FALSE_STARTS) spawn(worker)
    else {
      seat.broken = true
      starting?.reject(workerNotStarted(code, error))
    }
    onDeath({ worker, code, error, ...left, replaced: !seat.broken })
    if (Idle.anyWork(control)) Idle.wakeOne(control)
  }

  const start = (): Promise<void> => {
    const broken = seats.some((seat) => seat.broken)
    if (starting === undefined || broken) {
      let resolve = (): void => undefined
      let reject: (error: unknown) => void = () => undefined
      const promise = new Promise<void>((yes, no) => {
        resolve = yes
        reject = no
      })
      starting = { promise, resolve, reject }
      promise.catch(() => undefined) // told to whoever awaits it
      if (!broken) void notices.pump(() => !closing)
      try {
        seats.forEach((seat, worker) => {
          if (seat.thread !== undefined) return
          seat.broken = false
          seat.falseStarts = 0
          spawn(worker)
        })
      } catch (error) {
        for (const seat of seats) seat.broken ||= seat.thread === undefined
        reject(workerNotStarted(1, error)) // node --permission, or no memory for a thread
      }
    }
    return starting.promise
  }

  // ---- work ----

  const submit = (slot: number): boolean => {
    const entry = Claims.enqueue(claims, slot, Claims.ANYBODY)
    if (Injector.tryPush(injecting, entry) === Full) {
      Claims.withdraw(claims, slot)
      return false
    }
    Idle.wakeOne(control)
    return true
  }

  const submitTo = (worker: number, slot: number, arg: number): boolean => {
    const entry = Claims.enqueue(claims, slot, worker)
    if (Ring.tryPush(inboxes[worker]!, [entry, arg]) === Full) {
      Claims.withdraw(claims, slot)
      return false
    }
    Idle.wakeWorker(control, worker)
    return true
  }

  const post = (worker: number, message: unknown, transfer: readonly Transferable[] = []): void => {
    seats[worker]!.port?.postMessage(message, transfer)
    const { messages } = cells[worker]!
    memory.add(words, messages, 1) // after the message is in the port: the worker counts, then receives
    Idle.wakeWorker(control, worker)
    notify(words, messages) // it may wait for this one inside a morsel
  }

  const findDead = (): void => {
    seats.forEach(({ invitation, thread }, worker) => {
      if (thread !== undefined && invitation !== undefined && !alive(invitation.seat, invitation.id)) died(worker, -1, new Error('its thread ended while the main thread was blocked'))
    })
  }

  const close = async (): Promise<void> => {
    closing = true
    memory.store(words, control.closing, 1)
    notices.rouse()
    const exits = seats.map(async ({ thread, ready }, worker) => {
      if (thread === undefined) return
      const exited = new Promise<void>((resolve) => {
        thread.once('exit', () => {
          resolve()
        })
      })
      Idle.wakeWorker(control, worker)
      notify(words, cells[worker]!.messages)
      // One that is still starting would only find out that it is too late.
      const late = setTimeout(() => void thread.terminate(), ready ? CLOSE_MS : 0)
      await exited
      clearTimeout(late)
    })
    await Promise.all(exits)
    clearInterval(hold)
  }

  return {
    start,
    submit,
    submitTo,
    withdraw: (slot) => Claims.withdraw(claims, slot),
    post,
    broadcast: (message) => {
      for (let worker = 0; worker < workers; worker++) post(worker, message)
    },
    hear: notices.hear,
    drainMessages,
    terminate: (worker) => void seats[worker]!.thread?.terminate(),
    attend: () => {
      notices.attend(() => {
        for (let worker = 0; worker < workers; worker++) drainMessages(worker)
      })
    },
    dismiss: notices.rouse,
    findDead,
    totals: () => ({ queued: Injector.length(injector), started, ended }),
    metrics: () =>
      cells.map((cell, worker) => ({
        worker,
        state: seats[worker]!.ready ? Idle.stateNames[memory.load(words, cell.park)]! : 'absent',
        running: words[cell.current]! - 1,
        queued: Deque.length(cell.deque),
        morsels: cell.counters[COUNT_MORSELS]!,
        steals: cell.counters[COUNT_STEALS]!,
        parks: cell.counters[COUNT_PARKS]!,
        busyMs: cell.counters[COUNT_BUSY_MS]!
      })),
    ref: () => {
      hold ??= setInterval(() => undefined, 0x7fffffff)
    },
    unref: () => {
      clearInterval(hold)
      hold = undefined
    },
    close
  }
}

const flags = (): { readonly execArgv?: string[] } => {
  const execArgv = workerFlags()
  return execArgv === undefined ? {} : { execArgv }
}

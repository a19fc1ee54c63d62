/**
 * The async lane, as the main thread sees it: event loops of their own, each in a thread, that run asynchronous functions.
 *
 *   run(call) ──▶ the loop with the fewest calls; another is started while all are busy and there may be more
 *             ◀── over: value, failure, cancelled        a loop that dies fails what it had, and is made anew when needed
 *
 * Invariants
 *   A1  a thread has a seat from before it starts, vacated after its messages have been handled
 *   A2  each call is over once: by its message, or by the death of its thread
 *   A3  threads are unref'd; while a call is under way a timer holds the process
 *   A4  while the main thread is blocked (`attend`) messages are received by hand, and a thread's end is seen by its seat
 * Called by crew.ts. Touches threads and their ports.
 */
import { MessageChannel, Worker, receiveMessageOnPort, type MessagePort, type ResourceLimits, type Transferable } from 'node:worker_threads'
import { alive, here, invite, vacate, withPulse, type Invitation } from '../atomic/threads.ts'
import { workerNotStarted } from '../error/wording-pool.ts'
import { jobDied } from '../error/wording-runtime.ts'
import { bootText, programOf, workerFlags } from '../pool/boot.ts'
import { portsOf, unpackOutcome, type Ended } from './parcel.ts'
import type { AsyncBoot, Call, FromAsync, Hooks, ToAsync } from './protocol.ts'
import type { Asker, Said } from './serve.ts'
import { workerProgram } from './worker-program.ts'

/** How long a thread that was told to end may take before it is ended, in milliseconds. */
const END_MS = 1000

export interface AsyncLaneOptions {
  readonly workers: number
  readonly threadName: ((index: number) => string) | undefined
  readonly limits: ResourceLimits | undefined
  readonly hooks: Hooks | undefined
  /** A call, or the abort of one, that an async worker asks for. */
  readonly onCall: (asker: Asker, said: Said) => void
}

export interface AsyncLane {
  /** Begins a call; `over` is told once, not within `run`. Throws when no thread can be started. */
  run(call: Call, over: (ended: Ended) => void): { abort(): void }
  /** For a main thread that is blocked: handles what has arrived. */
  attend(): void
  findDead(): void
  /** Calls that have not ended. */
  readonly calls: number
  readonly alive: number
  readonly started: number
  readonly ended: number
  abortAll(): void
  close(): Promise<void>
}

interface Loop {
  readonly thread: Worker
  readonly port: MessagePort
  readonly invitation: Invitation
  readonly calls: Map<number, { readonly call: Call; readonly over: (ended: Ended) => void }>
  ready: boolean
  readonly asker: Asker
}

let numbers = 0

export const createAsyncLane = (options: AsyncLaneOptions): AsyncLane => {
  const loops = new Set<Loop>()
  let started = 0
  let ended = 0
  let open = 0
  let hold: NodeJS.Timeout | undefined

  const begun = (): void => {
    if (open++ === 0) hold = setInterval(() => undefined, 0x7fffffff)
  }
  const over = (): void => {
    if (--open > 0) return
    clearInterval(hold)
    hold = undefined
  }

  const tell = (loop: Loop, message: ToAsync, transfer: readonly Transferable[] = []): void => {
    loop.port.postMessage(message, transfer)
  }

  const heard = (loop: Loop, said: FromAsync): void => {
    switch (said.type) {
      case 'hello':
        loop.ready = true
        return
      case 'over': {
        const call = loop.calls.get(said.id)
        if (call === undefined) return
        loop.calls.delete(said.id)
        over()
        call.over(unpackOutcome(said.outcome))
        return
      }
      default:
        options.onCall(loop.asker, said)
    }
  }

  const drain = (loop: Loop): void => {
    for (let got: unknown = receiveMessageOnPort(loop.port); got !== undefined; got = receiveMessageOnPort(loop.port)) heard(loop, (got as { readonly message: FromAsync }).message)
  }

  const died = (loop: Loop, code: number, error: unknown): void => {
    if (!loops.delete(loop)) return
    drain(loop)
    loop.port.close()
    vacate(loop.invitation)
    ended++
    for (const { call, over: tellOver } of loop.calls.values()) {
      over()
      tellOver({ kind: 'failed', error: loop.ready ? jobDied(call.whose, code, error) : workerNotStarted(code, error) })
    }
    loop.calls.clear()
  }

  const start = (): Loop => {
    const { port1, port2 } = new MessageChannel()
    const invitation = withPulse(invite(false))
    const boot: AsyncBoot = { role: 'async', invitation, mainSeat: here().seat, port: port2, program: programOf(workerProgram.text), hooks: options.hooks ?? { start: undefined, stop: undefined } }
    const execArgv = workerFlags()
    let thread: Worker
    try {
      thread = new Worker(bootText(workerProgram.text !== undefined, workerProgram.url), {
        eval: true,
        name: options.threadName?.(loops.size) ?? `millrace-async-${loops.size}`,
        workerData: boot,
        transferList: [port2, invitation.pulse],
        ...(options.limits === undefined ? {} : { resourceLimits: options.limits }),
        ...(execArgv === undefined ? {} : { execArgv })
      })
    } catch (cause) {
      vacate(invitation)
      throw workerNotStarted(1, cause)
    }
    started++
    const loop: Loop = {
      thread,
      port: port1,
      invitation,
      calls: new Map(),
      ready: false,
      asker: {
        reply: (ticket, outcome, transfer) => {
          tell(loop, { type: 'reply', ticket, outcome }, transfer)
        },
        yours: () => undefined // it never blocks
      }
    }
    loops.add(loop)
    let error: unknown
    thread.on('error', (thrown) => {
      error = thrown
    })
    thread.on('exit', (code) => {
      died(loop, code, error)
    })
    port1.on('message', (message) => {
      heard(loop, message as FromAsync)
    })
    // After the listeners, which take a reference of their own.
    thread.unref()
    port1.unref()
    return loop
  }

  const choose = (): Loop => {
    let best: Loop | undefined
    for (const loop of loops) if (best === undefined || loop.calls.size < best.calls.size) best = loop
    return best === undefined || (best.calls.size > 0 && loops.size < options.workers) ? start() : best
  }

  return {
    run: (call, tellOver) => {
      const loop = choose()
      const id = numbers++
      const { args } = call
      loop.calls.set(id, { call, over: tellOver })
      begun()
      tell(loop, { type: 'run', id, call }, portsOf(args))
      return {
        abort: () => {
          if (loop.calls.has(id)) tell(loop, { type: 'abort', id })
        }
      }
    },
    attend: () => {
      for (const loop of loops) drain(loop)
    },
    findDead: () => {
      for (const loop of [...loops]) if (!alive(loop.invitation.seat, loop.invitation.id)) died(loop, -1, new Error('its thread ended while the main thread was blocked'))
    },
    get calls() {
      return open
    },
    get alive() {
      return loops.size
    },
    get started() {
      return started
    },
    get ended() {
      return ended
    },
    abortAll: () => {
      for (const loop of loops) for (const id of loop.calls.keys()) tell(loop, { type: 'abort', id })
    },
    close: async () => {
      await Promise.all(
        [...loops].map(async (loop) => {
          const exited = new Promise<void>((resolve) => {
            loop.thread.once('exit', () => {
              resolve()
            })
          })
          tell(loop, { type: 'end' })
          const late = setTimeout(() => void loop.thread.terminate(), END_MS)
          await exited
          clearTimeout(late)
        })
      )
    }
  }
}

/**
 * The program of an async worker: an event loop that runs the asynchronous functions it is sent, as tasks of its own.
 *
 *   {run} ──▶ function and arguments found ──▶ a task ──▶ {over}, and the seat of who waits is woken
 *
 * The loop holds the thread until {end}. Code inside it that calls spawnBlocking asks the main thread, by its agent.
 * Called by src/worker.ts. Loads no rxjs, fp-ts, io-ts.
 */
import type { Transferable } from 'node:worker_threads'
import { takeSeat, wake } from '../atomic/threads.ts'
import { resolveFn } from '../ship/resolve.ts'
import { JoinError } from '../task/join-error.ts'
import { spawnTask } from '../task/spawn-task.ts'
import { setAgent } from './agent.ts'
import { dropEnds } from './drop.ts'
import { packEnded, portsOf, postOutcome, unpackOutcome, unwrap, type Ended } from './parcel.ts'
import { runHook } from './hooks.ts'
import { NO_TASK, type AsyncBoot, type Call, type FromAsync, type ToAsync } from './protocol.ts'

/** What is under way. */
interface Running {
  abort(): void
  join(): Promise<unknown>
}

const endedOf = (error: unknown): Ended => {
  if (!(error instanceof JoinError)) return { kind: 'failed', error }
  return error.kind === 'cancelled' ? { kind: 'cancelled' } : { kind: 'failed', error: error.cause }
}

/** Runs until it is told to end. */
export const runAsyncWorker = async ({ invitation, mainSeat, port, hooks }: AsyncBoot): Promise<void> => {
  takeSeat(invitation)
  const tasks = new Map<number, Running>()
  const tickets = new Map<number, (ended: Ended) => void>()
  let ticketNumbers = 0

  const post = (message: FromAsync, transfer: readonly Transferable[] = []): void => {
    port.postMessage(message, transfer)
    wake(mainSeat) // which does not hear its port while it is blocked
  }

  setAgent({
    lane: 'async',
    signal: undefined,
    ask: (what, call, over) => {
      const ticket = ticketNumbers++
      tickets.set(ticket, over)
      post({ type: 'call', ticket, what, call }, portsOf(call.args))
      return {
        abort: (force) => {
          if (tickets.has(ticket)) post({ type: 'abort', ticket, force })
        },
        block: () => undefined // this thread has an event loop
      }
    }
  })

  const invoke = async (call: Call, signal: AbortSignal): Promise<unknown> => {
    const fn = (await resolveFn(call.ref)) as (...args: unknown[]) => unknown
    const args = unwrap(call.args) as unknown[]
    try {
      return await fn(...(call.context ? [...args.slice(0, -1), { env: args.at(-1), signal }] : args))
    } finally {
      setImmediate(dropEnds, args) // after the outcome has been packed
    }
  }

  /** A task; or, for blockOn, what is in no task. */
  const start = (call: Call): Running => {
    if (call.id !== NO_TASK) return spawnTask(({ signal }) => invoke(call, signal), { id: call.id, name: call.whose })
    const controller = new AbortController()
    const done = invoke(call, controller.signal)
    return {
      abort: () => {
        controller.abort()
      },
      join: () => done
    }
  }

  const run = (id: number, call: Call): void => {
    const handle = start(call)
    tasks.set(id, handle)
    const over = (ended: Ended): void => {
      tasks.delete(id)
      postOutcome((outcome, transfer) => { post({ type: 'over', id, outcome }, transfer) }, packEnded(ended), call.whose)
    }
    handle.join().then(
      (value) => {
        over({ kind: 'value', value })
      },
      (error: unknown) => {
        over(endedOf(error))
      }
    )
  }

  await runHook(hooks.start)
  const end = async (): Promise<void> => {
    for (const task of tasks.values()) task.abort()
    await runHook(hooks.stop)
    port.close()
  }
  port.on('message', (message: ToAsync) => {
    switch (message.type) {
      case 'run':
        run(message.id, message.call)
        return
      case 'abort':
        tasks.get(message.id)?.abort()
        return
      case 'reply': {
        const over = tickets.get(message.ticket)
        tickets.delete(message.ticket)
        over?.(unpackOutcome(message.outcome))
        return
      }
      case 'end':
        void end()
    }
  })
  post({ type: 'hello' })
}


/**
 * A real worker thread with a seat of its own (src/atomic/threads.ts), which runs the exported functions of a fixture module:
 * for specs of what is shared between threads.
 *
 *     const thread = startThread(scope, new URL('./fixtures/x.ts', import.meta.url))
 *     await thread.call('holdsIt', mutex)          // handles among the arguments, and in the answer, travel
 *     await thread.terminate()                     // wherever it is; resolves when its seat is empty
 *
 * The seat is taken before the module is loaded, with `mayBlock` true unless told otherwise, and vacated when the thread has
 * ended, however it ended. The module has to import the classes of the handles that it is given (a worker revives what it knows).
 */
import { Worker } from 'node:worker_threads'
import { invite, vacate, withPulse, type Invitation } from '../../src/atomic/threads.ts'
import { decodeError, type WireError } from '../../src/error/wire.ts'
import { bootText, workerFlags } from '../../src/pool/boot.ts'
import { pack, unpack } from '../../src/prelude/travel.ts'
import type { Scope } from './suite.ts'

export interface ThreadRequest {
  readonly id: number
  readonly name: string
  readonly args: unknown
}

export type ThreadAnswer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: WireError }

/** What the thread is started with. */
export interface ThreadData {
  readonly module: string
  readonly invitation: Invitation
}

export interface Thread {
  readonly seat: number
  readonly id: number
  /**
   * Calls an exported function of the module there, and answers what it answers or resolves with. Several calls can be under way
   * when the functions are async. Rejects when the function throws, and when the thread ends first.
   */
  call<A = unknown>(name: string, ...args: readonly unknown[]): Promise<A>
  /** Ends the thread, wherever it is; resolves when it has ended and its seat is empty. */
  terminate(): Promise<void>
  /** Resolves when the thread has ended, however, and its seat is empty. */
  readonly ended: Promise<void>
}

export interface ThreadOptions {
  /** Whether the thread may be blocked; default true. */
  readonly mayBlock?: boolean | undefined
}

/** Starts a thread for the functions of a module; it is terminated at the end of the test. */
export const startThread = ({ defer }: Scope, module: URL, { mayBlock = true }: ThreadOptions = {}): Thread => {
  const invitation = withPulse(invite(mayBlock))
  const execArgv = workerFlags()
  const worker = new Worker(bootText(false, new URL('./fixtures/thread-program.ts', import.meta.url)), {
    eval: true,
    workerData: { module: module.href, invitation } satisfies ThreadData,
    transferList: [invitation.pulse],
    ...(execArgv === undefined ? {} : { execArgv })
  })
  const waiting = new Map<number, { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void }>()
  const fail = (error: unknown): void => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  let over = false
  worker.on('error', fail)
  worker.on('message', (answer: ThreadAnswer) => {
    const waiter = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('error' in answer) waiter?.reject(decodeError(answer.error))
    else waiter?.resolve(unpack(answer.value))
  })
  const ended = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      over = true
      vacate(invitation)
      fail(new Error(`the thread exited with code ${code}`))
      resolve()
    })
  })
  const terminate = async (): Promise<void> => {
    await worker.terminate()
    await ended
  }
  defer(terminate)
  let ids = 0
  const call = <A>(name: string, ...args: readonly unknown[]): Promise<A> => {
    const answer = new Promise<A>((resolve, reject) => {
      if (over) throw new Error('the thread has ended')
      const id = ids++
      const { value, transfer } = pack(args)
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
      worker.postMessage({ id, name, args: value } satisfies ThreadRequest, transfer as [])
    })
    answer.catch(() => undefined) // told to whoever awaits it: a test that has failed before does not
    return answer
  }
  return { seat: invitation.seat, id: invitation.id, call, terminate, ended }
}

/** Starts a thread for one call: its answer, and the thread. */
export const runInThread = <A = unknown>(
  scope: Scope,
  module: URL,
  name: string,
  args: readonly unknown[] = [],
  options: ThreadOptions = {}
): { readonly result: Promise<A>; readonly thread: Thread } => {
  const thread = startThread(scope, module, options)
  return { result: thread.call<A>(name, ...args), thread }
}

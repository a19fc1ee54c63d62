/**
 * `spawn`, `spawnBlocking` and `blockOn` without naming a runtime: on the current one, else the shared one; inside a worker by its
 * agent, which asks the runtime that the worker belongs to.
 *
 *                      main thread                  inside a blocking job                        on an async worker
 *     spawn            a closure, this loop         travels to the main thread's loop            a closure, this loop
 *     spawnBlocking    the runtime's pool           the same pool                                the same pool
 *     blockOn          blocks here                  blocks here, runs on the async lane          an error: it would block its own loop
 *
 * Called by users, through `millrace/runtime`; says to task/ who runs the tasks of sets.
 */
import { blockOnAsyncWorker } from '../error/wording-runtime.ts'
import { JoinHandle } from '../task/join-handle.ts'
import { followSignal } from '../task/follow-signal.ts'
import type { TaskFunction } from '../task/local-task.ts'
import { spawnTask } from '../task/spawn-task.ts'
import { bindSpawner } from '../task/spawner.ts'
import { TaskCell, nextTaskId } from '../task/task-cell.ts'
import { agent, type Agent, type Asked } from './agent.ts'
import { callOf, checkOptions, nameOf, partsOf, type AsyncContext, type AsyncJob, type Job, type Work } from './call.ts'
import type { Ended } from './parcel.ts'
import { NO_TASK, type CallKind } from './protocol.ts'
import { Runtime, type ShipOptions, type SpawnOptions } from './runtime.ts'
import { settle, valueOf } from './settle.ts'

const runtime = (): Runtime => Runtime.tryCurrent() ?? Runtime.shared()

/** A task that an agent asks for. */
const ask = <T>(mine: Agent, what: CallKind, kind: 'spawn' | 'spawnBlocking', work: Work, args: readonly unknown[]): JoinHandle<T> => {
  const id = nextTaskId()
  const call = callOf(kind, work, args, id)
  const { signal } = partsOf(kind, work).options
  const task = new TaskCell<T>({
    lane: kind === 'spawnBlocking' ? 'blocking' : 'async',
    abort: ({ force }) => {
      asked.abort(force)
    },
    ...(mine.lane === 'blocking' ? { block: () => { asked.block() } } : {})
  }, { id, name: nameOf(work) })
  const asked: Asked = mine.ask(what, call, (ended) => {
    settle(task, ended)
  })
  followSignal(task, signal)
  return new JoinHandle(task)
}

/**
 * Starts an asynchronous function as a task of the current runtime, or of the shared one: on this thread's event loop, as a closure;
 * with `{ on: 'async-worker', args }` on an event loop of its own. Inside a blocking job the function travels to the main thread's loop.
 *
 * **Cost**    about a microsecond and a half on this loop, half a kilobyte while it waits for its turn
 * **Errors**  what the function throws goes to the handle
 * **Cancel**  `handle.abort()`, `options.signal`
 * **Source**  tokio `task::spawn`
 * @example
 * const handle = spawn(async () => 6 * 7)
 * await handle // => 42
 */
export function spawn<T>(fn: TaskFunction<T>, options?: SpawnOptions): JoinHandle<T>
export function spawn<T, A extends readonly unknown[] = []>(fn: (...args: [...A, AsyncContext<undefined>]) => T | PromiseLike<T>, options: ShipOptions<A>): JoinHandle<T>
export function spawn<T>(fn: (...args: never[]) => T | PromiseLike<T>, options: SpawnOptions | ShipOptions<readonly unknown[]> = {}): JoinHandle<T> {
  const mine = agent()
  if (mine === undefined) return runtime().spawn(fn as TaskFunction<T>, options)
  checkOptions('spawn', options)
  if (typeof fn !== 'function') partsOf('spawn', fn)
  if (mine.lane === 'async' && !('on' in options)) return spawnTask(fn as TaskFunction<T>, options)
  const { args = [], name, signal } = options as ShipOptions<readonly unknown[]>
  return ask(mine, 'on' in options ? 'blockOn' : 'spawn', 'spawn', { fn, name, signal, env: undefined }, args)
}

/**
 * Runs a synchronous function on a worker thread of the current runtime, or of the shared one: see {@link Runtime.spawnBlocking}. Inside a
 * blocking job too; wait for it there with `handle.blockingJoin()`, which runs the job in place when no other worker has begun it.
 *
 * **Cost**    tens of microseconds there and back
 * **Errors**  ERR_MILLRACE_NOT_PORTABLE and ERR_MILLRACE_NOT_CLONEABLE at the call; else by the handle
 * **Cancel**  `handle.abort()`: a queued job does not begin, a running one sees its signal; `{ force: true }` ends its thread
 * **Source**  tokio `task::spawn_blocking`
 * @example
 * const words = await spawnBlocking((text: string) => text.split(' ').length, 'to be or not to be')
 * words // => 6
 */
export function spawnBlocking<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): JoinHandle<Awaited<R>>
export function spawnBlocking<A extends readonly unknown[], R, E = undefined>(job: Job<A, R, E>, ...args: A): JoinHandle<Awaited<R>>
export function spawnBlocking(work: Work, ...args: readonly unknown[]): JoinHandle<unknown> {
  const mine = agent()
  if (mine !== undefined) return ask(mine, 'spawnBlocking', 'spawnBlocking', work, args)
  return runtime().spawnBlocking(work as (...args: readonly unknown[]) => unknown, ...args)
}

/**
 * Runs an asynchronous function on an event loop of its own while this thread waits, blocked: see {@link Runtime.blockOn}.
 *
 * **Cost**    a message there and one back; the first call starts a thread
 * **Errors**  what the function throws, as it is; ERR_MILLRACE_WOULD_BLOCK_LOOP where it would wait for itself
 * **Source**  tokio `Handle::block_on`
 * @example
 * blockOn(async (n: number) => n + 1, 41) // => 42
 */
export function blockOn<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): Awaited<R>
export function blockOn<A extends readonly unknown[], R, E = undefined>(job: AsyncJob<A, R, E>, ...args: A): Awaited<R>
export function blockOn(work: Work, ...args: readonly unknown[]): unknown {
  const mine = agent()
  if (mine === undefined) return runtime().blockOn(work as (...args: readonly unknown[]) => unknown, ...args)
  if (mine.lane === 'async') throw blockOnAsyncWorker()
  let ended: Ended | undefined
  mine.ask('blockOn', callOf('blockOn', work, args, NO_TASK), (how) => {
    ended = how
  }).block()
  return valueOf(ended!, 'blockOn')
}

bindSpawner({
  spawn: (fn, options) => spawn(fn, options),
  spawnBlocking: (fn, ...args) => spawnBlocking(fn, ...args)
})

/**
 * A runtime: threads for work that computes, event loops for work that waits, and the tasks that run on them, as a value.
 *
 *   spawn(fn)            a task on the loop that calls            spawn(fn, { on: 'async-worker' })   on a loop of its own
 *   spawnBlocking(fn)    a task on the pool of worker threads      blockOn(fn)   on a loop of its own, while this thread waits
 *   run(pipeline)        a pipeline on the same pool
 *
 *   open ──shutdown──▶ closing: nothing new; tasks are aborted, jobs asked to stop, runs cancelled ──all ended──▶ closed: threads end
 *
 * Threads start with the first work that needs one. The shared runtime's pool is the one that pipelines use that are run without
 * a runtime. Tools hear of tasks by node:diagnostics_channel: `millrace:task:spawn` and `millrace:task:end`, for tasks of both lanes.
 * Called by users, through `millrace/runtime`; free functions are in spawn.ts.
 */
import { channel } from 'node:diagnostics_channel'
import { PipelineError } from '../error/pipeline-error.ts'
import { blockOnAsyncWorker, blockOnCurrentThread, blockOnTask, inAnotherThread, noRuntime, runtimeShutDown, shutdownInside } from '../error/wording-runtime.ts'
import { captureSite } from '../graph/site.ts'
import { withClock } from '../prelude/clock.ts'
import { ignore, listen } from '../sync/abort.ts'
import { outside, scope } from '../sync/scope.ts'
import { JoinError } from '../task/join-error.ts'
import { JoinHandle } from '../task/join-handle.ts'
import { isAbort, spawnTask, type TaskFunction } from '../task/spawn-task.ts'
import { TaskCell, nextTaskId, type TaskInfo, type TaskLane, type TaskWatcher } from '../task/task-cell.ts'
import { VirtualClock } from '../task/time/virtual-clock.ts'
import type { WorkerMetrics } from '../pool/pool.ts'
import { agent } from './agent.ts'
import { callOf, nameOf, partsOf, type AsyncContext, type AsyncJob, type CallOptions, type Job as BlockingJob, type Work } from './call.ts'
import { createCrew, forgetCrew, sharedCrew, type Crew } from './crew.ts'
import { currentPlace, within, type Place } from './current.ts'
import type { Job } from './jobs.ts'
import { kinds } from './kinds.ts'
import { kindsAreKnown } from './known.ts'
import { checkCurrentThread, crewOptions, defaultWorkers, type CurrentThreadOptions, type MultiThreadOptions, type OnUnhandled, type RuntimeOptions } from './options.ts'
import type { Ended } from './parcel.ts'
import { NO_TASK, type Call } from './protocol.ts'

/** Which kind of runtime. */
export type Flavor = 'multiThread' | 'currentThread'

/** Options of a task on the calling loop. */
export type SpawnOptions = CallOptions

/** Options of a task on an event loop of its own. */
export interface ShipOptions<A extends readonly unknown[]> extends CallOptions {
  readonly on: 'async-worker'
  /** Given to the function, before its context. */
  readonly args?: A | undefined
}

export interface RuntimeShutdownOptions {
  /**
   * After so long the call ends, whatever still runs: blocking jobs are ended with their threads, in milliseconds. 0 does so at
   * once. Default: as long as running blocking jobs take.
   */
  readonly timeoutMs?: number | undefined
}

/** A task that has not ended, as `dump()` shows it. */
export interface TaskDump {
  readonly id: number
  readonly name: string | undefined
  readonly lane: TaskLane
  /** `'queued'`: a blocking job that no worker has begun. */
  readonly state: 'queued' | 'running'
  /** `file:line:column` of the spawn, with `trackSites`. */
  readonly site: string | undefined
  /** Since its spawn, in milliseconds. */
  readonly ageMs: number
}

export interface RuntimeDump {
  readonly id: number
  readonly name: string | undefined
  readonly flavor: Flavor
  readonly tasks: readonly TaskDump[]
  readonly workers: readonly WorkerMetrics[]
}

export interface RuntimeMetrics {
  /** Threads of the blocking lane when it runs. */
  readonly workers: number
  /** Tasks of both lanes that have not ended. */
  readonly aliveTasks: number
  /** Tasks so far. */
  readonly spawnedTasks: number
  /** Blocking jobs that no worker has begun, those in the injector included. */
  readonly blockingQueued: number
  readonly blockingRunning: number
  /** Morsels in the injector, of pipelines and jobs. */
  readonly injectorDepth: number
  /** Event loops of the async lane that are alive, and functions that they run. */
  readonly asyncWorkers: number
  readonly asyncCalls: number
  /** Threads that were started, and that have ended, so far; of both lanes. */
  readonly threadsStarted: number
  readonly threadsEnded: number
  /** One row per thread of the blocking lane; empty while it does not run. */
  readonly threads: readonly WorkerMetrics[]
}

/** What can be run: a pipeline. */
export interface Runnable<R> {
  run(options?: { readonly signal?: AbortSignal | undefined; readonly workers?: number | undefined }): R
}

/** A run: settles by `done`. */
export interface RunLike {
  readonly done: Promise<unknown>
  cancel(reason?: unknown): void
}

/** How long an asynchronous task may go on after it was aborted by a shutdown, in milliseconds. */
const ABANDON_MS = 300

interface Entry {
  readonly info: TaskInfo
  readonly since: number
  handle: Pick<JoinHandle<unknown>, 'abort'> | undefined
  job: Job | undefined
}

interface Parts {
  readonly flavor: Flavor
  readonly workers: number
  readonly options: RuntimeOptions
  readonly makeCrew: () => Crew
  readonly clock: VirtualClock | undefined
  readonly shared: boolean
}

/** Told of every task, with { runtime, id, name, lane, site }, and at its end with its state. For tools. */
const spawned = channel('millrace:task:spawn')
const ended = channel('millrace:task:end')

const told = ({ id, name, lane, site }: TaskInfo): Pick<TaskInfo, 'id' | 'name' | 'lane' | 'site'> => ({ id, name, lane, site })

let ids = 0
let shared: Runtime | undefined

/** What became of a job, told to its task. */
export const settle = <T>(task: TaskCell<T>, ended: Ended): void => {
  if (ended.kind === 'value') task.succeed(ended.value as T)
  else if (ended.kind === 'cancelled') task.cancel(ended.reason ?? task.request?.reason)
  else if (task.request !== undefined && isAbort(ended.error, task.request.reason)) task.cancel()
  else task.fail(ended.error)
}

const unwrapJoin = (error: unknown): never => {
  throw error instanceof JoinError && error.kind === 'failed' ? error.cause : error
}

/**
 * Where tasks and pipelines run.
 *
 * **Memory**  none but the object until it is used: threads start with the first work that needs one, and stay warm
 * **Errors**  bad options throw ERR_MILLRACE_ARGUMENT, naming the option
 * **Source**  tokio `runtime::Runtime`
 * @example
 * const runtime = Runtime.multiThread({ workers: 2 })
 * await runtime.spawnBlocking((n: number) => n * 2, 21) // => 42
 * await runtime.shutdown()
 */
export class Runtime implements AsyncDisposable {
  /** Unique among the runtimes of this thread. */
  readonly id: number
  readonly name: string | undefined
  readonly flavor: Flavor
  /** Threads of the blocking lane that pipelines use; 0 for a current-thread runtime. */
  readonly workers: number
  readonly #parts: Parts
  readonly #onUnhandled: OnUnhandled
  readonly #sites: boolean
  readonly #place: Place | undefined
  readonly #watcher: TaskWatcher
  readonly #tasks = new Map<number, Entry>()
  readonly #runs = new Set<RunLike>()
  #crew: Crew | undefined
  #spawned = 0
  #closed = false
  /** Why it closed by itself. */
  #cause: unknown
  #quiet: (() => void)[] = []
  #down: Promise<void> | undefined

  private constructor(parts: Parts) {
    this.id = ++ids
    this.name = parts.options.name
    this.flavor = parts.flavor
    this.workers = parts.workers
    this.#parts = parts
    this.#onUnhandled = parts.options.onUnhandled ?? 'report'
    this.#sites = parts.options.trackSites ?? false
    const threads = (): Crew => this.#threads
    // The shared runtime is what code outside of any runtime has: it enters none, which costs nothing.
    this.#place = parts.shared ? undefined : { runtime: this, workers: parts.workers, get crew() { return parts.workers === 0 ? undefined : threads() } }
    this.#watcher = {
      began: (info) => {
        this.#spawned++
        if (spawned.hasSubscribers) spawned.publish({ runtime: this.id, ...told(info) })
        this.#tasks.set(info.id, { info, since: performance.now(), handle: undefined, job: undefined })
      },
      ended: (info, state) => {
        if (ended.hasSubscribers) ended.publish({ runtime: this.id, ...told(info), state })
        this.#tasks.delete(info.id)
        this.#lookQuiet()
      }
    }
  }

  /**
   * A runtime with threads of its own: a work-stealing pool for pipelines and blocking jobs, and event loops for `blockOn`.
   *
   * **Errors**  ERR_MILLRACE_ARGUMENT names a bad option; ERR_MILLRACE_NOT_PORTABLE a thread hook that cannot travel
   * **Source**  tokio `runtime::Builder::new_multi_thread`
   * @example
   * const runtime = Runtime.multiThread({ workers: 1, name: 'reports' })
   * runtime.name // => 'reports'
   */
  static multiThread(options: MultiThreadOptions = {}): Runtime {
    const checked = crewOptions(options)
    return new Runtime({ flavor: 'multiThread', workers: checked.workers, options, makeCrew: () => createCrew(checked), clock: undefined, shared: false })
  }

  /**
   * Tasks and pipelines on the calling event loop: the same results, in a deterministic order of events. For tests. Blocking
   * jobs still get a thread, one, when there is the first.
   *
   * **Source**  tokio `runtime::Builder::new_current_thread`, `start_paused`
   * @example
   * const runtime = Runtime.currentThread({ time: 'paused' })
   * const began = Date.now()
   * await runtime.spawn(() => sleep(3_600_000)) // an hour, at once
   * Date.now() - began < 60_000 // => true
   */
  static currentThread(options: CurrentThreadOptions = {}): Runtime {
    checkCurrentThread(options)
    const clock = new VirtualClock({ paused: options.time === 'paused' })
    return new Runtime({ flavor: 'currentThread', workers: 0, options, makeCrew: () => createCrew({ workers: 1 }), clock, shared: false })
  }

  /**
   * The runtime of all who have none: made when it is first asked for, with MILLRACE_WORKERS threads, or one per core. It shares
   * its pool with pipelines that are run without a runtime. After a shutdown the next call makes another.
   */
  static shared(): Runtime {
    if (shared === undefined || shared.#closed) {
      const workers = defaultWorkers()
      shared = new Runtime({ flavor: 'multiThread', workers, options: {}, makeCrew: () => sharedCrew(workers), clock: undefined, shared: true })
    }
    return shared
  }

  /** The runtime of the code that asks: of the task that it is in, or of `enter`. Throws ERR_MILLRACE_ARGUMENT where there is none. */
  static current(): Runtime {
    const found = Runtime.tryCurrent()
    if (found === undefined) throw noRuntime()
    return found
  }

  /** As {@link Runtime.current}, with `undefined` where there is none. */
  static tryCurrent(): Runtime | undefined {
    const place = currentPlace()
    if (place !== undefined) return place.runtime as Runtime
    const task = scope()?.task
    return task !== undefined && shared !== undefined && shared.#tasks.has(task.id) ? shared : undefined
  }

  /** Whether it has been shut down, or is being shut down. */
  get isClosed(): boolean {
    return this.#closed
  }

  get #threads(): Crew {
    if (this.#crew !== undefined) return this.#crew
    if (agent()?.lane === 'blocking') throw inAnotherThread('Runtime')
    kinds()
    kindsAreKnown()
    const crew = this.#parts.makeCrew()
    crew.spawnHere = (fn, { id, whose }, signal) =>
      this.#spawnHere<unknown>((context) => fn(context.signal), { name: whose, signal }, id).join().catch(unwrapJoin)
    return (this.#crew = crew)
  }

  /** Runs `body`, and whatever it starts, in this runtime: it is the current one there, and its clock is theirs. */
  enter<A>(body: () => A): A {
    const { clock } = this.#parts
    return within(this.#place, () => (clock === undefined ? body() : withClock(clock, body)))
  }

  /**
   * Starts an asynchronous function as a task: on this thread's event loop, as a closure; or, with `on: 'async-worker'`, on an
   * event loop of its own, where it must be able to travel, with its `args`.
   *
   * **Cost**    about two microseconds on this loop; on another, a message there and one back
   * **Errors**  what the function throws goes to the handle. After a shutdown the handle is cancelled at once (`cause`: ERR_MILLRACE_CLOSED)
   * **Cancel**  `handle.abort()`, `options.signal`, the runtime's shutdown
   * **Source**  tokio `Runtime::spawn`
   * @example
   * const handle = Runtime.shared().spawn(async () => 'done')
   * await handle // => 'done'
   */
  spawn<T>(fn: TaskFunction<T>, options?: SpawnOptions): JoinHandle<T>
  spawn<T, A extends readonly unknown[] = []>(fn: (...args: [...A, AsyncContext<undefined>]) => T | PromiseLike<T>, options: ShipOptions<A>): JoinHandle<T>
  spawn<T, A extends readonly unknown[]>(fn: TaskFunction<T> | ((...args: [...A, AsyncContext<undefined>]) => T | PromiseLike<T>), options: SpawnOptions | ShipOptions<A> = {}): JoinHandle<T> {
    if (agent()?.lane === 'blocking') throw inAnotherThread('Runtime.spawn')
    if (!('on' in options)) return this.#spawnHere(fn as TaskFunction<T>, options)
    const { args = [], name, signal } = options
    return this.#ship('spawn', { fn: fn, name, signal, env: undefined }, args)
  }

  #spawnHere<T>(fn: TaskFunction<T>, { name, signal }: SpawnOptions, id = nextTaskId()): JoinHandle<T> {
    if (typeof fn !== 'function') partsOf('spawn', fn)
    if (this.#closed) return this.#refused('async', name)
    const init = { id, name, signal, site: this.#site(), watcher: this.#watcher, onUnhandled: this.#unhandled }
    const handle = this.enter(() => spawnTask(fn, init))
    const entry = this.#tasks.get(id)
    if (entry !== undefined) entry.handle = handle
    return handle
  }

  /**
   * Runs a synchronous function on the pool of worker threads.
   *
   * The function travels: it is portable, from a module, or names nothing but its parameters and globals. What else it needs is
   * given as `env`: `spawnBlocking({ fn: (n, { env, signal }) => …, env: { rules } }, n)`. Arguments, `env` and result are cloned;
   * shared memory and handles of millrace/sync stay shared. {@link blockingSignal} or the context's `signal` says inside a busy
   * loop that the job should stop.
   *
   * **Order**   jobs begin about in the order of their calls; the queue has no bound
   * **Cost**    tens of microseconds there and back, more for large values; a first thread takes some tens of milliseconds
   * **Errors**  at the call: ERR_MILLRACE_NOT_PORTABLE, ERR_MILLRACE_NOT_CLONEABLE (arguments). By the handle: what the function throws; a
   *             promise as result (ERR_MILLRACE_STAGE_PROMISE); ERR_MILLRACE_NOT_CLONEABLE (result); ERR_MILLRACE_WORKER_DIED, which fails this
   *             job alone. After a shutdown the handle is cancelled at once
   * **Cancel**  `handle.abort()`: a queued job does not begin, a running one sees its signal. `abort({ force: true })` ends its
   *             thread, with whatever pipelines have at rest in it, and a new one takes its place
   * **Source**  tokio `task::spawn_blocking`
   * @example
   * const runtime = Runtime.shared()
   * await runtime.spawnBlocking((a: number, b: number) => a + b, 40, 2) // => 42
   */
  spawnBlocking<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): JoinHandle<Awaited<R>>
  spawnBlocking<A extends readonly unknown[], R, E = undefined>(job: BlockingJob<A, R, E>, ...args: A): JoinHandle<Awaited<R>>
  spawnBlocking(work: Work, ...args: readonly unknown[]): JoinHandle<unknown> {
    if (agent()?.lane === 'blocking') throw inAnotherThread('Runtime.spawnBlocking')
    return this.#ship('spawnBlocking', work, args)
  }

  /** A task whose function runs on another thread. */
  #ship<T>(kind: 'spawn' | 'spawnBlocking', work: Work, args: readonly unknown[]): JoinHandle<T> {
    const id = nextTaskId()
    const call = callOf(kind, work, args, id) // throws before there is a task
    const { signal } = partsOf(kind, work).options
    const name = nameOf(work)
    const lane: TaskLane = kind === 'spawn' ? 'async' : 'blocking'
    if (this.#closed) return this.#refused(lane, name)
    const { clock } = this.#parts
    const task = new TaskCell<T>({
      id, name, lane, site: this.#site(), watcher: this.#watcher, onUnhandled: this.#unhandled,
      abort: ({ force }) => {
        abort(force)
      }
    })
    const over = (ended: Ended): void => {
      settle(task, ended)
      clock?.letGo()
      unfollow()
    }
    clock?.hold()
    const handle = new JoinHandle(task)
    const entry = this.#tasks.get(id)!
    entry.handle = handle
    let abort: (force: boolean) => void
    if (kind === 'spawnBlocking') {
      const job = (entry.job = this.#threads.jobs.submit({ ...call, over }))
      abort = (force) => {
        job.abort(force)
      }
    } else {
      let running: { abort(): void } | undefined
      try {
        running = this.#threads.lane.run(call, over)
      } catch (error) {
        task.fail(error)
      }
      abort = (force) => {
        running?.abort()
        if (force) task.cancel()
      }
    }
    const unfollow = followSignal(task, signal)
    return handle
  }

  /**
   * Runs an asynchronous function on an event loop of its own, and blocks this thread until it has settled. For synchronous code that
   * needs asynchronous logic once: a command-line tool, a callback that must answer. The function travels like that of `spawnBlocking`.
   * What it awaits must not need the blocked thread's own event loop: that does not turn, and nothing can see such a wait. Output
   * that the function writes to the console appears afterwards.
   *
   * **Cost**    a message there and one back; the first call starts a thread, some tens of milliseconds
   * **Errors**  what the function throws, as it is. ERR_MILLRACE_WOULD_BLOCK_LOOP where it is plain that it would wait for itself: on an async
   *             worker, inside a task of this loop, in a current-thread runtime. ERR_MILLRACE_WORKER_DIED; ERR_MILLRACE_CLOSED after a shutdown
   * **Source**  tokio `Runtime::block_on`
   * @example
   * const text = Runtime.shared().blockOn(async (ms: number) => {
   *   await new Promise((resolve) => setTimeout(resolve, ms))
   *   return `after ${ms} ms`
   * }, 5)
   * text // => 'after 5 ms'
   */
  blockOn<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): Awaited<R>
  blockOn<A extends readonly unknown[], R, E = undefined>(job: AsyncJob<A, R, E>, ...args: A): Awaited<R>
  blockOn(work: Work, ...args: readonly unknown[]): unknown {
    const mine = agent()
    if (mine?.lane === 'async') throw blockOnAsyncWorker()
    if (mine?.lane === 'blocking') throw inAnotherThread('Runtime.blockOn')
    if (this.flavor === 'currentThread') throw blockOnCurrentThread()
    const inside = scope()?.task
    if (inside !== undefined) throw blockOnTask(inside.name ?? inside.id)
    if (this.#closed) throw runtimeShutDown('blockOn', this.#cause)
    return this.#block(callOf('blockOn', work, args, NO_TASK))
  }

  #block(call: Call): unknown {
    const crew = this.#threads
    let ended: Ended | undefined
    crew.lane.run(call, (how) => {
      ended = how
    })
    crew.blockUntil(() => ended !== undefined)
    return valueOf(ended!, 'blockOn')
  }

  /** Runs a pipeline here: on this runtime's pool, with this runtime as the current one. Throws ERR_MILLRACE_CLOSED after `shutdown`. */
  run<R extends RunLike>(pipeline: Runnable<R>, options: { readonly signal?: AbortSignal | undefined } = {}): R {
    if (this.#closed) throw runtimeShutDown('Runtime.run', this.#cause)
    // Not of the task that calls: a run ends by its own rules.
    const run = outside(() => this.enter(() => pipeline.run({ ...options, workers: this.workers })))
    this.#runs.add(run)
    const over = (): void => {
      this.#runs.delete(run)
      this.#lookQuiet()
    }
    run.done.then(over, over)
    return run
  }

  /** What is counted. Cheap; rows of threads are a moment's truth, exact when the pool is quiet. */
  metrics(): RuntimeMetrics {
    const crew = this.#crew?.metrics()
    return {
      workers: this.workers,
      aliveTasks: this.#tasks.size,
      spawnedTasks: this.#spawned,
      blockingQueued: this.#crew?.jobs.queued ?? 0,
      blockingRunning: this.#crew?.jobs.running ?? 0,
      injectorDepth: crew?.queued ?? 0,
      asyncWorkers: crew?.asyncWorkers ?? 0,
      asyncCalls: crew?.asyncCalls ?? 0,
      threadsStarted: crew?.started ?? 0,
      threadsEnded: crew?.ended ?? 0,
      threads: crew?.blocking ?? []
    }
  }

  /** The tasks that have not ended, and what the threads do, as plain data. */
  dump(): RuntimeDump {
    const now = performance.now()
    const tasks = [...this.#tasks.values()].map(({ info, since, job }): TaskDump => ({
      id: info.id, name: info.name, lane: info.lane, state: job?.state === 'queued' ? 'queued' : 'running', site: info.site, ageMs: now - since
    }))
    return { id: this.id, name: this.name, flavor: this.flavor, tasks, workers: this.#crew?.metrics().blocking ?? [] }
  }

  // ---- the end ----

  /**
   * Ends the runtime: cancels runs, aborts tasks, prevents queued jobs and asks running ones to stop; then waits for what has begun,
   * and ends the threads. An asynchronous task that does not stop within 300 ms is left behind, its handle cancelled. With
   * `timeoutMs` running jobs are ended after it. A second call waits for the first, or hurries it.
   *
   * **Errors**  rejects with ERR_MILLRACE_WOULD_BLOCK_LOOP inside a task of this runtime, which it would wait for; with `timeoutMs: 0` it is allowed there
   * **Source**  tokio `Runtime::shutdown_timeout`, and dropping a runtime
   */
  async shutdown({ timeoutMs }: RuntimeShutdownOptions = {}): Promise<void> {
    const inside = scope()?.task
    if (timeoutMs !== 0 && inside !== undefined && this.#tasks.has(inside.id)) throw shutdownInside()
    const down = this.#close()
    if (timeoutMs === undefined) return down
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((resolve) => {
      if (timeoutMs <= 0) resolve('late')
      else timer = setTimeout(resolve, timeoutMs, 'late')
    })
    if ((await Promise.race([down, late])) === 'late') this.#abort(true)
    clearTimeout(timer)
  }

  /** As {@link Runtime.shutdown}, without waiting: running jobs go on to their end, and their threads end after them. Allowed everywhere. */
  shutdownBackground(): void {
    void this.#close()
  }

  /** {@link Runtime.shutdown}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown()
  }

  #close(): Promise<void> {
    return (this.#down ??= outside(() => this.#closing()))
  }

  async #closing(): Promise<void> {
    this.#closed = true
    const why = this.#gone('shutdown')
    for (const run of [...this.#runs]) run.cancel(why)
    this.#abort(false)
    const abandon = setTimeout(() => {
      for (const { info, handle } of [...this.#tasks.values()]) if (info.lane === 'async') handle?.abort({ reason: why, force: true })
    }, ABANDON_MS)
    if (this.#tasks.size + this.#runs.size > 0) await new Promise<void>((resolve) => this.#quiet.push(resolve))
    clearTimeout(abandon)
    this.#parts.clock?.close(why)
    const crew = this.#crew
    if (crew === undefined) return
    if (this.#parts.shared) {
      if (crew.busy) return // pipelines without a runtime still use it
      forgetCrew(crew)
    }
    await crew.close()
  }

  #gone(what: string): PipelineError {
    return runtimeShutDown(what, this.#cause)
  }

  #abort(force: boolean): void {
    const reason = this.#gone('shutdown')
    for (const { handle } of [...this.#tasks.values()]) handle?.abort({ reason, force })
  }

  #lookQuiet(): void {
    if (this.#tasks.size + this.#runs.size > 0) return
    const quiet = this.#quiet
    this.#quiet = []
    for (const tell of quiet) tell()
  }

  /** The handle of a task that a closed runtime does not begin. */
  #refused<T>(lane: TaskLane, name: string | undefined): JoinHandle<T> {
    const task = new TaskCell<T>({ name, lane, abort: () => undefined })
    task.cancel(this.#gone(lane === 'async' ? 'spawn' : 'spawnBlocking'))
    return new JoinHandle(task)
  }

  get #unhandled(): ((error: JoinError) => void) | undefined {
    if (this.#onUnhandled === 'report') return undefined
    return this.#onUnhandled === 'shutdown' ? this.#fall : this.#onUnhandled
  }

  readonly #fall = (error: JoinError): void => {
    this.#cause ??= error
    this.shutdownBackground()
  }

  #site(): string | undefined {
    return this.#sites ? captureSite().text() : undefined
  }
}

/** Aborts a task when a signal says so, until what is answered is called. */
export const followSignal = (task: Pick<TaskCell<unknown>, 'abort'>, signal: AbortSignal | undefined): (() => void) => {
  if (signal === undefined) return () => undefined
  const stop = {
    aborted: (reason: unknown) => {
      task.abort({ reason })
    },
    left: () => undefined
  }
  if (signal.aborted) task.abort({ reason: signal.reason })
  else listen(signal, stop)
  return () => {
    ignore(signal, stop)
  }
}

/** What came of a call, to who waited for it in place. */
export const valueOf = (ended: Ended, what: string): unknown => {
  if (ended.kind === 'value') return ended.value
  throw ended.kind === 'failed' ? ended.error : runtimeShutDown(what)
}

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
import { blockOnAsyncWorker, blockOnCurrentThread, blockOnTask, inAnotherThread, noRuntime } from '../error/wording-runtime.ts'
import { captureSite } from '../graph/site.ts'
import { withClock } from '../prelude/clock.ts'
import { outside, scope } from '../sync/scope.ts'
import { followSignal } from '../task/follow-signal.ts'
import type { JoinError } from '../task/join-error.ts'
import { JoinHandle } from '../task/join-handle.ts'
import type { TaskFunction } from '../task/local-task.ts'
import { startTask } from '../task/spawn-task.ts'
import { TaskCell, UNLABELLED, nextTaskId, type TaskLane, type TaskTies } from '../task/task-cell.ts'
import { VirtualClock } from '../task/time/virtual-clock.ts'
import { agent } from './agent.ts'
import { callOf, checkOptions, nameOf, partsOf, type AsyncContext, type AsyncJob, type CallOptions, type Job as BlockingJob, type Work } from './call.ts'
import { Closing, type RuntimeShutdownOptions } from './closing.ts'
import { createCrew, sharedCrew, type Crew } from './crew.ts'
import { currentPlace, within, type Place } from './current.ts'
import { kinds } from './kinds.ts'
import { kindsAreKnown } from './known.ts'
import { checkCurrentThread, crewOptions, defaultWorkers, type CurrentThreadOptions, type MultiThreadOptions, type RuntimeOptions } from './options.ts'
import type { Ended } from './parcel.ts'
import { NO_TASK, type Call } from './protocol.ts'
import { settle, unwrapJoin, valueOf } from './settle.ts'
import { dumpOf, metricsOf, type Flavor, type RuntimeDump, type RuntimeMetrics } from './snapshot.ts'
import { Tasks, type RunLike } from './tasks.ts'

/** Options of a task on the calling loop. */
export type SpawnOptions = CallOptions

/** Options of a task on an event loop of its own. */
export interface ShipOptions<A extends readonly unknown[]> extends CallOptions {
  readonly on: 'async-worker'
  /** Given to the function, before its context. */
  readonly args?: A | undefined
}

/** What can be run: a pipeline. */
export interface Runnable<R> {
  run(options?: { readonly signal?: AbortSignal | undefined; readonly workers?: number | undefined }): R
}

/** A call on another thread. */
interface Running {
  abort(force: boolean): void
  readonly state?: 'queued' | 'running' | 'over'
}

interface Parts {
  readonly flavor: Flavor
  readonly workers: number
  readonly options: RuntimeOptions
  readonly makeCrew: () => Crew
  readonly clock: VirtualClock | undefined
  readonly shared: boolean
}

let ids = 0
let shared: Runtime | undefined

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
  readonly #sites: boolean
  readonly #place: Place | undefined
  readonly #tasks: Tasks
  readonly #closing: Closing
  /** What its tasks on this loop have in common. */
  readonly #ties: TaskTies
  #crew: Crew | undefined

  private constructor(parts: Parts) {
    const { flavor, workers, options, clock, shared } = parts
    this.id = ++ids
    this.name = options.name
    this.flavor = flavor
    this.workers = workers
    this.#parts = parts
    this.#sites = options.trackSites ?? false
    this.#tasks = new Tasks(this.id)
    this.#closing = new Closing({ tasks: this.#tasks, clock, crew: () => this.#crew, shared })
    this.#ties = { watcher: this.#tasks, onUnhandled: this.#unhandled(options.onUnhandled) }
    const threads = (): Crew => this.#threads
    // The shared runtime is what code outside of any runtime has: it enters none, which costs nothing.
    this.#place = shared ? undefined : { runtime: this, workers, get crew() { return workers === 0 ? undefined : threads() } }
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
    if (shared === undefined || shared.isClosed) {
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
    return task !== undefined && shared !== undefined && shared.#tasks.has(task) ? shared : undefined
  }

  /** Whether it has been shut down, or is being shut down. */
  get isClosed(): boolean {
    return this.#closing.isClosed
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
    return within(this.#place, clock === undefined ? body : () => withClock(clock, body))
  }

  /**
   * Starts an asynchronous function as a task: on this thread's event loop, as a closure; or, with `on: 'async-worker'`, on an
   * event loop of its own, where it must be able to travel, with its `args`.
   *
   * **Cost**    about a microsecond and a half on this loop, half a kilobyte while it waits for its turn; on another, a message there and one back
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
    checkOptions('spawn', options)
    if (!('on' in options) || (options.on as unknown) === undefined) return this.#spawnHere(fn as TaskFunction<T>, options)
    const { args = [], name, signal } = options
    return this.#ship('spawn', { fn: fn, name, signal, env: undefined }, args)
  }

  #spawnHere<T>(fn: TaskFunction<T>, { name, signal }: SpawnOptions, id?: number): JoinHandle<T> {
    if (typeof fn !== 'function') partsOf('spawn', fn)
    if (this.isClosed) return this.#refused('async', name)
    const site = this.#site()
    const label = id === undefined && name === undefined && site === undefined ? UNLABELLED : { id, name, site }
    // a function less for each task where there is nothing to enter
    return this.#place === undefined && currentPlace() === undefined ? startTask(fn, this.#ties, label, signal) : this.enter(() => startTask(fn, this.#ties, label, signal))
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
    if (this.isClosed) return this.#refused(lane, name)
    const { clock } = this.#parts
    let running: Running | undefined
    const task = new TaskCell<T>({
      ...this.#ties, lane,
      queued: () => running?.state === 'queued',
      abort: ({ force }) => {
        running?.abort(force)
        if (force && lane === 'async') task.cancel()
      }
    }, { id, name, site: this.#site() })
    const over = (ended: Ended): void => {
      settle(task, ended)
      clock?.letGo()
    }
    clock?.hold()
    try {
      running = lane === 'blocking' ? this.#threads.jobs.submit({ ...call, over }) : this.#threads.lane.run(call, over)
    } catch (error) {
      over({ kind: 'failed', error }) // no thread could be started
    }
    followSignal(task, signal)
    return new JoinHandle(task)
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
    if (this.isClosed) throw this.#closing.gone('blockOn')
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
    if (this.isClosed) throw this.#closing.gone('Runtime.run')
    // Not of the task that calls: a run ends by its own rules.
    const run = outside(() => this.enter(() => pipeline.run({ ...options, workers: this.workers })))
    this.#tasks.running(run)
    return run
  }

  /** What is counted. Cheap; rows of threads are a moment's truth, exact when the pool is quiet. */
  metrics(): RuntimeMetrics {
    return metricsOf(this.workers, this.#tasks, this.#crew)
  }

  /** The tasks that have not ended, and what the threads do, as plain data. */
  dump(): RuntimeDump {
    return dumpOf(this, this.#tasks, this.#crew)
  }

  /**
   * Ends the runtime: cancels runs, aborts tasks, prevents queued jobs and asks running ones to stop; then waits for what has begun,
   * and ends the threads. An asynchronous task that does not stop within 300 ms is left behind, its handle cancelled. With
   * `timeoutMs` running jobs are ended after it. A second call waits for the first, or hurries it.
   *
   * **Errors**  rejects with ERR_MILLRACE_WOULD_BLOCK_LOOP inside a task of this runtime, which it would wait for; with `timeoutMs: 0` it is allowed there
   * **Source**  tokio `Runtime::shutdown_timeout`, and dropping a runtime
   */
  shutdown(options: RuntimeShutdownOptions = {}): Promise<void> {
    return this.#closing.shutdown(options)
  }

  /** As {@link Runtime.shutdown}, without waiting: running jobs go on to their end, and their threads end after them. Allowed everywhere. */
  shutdownBackground(): void {
    void this.#closing.close()
  }

  /** {@link Runtime.shutdown}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown()
  }

  /** The handle of a task that a closed runtime does not begin. */
  #refused<T>(lane: TaskLane, name: string | undefined): JoinHandle<T> {
    const task = new TaskCell<T>({ lane }, { name })
    task.cancel(this.#closing.gone(lane === 'async' ? 'spawn' : 'spawnBlocking'))
    return new JoinHandle(task)
  }

  #unhandled(what: RuntimeOptions['onUnhandled'] = 'report'): ((error: JoinError) => void) | undefined {
    if (what === 'report') return undefined
    return what === 'shutdown' ? (error) => void this.#closing.close(error) : what
  }

  #site(): string | undefined {
    return this.#sites ? captureSite().text() : undefined
  }
}

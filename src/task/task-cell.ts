/**
 * A task as those see it who wait for it: its name, whether it has ended, and what came of it.
 *
 *     running ──succeed──▶ done         ┐
 *        ├─────fail──────▶ failed       ├─ settled, once and for good: who waits is told, in the order of the calls
 *        └────cancel─────▶ cancelled    ┘
 *
 * It knows nothing of where the task runs: who runs it settles it, and is asked to stop by `abort`.
 * A program has as many of these as tasks, so it is small: what the tasks of one runtime have in common is one object, their
 * ties; what few tasks need is made when it is needed; and who counts tasks chains them by `ahead` and `behind`, without a table.
 * Made by runtime/ for jobs on other threads, and by local-task.ts, which extends it; looked at by handles and sets.
 */
import { here } from '../atomic/threads.ts'
import { done, ready } from '../sync/budget.ts'
import type { TaskName } from '../sync/scope.ts'
import { Waiters, abandoned, type WaitOptions } from '../sync/waiters.ts'
import { abortError } from './abort-error.ts'
import { JoinError } from './join-error.ts'
import { tell, tellLater, type Unheard } from './unheard.ts'

/** Ids of one thread's tasks: the first thread has the small numbers, each other one a range of its own. */
const RANGE = 2 ** 32
let ids = 0

export const nextTaskId = (): number => (here().id - 1) * RANGE + ++ids

/** How a task should stop. */
export interface AbortOptions {
  /** What the waits of the task reject with, and the `cause` of the handle's error. Default: an AbortError. */
  readonly reason?: unknown
  /**
   * Does not wait for a task that does not stop: the handle is cancelled at once. A blocking task's thread is ended and replaced;
   * an async function cannot be ended from outside: it is left behind, and what comes of it is not looked at. Default: false.
   */
  readonly force?: boolean | undefined
}

/** What an abort has come to be, for who runs the task. */
export interface AbortRequest {
  readonly reason: unknown
  readonly force: boolean
}

/** Which kind of thread a task runs on. */
export type TaskLane = 'async' | 'blocking'

/** A task, for who counts tasks and shows them. */
export interface TaskInfo extends TaskName {
  readonly lane: TaskLane
  /** Where it was spawned, if that was asked for. */
  readonly site: string | undefined
}

/** What may come of a task. */
export type TaskState = 'running' | 'done' | 'failed' | 'cancelled'

/** Counts tasks: a runtime. */
export interface TaskWatcher {
  began(task: TaskCell<unknown>): void
  ended(task: TaskCell<unknown>, state: TaskState): void
}

/** Whom a task is tied to; tasks may share it. */
export interface TaskTies {
  /** Default: 'async'. */
  readonly lane?: TaskLane | undefined
  /** The task should stop; called at most once, and once more for `force`. Settling it is up to who runs it. */
  readonly abort?: ((request: AbortRequest) => void) | undefined
  /** Blocks this thread until the task has settled (it calls succeed, fail or cancel). Without it the task cannot be joined so. */
  readonly block?: (() => void) | undefined
  /** Nobody has begun to run it. */
  readonly queued?: (() => boolean) | undefined
  readonly watcher?: TaskWatcher | undefined
  /** Is told of a failure that nobody waits for; default: a process warning. */
  readonly onUnhandled?: ((error: JoinError) => void) | undefined
}

/** What one task is called. */
export interface TaskLabel {
  /** Default: a new one. */
  readonly id?: number | undefined
  readonly name?: string | undefined
  readonly site?: string | undefined
}

/** Of tasks that are called nothing: one object for all of them. */
export const UNLABELLED: TaskLabel = {}

/** What came of a task, as `Promise.allSettled` says it; and whose it is. */
export type Joined<T> =
  | { readonly status: 'fulfilled'; readonly id: number; readonly value: T }
  | { readonly status: 'rejected'; readonly id: number; readonly reason: JoinError }

export class TaskCell<T> implements TaskInfo {
  readonly id: number
  /** Its neighbours in the list of its watcher, which sets them. */
  ahead: TaskCell<unknown> | undefined
  behind: TaskCell<unknown> | undefined
  /** When its watcher was told of it: whole milliseconds of the machine's clock, since a number with a fraction is an object of its own. */
  since: number
  readonly #ties: TaskTies
  readonly #label: TaskLabel
  #state: TaskState
  /** A `T`, or a JoinError; said so loosely, as the next, so that every task is a TaskCell<unknown>. */
  #result: unknown
  #request: AbortRequest | undefined
  /** Somebody waits for it, has, or will: a failure is theirs. */
  #heard: boolean
  #detached: boolean
  #failure: Unheard | undefined
  /** Who waits for its end; the claim: whether for what came of it, too. */
  #waiters: Waiters<unknown, boolean> | undefined
  #ended: (() => void)[] | undefined

  constructor(ties: TaskTies, label: TaskLabel = UNLABELLED) {
    this.id = label.id ?? nextTaskId()
    this.ahead = undefined
    this.behind = undefined
    this.since = 0
    this.#ties = ties
    this.#label = label
    this.#state = 'running'
    this.#result = undefined
    this.#request = undefined
    this.#heard = false
    this.#detached = false
    this.#failure = undefined
    this.#waiters = undefined
    this.#ended = undefined
    ties.watcher?.began(this)
  }

  get name(): string | undefined {
    return this.#label.name
  }

  get site(): string | undefined {
    return this.#label.site
  }

  get lane(): TaskLane {
    return this.#ties.lane ?? 'async'
  }

  /** Who counts it. */
  get watcher(): TaskWatcher | undefined {
    return this.#ties.watcher
  }

  /** Whether it waits for somebody to run it. */
  get isQueued(): boolean {
    return this.#state === 'running' && this.#ties.queued?.() === true
  }

  get state(): TaskState {
    return this.#state
  }

  /** The abort that was asked for, if one was. */
  get request(): AbortRequest | undefined {
    return this.#request
  }

  succeed(value: T): void {
    this.#settle('done', value)
  }

  fail(cause: unknown): void {
    if (this.#state === 'running') this.#settle('failed', new JoinError(this, 'failed', cause))
  }

  /** Default reason: that of the abort. */
  cancel(reason: unknown = this.#request?.reason): void {
    if (this.#state === 'running') this.#settle('cancelled', new JoinError(this, 'cancelled', reason))
  }

  /** Comes to what another has come to, that stands for it elsewhere. */
  settleAs(other: TaskCell<T>): void {
    if (other.#state === 'done') this.#settle('done', other.#result as T)
    else if (this.#state === 'running') this.#settle(other.#state, new JoinError(this, other.#state === 'failed' ? 'failed' : 'cancelled', (other.#result as JoinError).cause))
  }

  #settle(state: TaskState, result: T | JoinError): void {
    if (this.#state !== 'running') return
    this.#state = state
    this.#result = result
    this.#ties.watcher?.ended(this, state)
    const waiters = this.#waiters
    this.#waiters = undefined
    waiters?.endAll((waiter) => {
      if (!waiter.claim) waiter.settle(undefined)
      else if (state === 'done') waiter.settle(result)
      else waiter.refuse(result)
    })
    const ended = this.#ended
    this.#ended = undefined
    if (ended !== undefined) for (const tell of ended) tell()
    if (state === 'failed' && !this.#heard) this.#unheard()
  }

  #unheard(): void {
    if (this.#failure !== undefined) return
    // an object of its own: the failure waits to be heard, the value of the task does not stay for that
    this.#failure = { heard: false, site: this.site, error: this.#result as JoinError, onUnhandled: this.#ties.onUnhandled }
    if (this.#detached) tell(this.#failure)
    else tellLater(this.#failure)
  }

  /** A failure is somebody's from here on. */
  hear(): void {
    this.#heard = true
    if (this.#failure !== undefined) this.#failure.heard = true
  }

  /** Who had it does not wait for it any more: a failure is told at once, unless somebody else waits. */
  detach(): void {
    this.#detached = true
    if (this.#failure !== undefined) tell(this.#failure)
  }

  /** As {@link TaskCell.detach}, by who had it alone: a set. */
  disown(): void {
    this.#heard = false
    this.detach()
    if (this.#state === 'failed') this.#unheard()
  }

  abort({ reason, force = false }: AbortOptions = {}): void {
    if (this.#state !== 'running') return
    if (this.#request !== undefined && (this.#request.force || !force)) return
    this.#request = { reason: this.#request?.reason ?? reason ?? abortError(`task ${this.id}${this.name === undefined ? '' : ` '${this.name}'`} was aborted`), force }
    this.stop(this.#request)
  }

  /** Asks who runs it to stop it. */
  protected stop(request: AbortRequest): void {
    this.#ties.abort?.(request)
  }

  join({ signal }: WaitOptions = {}): Promise<T> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    this.hear()
    if (this.#state === 'running') return this.#wait(true, signal) as Promise<T>
    if (this.#state === 'done') return ready(this.#result as T)
    // counted as an answer, like the value
    return ready(undefined).then(() => {
      throw this.#result
    })
  }

  /** As `join().then(…)`, which an `await` of the handle calls: with a promise less when the value is there. */
  then<A, B>(fulfilled: ((value: T) => A | PromiseLike<A>) | null | undefined, rejected: ((reason: unknown) => B | PromiseLike<B>) | null | undefined): Promise<A | B> {
    if (this.#state !== 'done' || typeof fulfilled !== 'function') return this.join().then(fulfilled, rejected)
    const gone = abandoned(undefined)
    if (gone !== undefined) return gone.then(fulfilled, rejected)
    return done().then(() => fulfilled(this.#result as T))
  }

  /** Resolves when it has settled, whatever came of it; who calls hears failures. */
  settled({ signal }: WaitOptions = {}): Promise<void> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    this.hear()
    if (this.#state !== 'running') return done()
    return this.#wait(false, signal) as Promise<void>
  }

  #wait(wantsResult: boolean, signal: AbortSignal | undefined): Promise<unknown> {
    return (this.#waiters ??= new Waiters<unknown, boolean>()).wait(wantsResult, signal)
  }

  /** Calls back when it has settled, in this call if it has already. */
  whenEnded(tell: () => void): void {
    if (this.#state === 'running') (this.#ended ??= []).push(tell)
    else tell()
  }

  /** What came of it; it must have settled. */
  joined(): Joined<T> {
    if (this.#state === 'done') return { status: 'fulfilled', id: this.id, value: this.#result as T }
    return { status: 'rejected', id: this.id, reason: this.#result as JoinError }
  }

  /** The value or the throw of it; it must have settled. */
  result(): T {
    if (this.#state !== 'done') throw this.#result
    return this.#result as T
  }

  /** Blocks this thread until it has settled; false when it cannot be waited for so. */
  block(): boolean {
    if (this.#ties.block === undefined) return false
    this.#ties.block()
    return this.#state !== 'running'
  }
}

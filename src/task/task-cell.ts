/**
 * A task as those see it who wait for it: its name, whether it has ended, and what came of it.
 *
 *     running ──succeed──▶ done         ┐
 *        ├─────fail──────▶ failed       ├─ settled, once and for good: who waits is told, in the order of the calls
 *        └────cancel─────▶ cancelled    ┘
 *
 * It knows nothing of where the task runs: who runs it settles it, and is asked to stop by `abort`.
 * Made by spawn-task.ts, and by runtime/ for jobs on other threads; looked at by handles and sets.
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
  began(task: TaskInfo): void
  ended(task: TaskInfo, state: TaskState): void
}

export interface TaskInit {
  /** Default: a new one. */
  readonly id?: number | undefined
  readonly name?: string | undefined
  readonly site?: string | undefined
  /** Default: 'async'. */
  readonly lane?: TaskLane | undefined
  /** The task should stop; called at most once, and once more for `force`. Settling it is up to who runs it. */
  readonly abort: (request: AbortRequest) => void
  /** Blocks this thread until the task has settled (it calls succeed, fail or cancel). Without it the task cannot be joined so. */
  readonly block?: (() => void) | undefined
  readonly watcher?: TaskWatcher | undefined
  /** Is told of a failure that nobody waits for; default: a process warning. */
  readonly onUnhandled?: ((error: JoinError) => void) | undefined
}

/** What came of a task, as `Promise.allSettled` says it; and whose it is. */
export type Joined<T> =
  | { readonly status: 'fulfilled'; readonly id: number; readonly value: T }
  | { readonly status: 'rejected'; readonly id: number; readonly reason: JoinError }

export class TaskCell<T> implements TaskInfo {
  readonly id: number
  readonly name: string | undefined
  readonly site: string | undefined
  readonly lane: TaskLane
  #state: TaskState = 'running'
  #result: T | JoinError | undefined
  #request: AbortRequest | undefined
  /** Somebody waits for it, has, or will: a failure is theirs. */
  #heard = false
  #detached = false
  #failure: Unheard | undefined
  readonly #init: TaskInit
  #waiters: Waiters<T> | undefined
  #settling: Waiters<void> | undefined
  #ended: (() => void)[] | undefined

  constructor(init: TaskInit) {
    this.id = init.id ?? nextTaskId()
    this.name = init.name
    this.site = init.site
    this.lane = init.lane ?? 'async'
    this.#init = init
    this.#waiters = undefined
    this.#settling = undefined
    this.#ended = undefined
    init.watcher?.began(this)
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
    this.#init.watcher?.ended(this, state)
    const waiters = this.#waiters
    if (waiters !== undefined) {
      if (state === 'done') waiters.settleAll(result as T)
      else waiters.refuseAll(() => result)
    }
    this.#settling?.settleAll()
    const ended = this.#ended
    this.#ended = undefined
    if (ended !== undefined) for (const tell of ended) tell()
    if (state === 'failed' && !this.#heard) this.#unheard()
  }

  #unheard(): void {
    if (this.#failure !== undefined) return
    // an object of its own: the failure waits to be heard, the value of the task does not stay for that
    this.#failure = { heard: false, site: this.site, error: this.#result as JoinError, onUnhandled: this.#init.onUnhandled }
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
    this.#init.abort(this.#request)
  }

  join({ signal }: WaitOptions = {}): Promise<T> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    this.hear()
    if (this.#state === 'running') return (this.#waiters ??= new Waiters()).wait(undefined, signal)
    if (this.#state === 'done') return ready(this.#result as T)
    // counted as an answer, like the value
    return ready(undefined).then(() => {
      throw this.#result
    })
  }

  /** Resolves when it has settled, whatever came of it; who calls hears failures. */
  settled({ signal }: WaitOptions = {}): Promise<void> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    this.hear()
    if (this.#state !== 'running') return done()
    return (this.#settling ??= new Waiters()).wait(undefined, signal)
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
    if (this.#init.block === undefined) return false
    this.#init.block()
    return this.#state !== 'running'
  }
}

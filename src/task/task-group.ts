/**
 * What JoinSet, JoinMap and JoinQueue have in common: joining, and stopping together.
 * Called by those three.
 */
import { knownOptions, type OptionNames } from '../error/known-options.ts'
import { wholeNumber } from '../sync/check.ts'
import { Empty } from '../sync/outcome.ts'
import { Semaphore, type SemaphorePermit } from '../sync/semaphore.ts'
import { outside } from '../sync/scope.ts'
import type { WaitOptions } from '../sync/waiters.ts'
import { Gathering, type Member } from './gathering.ts'
import { cellOf, JoinHandle } from './join-handle.ts'
import { shield } from './shield.ts'
import type { TaskFunction } from './local-task.ts'
import { defaultSpawner, spawnBlockingBy, type Spawner } from './spawner.ts'
import { TaskCell, type Joined, type TaskInfo } from './task-cell.ts'
import { noHandle, noTaskSpawner } from './wording.ts'

/** How long `shutdown` waits for tasks that do not stop, in milliseconds. */
export const GRACE_MS = 5_000

export interface TaskGroupOptions {
  /** How many of the tasks run at the same time; the others begin in the order in which they were spawned. Default: all. */
  readonly limit?: number | undefined
  /** Who runs the tasks: a Runtime. Default: the default runtime. */
  readonly spawner?: Spawner | undefined
}

export interface ShutdownOptions {
  /**
   * How long tasks that were aborted may take for their clean-up, in milliseconds; then they are left behind (see `force` of
   * abort), and a process warning names them. Default: 5000.
   */
  readonly graceMs?: number | undefined
}

export interface GroupSpawnOptions {
  readonly name?: string | undefined
}

/** One warning that names the tasks that did not stop. */
const leftBehind = (group: string, graceMs: number, tasks: readonly TaskInfo[]): void => {
  const names = tasks.map(({ id, name }) => name ?? `task ${id}`)
  const shown = names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
  process.emitWarning(
    `${group}.shutdown: ${shown} did not stop within ${graceMs} ms, and ${names.length === 1 ? 'is' : 'are'} left behind. Let them look at their signal, or give them more time by graceMs`,
    { type: 'MillraceWarning', code: 'ERR_MILLRACE_TASK_LEFT_BEHIND' }
  )
}

/** A blocking task that begins when there is a slot for it. */
const queued = <T>(slots: Semaphore, spawn: () => JoinHandle<T>): TaskCell<T> => {
  const leave = new AbortController()
  let job: JoinHandle<T> | undefined
  const task = new TaskCell<T>({
    lane: 'blocking',
    abort: (request) => {
      if (job !== undefined) {
        job.abort(request)
        return
      }
      leave.abort()
      task.cancel()
    }
  })
  const begin = (permit: SemaphorePermit): void => {
    try {
      job = spawn()
    } catch (error) {
      permit.release()
      task.fail(error)
      return
    }
    const inner = cellOf(job)
    inner.hear()
    inner.whenEnded(() => {
      permit.release()
      task.settleAs(inner)
    })
  }
  // in no task: it is not aborted with the one that spawns it
  void outside(() => slots.acquire(1, { signal: leave.signal })).then(begin, () => undefined)
  return task
}

const NAMES: OptionNames<TaskGroupOptions> = { limit: 1, spawner: 1 }

/** Tasks that are joined together; `J` is how one is handed out. */
export abstract class TaskGroup<K, T, J extends Joined<T>> implements AsyncIterable<J>, Disposable, AsyncDisposable {
  readonly #tasks: Gathering<K, T>
  readonly #spawner: Spawner | undefined
  readonly #slots: Semaphore | undefined

  constructor(order: 'ended' | 'added', options: TaskGroupOptions) {
    knownOptions(new.target.name, options, NAMES) // a limit that is misspelt would be none
    const { limit, spawner } = options
    if (spawner !== undefined && typeof (spawner as Partial<Spawner> | null)?.spawn !== 'function') throw noTaskSpawner(new.target.name)
    this.#tasks = new Gathering(order)
    this.#spawner = spawner
    this.#slots = limit === undefined ? undefined : new Semaphore(wholeNumber(new.target.name, 'limit', limit, 1))
  }

  /** How a task that has ended is handed out. */
  protected abstract handOut(member: Member<K, T>): J

  /** A task begins to belong to the group. */
  protected adopt(handle: JoinHandle<T>, key: K): Member<K, T> {
    if (!(handle instanceof JoinHandle)) throw noHandle(`${this.constructor.name}.add`, handle)
    return this.#tasks.add(cellOf(handle), key)
  }

  protected drop(member: Member<K, T>): void {
    this.#tasks.remove(member)
  }

  protected start(fn: TaskFunction<T>, key: K, options?: GroupSpawnOptions): Member<K, T> {
    const spawner = this.#spawner ?? defaultSpawner()
    const slots = this.#slots
    if (slots === undefined) return this.adopt(spawner.spawn(fn, options), key)
    const limited: TaskFunction<T> = async (context) => {
      const permit = await slots.acquire()
      try {
        return await fn(context)
      } finally {
        permit.release()
      }
    }
    return this.adopt(spawner.spawn(limited, options), key)
  }

  protected startBlocking<A extends readonly unknown[]>(fn: (...args: A) => T, args: A, key: K): Member<K, T> {
    const call = `${this.constructor.name}.spawnBlocking`
    const spawn = (): JoinHandle<T> => spawnBlockingBy(call, this.#spawner ?? defaultSpawner(), fn, args)
    return this.#slots === undefined ? this.adopt(spawn(), key) : this.#tasks.add(queued(this.#slots, spawn), key)
  }

  /** Tasks that have not been joined, whether they have ended or not. */
  get len(): number {
    return this.#tasks.size
  }

  get isEmpty(): boolean {
    return this.#tasks.size === 0
  }

  /**
   * The next task that has ended, waiting for one; `Empty` when the group has no tasks. A failure is handed out like a value.
   *
   * **Cancel**  by `signal`: none is taken
   */
  async joinNext({ signal }: WaitOptions = {}): Promise<J | Empty> {
    const member = await this.#tasks.next(signal)
    return member === Empty ? Empty : this.handOut(member)
  }

  /** As `joinNext`, for what has ended already; `Empty` when nothing has. */
  tryJoinNext(): J | Empty {
    const member = this.#tasks.tryNext()
    return member === Empty ? Empty : this.handOut(member)
  }

  /**
   * All values, when every task has one.
   *
   * **Cancel**  by `signal`: none is taken
   * **Errors**  rejects with the first JoinError, at once; the other tasks are aborted and leave the group
   */
  async joinAll({ signal }: WaitOptions = {}): Promise<T[]> {
    const tasks = this.#tasks
    while (!tasks.isDecided) await tasks.change(signal)
    const { failure } = tasks
    if (failure !== undefined) {
      this.handOut(failure)
      tasks.take(failure)
      this[Symbol.dispose]()
      return failure.task.result() as never // throws
    }
    const values: T[] = []
    for (let member = tasks.tryNext(); member !== Empty; member = tasks.tryNext()) {
      this.handOut(member)
      values.push(member.task.result())
    }
    return values
  }

  /** Aborts every task; they stay in the group, to be joined. */
  abortAll(): void {
    this.#tasks.abortAll()
  }

  /** Lets every task go: they run on, and failures that nobody waits for are told. */
  detachAll(): void {
    this.#tasks.removeAll()
  }

  /** Aborts every task and waits until all have ended, whatever comes of them. Also in a task that is aborted itself. */
  async shutdown({ graceMs = GRACE_MS }: ShutdownOptions = {}): Promise<void> {
    const tasks = this.#tasks
    await shield(async () => {
      tasks.abortAll()
      if (!(await tasks.allEnded(graceMs))) {
        const running = tasks.all().flatMap(({ task }) => (task.state === 'running' ? [task] : []))
        leftBehind(this.constructor.name, graceMs, running)
        tasks.abortAll({ force: true })
        await tasks.allEnded(Infinity)
      }
      for (let member = tasks.tryNext(); member !== Empty; member = tasks.tryNext()) this.handOut(member)
    })
  }

  /** Joins one after the other until the group has no tasks; leaving the loop leaves the others as they are. */
  async *[Symbol.asyncIterator](): AsyncGenerator<J, undefined, undefined> {
    for (let next = await this.joinNext(); next !== Empty; next = await this.joinNext()) yield next
  }

  /** Aborts every task, and waits for none. */
  [Symbol.dispose](): void {
    this.abortAll()
    this.detachAll()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown()
  }
}

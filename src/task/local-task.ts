/**
 * A task whose function runs on this thread's event loop.
 *
 *     spawn ─▶ waits for its turn ── begin: fn({ signal, id }) in its scope
 *                     │                 ├─ returns ──▶ done           (aborted before: cancelled)
 *                     │                 └─ throws  ──▶ failed         (aborted before, and that is what it threw: cancelled)
 *                     └── abort ──▶ cancelled
 *
 * It is the scope of its own code (sync/scope.ts), whose parts it makes when they are asked for: most tasks end without anybody
 * having listened to their end, and many without having taken from their budget. Called by spawn-task.ts.
 */
import { Ends } from '../sync/abort.ts'
import { Budget } from '../sync/budget.ts'
import { letGo, scope, type Scope } from '../sync/scope.ts'
import { isAbort } from './abort-error.ts'
import { isThenable } from './held.ts'
import { TaskCell, type AbortRequest, type TaskLabel, type TaskTies } from './task-cell.ts'

/** What the function of a task is given. */
export interface TaskContext {
  readonly id: number
  /** Aborts when the task is aborted; for code that is not millrace's, whose waits see it by themselves. */
  readonly signal: AbortSignal
}

/** The function of a task. */
export type TaskFunction<T> = (context: TaskContext) => T | PromiseLike<T>

/** The task's context; its signal is made when somebody asks for it. */
class Context implements TaskContext {
  readonly #task: LocalTask<unknown>

  constructor(task: LocalTask<unknown>) {
    this.#task = task
  }

  get id(): number {
    return this.#task.id
  }

  get signal(): AbortSignal {
    return this.#task.ends.signal
  }
}

export class LocalTask<T> extends TaskCell<T> implements Scope {
  /** Until it begins. */
  #fn: TaskFunction<unknown> | undefined
  #ends: Ends | undefined
  #budget: Budget | undefined

  constructor(fn: TaskFunction<T>, ties: TaskTies, label: TaskLabel) {
    super(ties, label)
    this.#fn = fn
    this.#ends = undefined
    this.#budget = undefined
  }

  get task(): this {
    return this
  }

  get ends(): Ends {
    return (this.#ends ??= this.#makeEnds())
  }

  get budget(): Budget {
    return (this.#budget ??= new Budget())
  }

  get locals(): undefined {
    return undefined
  }

  #makeEnds(): Ends {
    const ends = new Ends()
    if (this.request !== undefined) ends.end(this.request.reason)
    return ends
  }

  protected override stop({ reason, force }: AbortRequest): void {
    if (force || this.#fn !== undefined) this.cancel()
    this.#ends?.end(reason)
  }

  /** Its turn has come; in its scope, which is held. */
  begin(): void {
    const fn = this.#fn as TaskFunction<T>
    this.#fn = undefined
    if (this.state !== 'running') {
      letGo()
      return
    }
    let result: T
    try {
      const answer = fn(new Context(this))
      if (isThenable(answer)) { // asking for a `then` is the user's code too, and may throw
        Promise.resolve(answer).then(LocalTask.#hasReturned, LocalTask.#hasThrown)
        return
      }
      result = answer
    } catch (error) {
      this.#threw(error)
      return
    }
    this.#returned(result)
  }

  // Called in the scope of the task, as all of its code: by that they find it, and are not made anew for each.
  static readonly #hasReturned = (value: unknown): void => {
    ;(scope() as LocalTask<unknown>).#returned(value)
  }

  static readonly #hasThrown = (error: unknown): void => {
    ;(scope() as LocalTask<unknown>).#threw(error)
  }

  #returned(value: T): void {
    letGo()
    if (this.request === undefined) this.succeed(value)
    else this.cancel()
  }

  #threw(error: unknown): void {
    letGo()
    if (this.request !== undefined && isAbort(error, this.request.reason)) this.cancel()
    else this.fail(error)
  }
}

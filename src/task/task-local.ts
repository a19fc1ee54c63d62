/**
 * Values that belong to a task: seen by its code at any depth, without being handed on.
 *
 *     scope(value, fn) ──▶ fn ──await──▶ … ──▶ get() ──▶ value          outside of it, and in tasks that it spawns: none
 *
 * Source: tokio `task_local!`. Called by users, through `millrace/runtime`.
 */
import { hold, inScope, scope, scopeWith, type Locals } from '../sync/scope.ts'
import { localNotSet } from './wording.ts'

let kept = false

/** One task-local. */
export class TaskLocal<T> {
  readonly #name: string | undefined

  /** Made by {@link taskLocal}. */
  constructor(name: string | undefined) {
    this.#name = name
  }

  #find(): Locals | undefined {
    let locals = scope()?.locals
    while (locals !== undefined && locals.key !== this) locals = locals.outer
    return locals
  }

  /** Runs `fn` with a value, in all that it calls and awaits; scopes may be nested. Tasks that it spawns have none. */
  scope<A>(value: T, fn: () => A): A {
    if (!kept) hold() // for good: what `fn` starts may read it whenever it runs
    kept = true
    return inScope(scopeWith({ locals: { key: this, value, outer: scope()?.locals } }), fn)
  }

  /** The value. Throws ERR_MILLRACE_NO_TASK outside of `scope`. */
  get(): T {
    const found = this.#find()
    if (found === undefined) throw localNotSet(this.#name)
    return found.value as T
  }

  /** The value; `undefined` outside of `scope`. */
  tryGet(): T | undefined {
    return this.#find()?.value as T | undefined
  }
}

/**
 * A value of which each task has its own, or none.
 *
 * **Cost**    reading: a walk over the task-locals that are set around it
 * **Source**  tokio `task_local!`
 * @example
 * const requestId = taskLocal<string>('requestId')
 * const log = (text: string) => `${requestId.get()}: ${text}`
 * await requestId.scope('r1', async () => {
 *   await yieldNow()
 *   return log('read')
 * }) // => 'r1: read'
 * requestId.tryGet() // => undefined
 */
export const taskLocal = <T>(name?: string): TaskLocal<T> => new TaskLocal<T>(name)

/**
 * What the code that runs now belongs to: its task, what may end its waits, how long it may go on, its task-locals.
 *
 *     spawn ─▶ scope of the task ─▶ taskLocal.scope, unconstrained, shield, a branch of select: the same with one part changed
 *                     │ AsyncLocalStorage: kept over every await
 *                     ▼
 *     waits (abort.ts) · budget (budget.ts) · Task.id, taskLocal (task/)
 *
 * One storage for all of it, since one that is in use costs something at every promise of the thread (on Node 20, a hundred nanoseconds):
 * so it is in use only while there are scopes, and {@link scope} is a look at a boolean otherwise. Code that a task has left
 * behind when it ended is in no task, some time after the last task has ended.
 * A scope is immutable. Called by sync/, channel/ and task/.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Ends } from './abort.ts'
import type { Budget } from './budget.ts'
import { perThread } from '../prelude/per-thread.ts'

/** What tells one task from another. */
export interface TaskName {
  /** Unique among the tasks of the program, on all of its threads. */
  readonly id: number
  readonly name?: string | undefined
}

/** One task-local value, and those that were set outside of it. */
export interface Locals {
  readonly key: object
  readonly value: unknown
  readonly outer: Locals | undefined
}

export interface Scope {
  readonly task: TaskName | undefined
  /** What ends the waits of this code beside the signals that it gives them. */
  readonly ends: Ends | undefined
  /** Its own budget; the thread's where there is none. */
  readonly budget: Budget | undefined
  readonly locals: Locals | undefined
}

/** Code that is in no task. */
export const NOWHERE: Scope = { task: undefined, ends: undefined, budget: undefined, locals: undefined }

interface Mine {
  readonly storage: AsyncLocalStorage<Scope | undefined>
  used: boolean
  /** Scopes that code runs in, or will; of all copies of this code, since they share the storage. */
  held: number
  /** How many there were since the timer was set. */
  lately: number
  timer: NodeJS.Timeout | undefined
}

const mine = perThread('scope.2', (): Mine => ({ storage: new AsyncLocalStorage(), used: false, held: 0, lately: 0, timer: undefined }))
const { storage } = mine

/** How long the storage stays in use without a scope, in milliseconds: turning it on and off takes microseconds. */
const IDLE_MS = 100

const rest = (): void => {
  mine.timer = undefined
  if (mine.held > 0) return
  if (mine.lately > 0) watch()
  else if (mine.used) {
    mine.used = false
    storage.disable()
  }
}

const watch = (): void => {
  mine.lately = 0
  mine.timer = setTimeout(rest, IDLE_MS).unref()
}

/** Code will run in a scope, until {@link letGo}. Without it, the scope is there for the synchronous part of {@link inScope} only. */
export const hold = (): void => {
  mine.held++
  mine.lately++
}

/** That code has ended. */
export const letGo = (): void => {
  if (--mine.held === 0 && mine.timer === undefined) watch()
}

/** The scope of the code that asks; `undefined` outside of tasks. */
export const scope = (): Scope | undefined => (mine.used ? storage.getStore() : undefined)

/** The scope of the code that asks with a part of it changed, for {@link inScope}. */
export const scopeWith = (changed: Partial<Scope>): Scope => {
  const { task, ends, budget, locals } = scope() ?? NOWHERE // one by one: a task is its own scope, and makes them when asked
  return { task, ends, budget, locals, ...changed }
}

/** Runs `body`, and whatever it starts, in a scope; somebody {@link hold}s it. */
export const inScope = <A>(inside: Scope, body: () => A): A => {
  mine.used = true
  return storage.run(inside, body)
}

/**
 * Runs `body`, and whatever it starts, in no task: for what a task happens to start first, but others use too (a pool, a
 * connection, a run), and what must not stop in the middle when the task is aborted.
 */
export const outside = <A>(body: () => A): A => (mine.used && storage.getStore() !== undefined ? storage.run(undefined, body) : body())

/**
 * Running an asynchronous function as a task of this thread's event loop.
 *
 *     spawn ─▶ handle            a microtask later: fn({ signal, id }) in a scope of its own
 *                                   ├─ returns ──▶ done           (aborted before: cancelled)
 *                                   └─ throws  ──▶ failed         (aborted before, and that is what it threw: cancelled)
 *
 * Called by runtime/, which adds where a task runs and who counts it, and by sets and trackers.
 */
import { Budget } from '../sync/budget.ts'
import { Ends, ignore, listen } from '../sync/abort.ts'
import { hold, inScope, letGo, type Scope } from '../sync/scope.ts'
import { isThenable } from './held.ts'
import { JoinHandle } from './join-handle.ts'
import { TaskCell, type TaskInit } from './task-cell.ts'

/** What the function of a task is given. */
export interface TaskContext {
  readonly id: number
  /** Aborts when the task is aborted; for code that is not millrace's, whose waits see it by themselves. */
  readonly signal: AbortSignal
}

export interface SpawnOptions extends Pick<TaskInit, 'id' | 'name' | 'site' | 'watcher' | 'onUnhandled'> {
  /** Aborts the task, with its reason. */
  readonly signal?: AbortSignal | undefined
}

/** The function of a task. */
export type TaskFunction<T> = (context: TaskContext) => T | PromiseLike<T>

/** How deep a cancellation may be wrapped by errors that have it as their cause. */
const DEEPEST = 8

/** Whether what was thrown is the abort, as it is or inside of other errors. */
export const isAbort = (error: unknown, reason: unknown): boolean => {
  let inner = error
  for (let depth = 0; depth < DEEPEST; depth++) {
    if (inner === reason) return true
    if (typeof inner !== 'object' || inner === null) return false
    if ((inner as Partial<Error>).name === 'AbortError') return true
    inner = (inner as Partial<Error>).cause
  }
  return false
}

const STARTED = Promise.resolve()

/** The task's context; its signal is made when somebody asks for it. */
class Context implements TaskContext {
  readonly id: number
  readonly #ends: Ends

  constructor(id: number, ends: Ends) {
    this.id = id
    this.#ends = ends
  }

  get signal(): AbortSignal {
    return this.#ends.signal
  }
}

/**
 * Starts `fn` as a task. It begins after the code that spawns it has come to its next `await`, and is not aborted with it.
 *
 * **Cost**    about a microsecond more than calling the function
 * **Errors**  none: whatever `fn` throws goes to the handle
 */
export const spawnTask = <T>(fn: TaskFunction<T>, options: SpawnOptions = {}): JoinHandle<T> => {
  const { signal } = options
  const ends = new Ends()
  const task = new TaskCell<T>({
    ...options,
    abort: ({ reason, force }) => {
      if (force || !begun) task.cancel()
      ends.end(reason)
    }
  })
  let begun = false
  if (signal !== undefined) {
    const stop = {
      aborted: () => {
        ignore(signal, stop)
      },
      left: () => {
        task.abort({ reason: signal.reason })
      }
    }
    if (signal.aborted) task.abort({ reason: signal.reason })
    else {
      listen(signal, stop)
      task.whenEnded(() => {
        ignore(signal, stop)
      })
    }
  }
  const scope: Scope = { task, ends, budget: new Budget(), locals: undefined }
  const succeeded = (value: T): void => {
    letGo()
    if (task.request === undefined) task.succeed(value)
    else task.cancel()
  }
  const failed = (error: unknown): void => {
    letGo()
    if (task.request !== undefined && isAbort(error, task.request.reason)) task.cancel()
    else task.fail(error)
  }
  const start = (): void => {
    if (task.state !== 'running') {
      letGo()
      return
    }
    begun = true
    let result: T | PromiseLike<T>
    try {
      result = fn(new Context(task.id, ends))
    } catch (error) {
      failed(error)
      return
    }
    if (isThenable(result)) Promise.resolve(result).then(succeeded, failed)
    else succeeded(result)
  }
  hold()
  void STARTED.then(() => {
    inScope(scope, start)
  })
  return new JoinHandle(task)
}

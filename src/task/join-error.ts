/**
 * What the handle of a task rejects with, when the task has no value: it was cancelled, or it failed.
 * Source: tokio `task::JoinError`. Made by task-cell.ts; wording included.
 */
import type { ErrorCode } from '../error/pipeline-error.ts'
import type { TaskName } from '../sync/scope.ts'

/** `'cancelled'`: aborted, or its runtime was shut down; `'failed'`: it threw. */
export type JoinErrorKind = 'cancelled' | 'failed'

const nameOf = ({ id, name }: TaskName): string => (name === undefined ? `task ${id}` : `task ${id} '${name}'`)

/** What there is to say about a cause; nothing where the looking throws, as a getter of the user's or a revoked proxy may. */
const textOf = (kind: JoinErrorKind, cause: unknown): string => {
  try {
    if (!(cause instanceof Error)) return typeof cause === 'string' ? cause : ''
    return kind === 'cancelled' && cause.name === 'AbortError' ? '' : `${cause.name}: ${cause.message}`
  } catch {
    return ''
  }
}

const message = (task: TaskName, kind: JoinErrorKind, cause: unknown): string => {
  const text = textOf(kind, cause)
  return `${nameOf(task)} ${kind === 'failed' ? 'failed' : 'was cancelled'}${text === '' ? '' : `: ${text}`}`
}

/**
 * Why a task has no value.
 *
 * **Source**  tokio `task::JoinError`
 * @example
 * const error: unknown = await spawn(() => Promise.reject(new Error('no such host'))).join().catch((reason: unknown) => reason)
 * error instanceof JoinError ? error.kind : undefined // => 'failed'
 */
export class JoinError extends Error {
  /** `ERR_MILLRACE_TASK_CANCELLED` or `ERR_MILLRACE_TASK_FAILED`. */
  readonly code: ErrorCode
  readonly kind: JoinErrorKind
  readonly taskId: number

  /** Made by tasks. `cause`: what a task failed with, as it was thrown; the reason of its abort. */
  constructor(task: TaskName, kind: JoinErrorKind, cause: unknown) {
    super(message(task, kind, cause), cause === undefined ? undefined : { cause })
    this.name = 'JoinError'
    this.kind = kind
    this.taskId = task.id
    this.code = kind === 'failed' ? 'ERR_MILLRACE_TASK_FAILED' : 'ERR_MILLRACE_TASK_CANCELLED'
  }

  /** What the task failed with. Throws this error when the task did not fail: it was cancelled, and nothing was thrown. */
  failure(): unknown {
    if (this.kind !== 'failed') {
      const text = `${this.message}, so there is no failure to ask for. Look at 'kind' first; the reason of the abort is the 'cause'`
      throw Object.assign(new TypeError(text, { cause: this }), { code: this.code })
    }
    return this.cause
  }
}

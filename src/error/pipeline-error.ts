/**
 * The one error that leaves a pipeline: with a stable code, the stage, the place and the cause; and the argument errors of
 * declarations. Called by everyone; wording lives in the wording files beside this one.
 */

import { say } from './say.ts'

/** Where an item was when something went wrong with it. */
export interface Position {
  /** Index of the item at the inlet of its task, from 0; -1 at the end of the input, and for a failure in a file that is read in parts. */
  readonly index: number
  readonly file?: string | undefined
  /** Line or record number in the file, from 1. */
  readonly line?: number | undefined
  /** Offset in the (unpacked) file, in bytes. */
  readonly byte?: number | undefined
}

/** A stable code: `ERR_MILLRACE_` and what was wrong. docs/errors.md lists them. */
export type ErrorCode = `ERR_MILLRACE_${string}`

export interface PipelineErrorInit {
  readonly code: ErrorCode
  /** What was wrong, where, and what to do. */
  readonly message: string
  readonly stage?: string | undefined
  readonly position?: Position | undefined
  readonly cause?: unknown
  readonly errors?: readonly unknown[] | undefined
}

/** The code of millrace's own that an error carries, if it carries one. */
export const ownCode = (error: unknown): ErrorCode | undefined => {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' && code.startsWith('ERR_MILLRACE_') ? (code as ErrorCode) : undefined
}

/**
 * What a run rejects with: the first thing that went wrong.
 *
 * @example
 * const error = await run.done.catch((e) => e)
 * if (error instanceof PipelineError) console.error(error.code, error.stage, error.position)
 */
export class PipelineError extends Error {
  /** Stable; see {@link ErrorCode}. */
  readonly code: ErrorCode
  /** Name of the stage that failed, where one did. */
  readonly stage: string | undefined
  readonly position: Position | undefined
  /** What went wrong after this: at most 16, in the order in which they were seen. */
  readonly errors: readonly unknown[]

  constructor({ code, message, stage, position, cause, errors }: PipelineErrorInit) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'PipelineError'
    this.code = code
    this.stage = stage
    this.position = position
    this.errors = errors ?? []
  }

  /** Any error as a PipelineError: itself when it is one, else wrapped, with its own code where that is one of millrace's. */
  static from(error: unknown): PipelineError {
    if (error instanceof PipelineError) return error
    return new PipelineError({
      code: ownCode(error) ?? 'ERR_MILLRACE_FAILED',
      message: error instanceof Error ? error.message : say(error),
      cause: error
    })
  }

  /** The same error with more in it: the stage, the place, or the failures that came after it. Keeps the stack. */
  with(more: Pick<PipelineErrorInit, 'stage' | 'position' | 'errors'>): PipelineError {
    const { code, message, stage, position, cause, errors, stack } = this
    const copy = new PipelineError({ code, message, stage, position, cause, errors, ...more })
    if (stack !== undefined) copy.stack = stack
    return copy
  }
}

/** An argument that cannot be right: thrown where it is given, with code `ERR_MILLRACE_ARGUMENT`. */
export const argumentError = (kind: 'type' | 'range', what: string, got: string, remedy: string): TypeError | RangeError => {
  const message = `${what}; ${got}. ${remedy[0]?.toUpperCase() ?? ''}${remedy.slice(1)}`
  return Object.assign(kind === 'type' ? new TypeError(message) : new RangeError(message), { code: 'ERR_MILLRACE_ARGUMENT' })
}

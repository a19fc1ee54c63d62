/**
 * The one error that leaves millrace: with a stable code, the stage, the place and the cause.
 */
export interface Position {
  /** Index of the item at the inlet of its task, from 0; -1 at the end of the input. */
  readonly index: number
  readonly file?: string | undefined
  /** 1-based. */
  readonly line?: number | undefined
  readonly byte?: number | undefined
}

export interface PipelineErrorInit {
  readonly code: `ERR_MILLRACE_${string}`
  readonly message: string
  readonly stage?: string | undefined
  readonly position?: Position | undefined
  readonly cause?: unknown
  readonly errors?: readonly unknown[] | undefined
}

export class PipelineError extends Error {
  readonly code: `ERR_MILLRACE_${string}`
  readonly stage: string | undefined
  readonly position: Position | undefined
  readonly errors: readonly unknown[]
  constructor({ code, message, stage, position, cause, errors }: PipelineErrorInit) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'PipelineError'
    this.code = code
    this.stage = stage
    this.position = position
    this.errors = errors ?? []
  }
}

export const argumentError = (kind: 'type' | 'range', what: string, got: string, remedy: string): TypeError | RangeError => {
  const message = `${what}; ${got}. ${remedy}`
  return Object.assign(kind === 'type' ? new TypeError(message) : new RangeError(message), { code: 'ERR_MILLRACE_ARGUMENT' })
}

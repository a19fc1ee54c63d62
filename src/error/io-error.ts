/**
 * What is thrown when the outside does not do its part: a network, a child process. Called by connector/.
 */
import type { ErrorCode } from './pipeline-error.ts'

/**
 * A connection could not be made or broke, a child process could not be started or failed. In a pipeline it is the cause of the
 * run's error, which has the same code.
 *
 * @example
 * const error: unknown = await connect({ port: 1 }).catch((reason: unknown) => reason)
 * error instanceof IoError ? [error.code, error.system] : undefined // => ['ERR_MILLRACE_CONNECT', 'ECONNREFUSED']
 */
export class IoError extends Error {
  readonly code: ErrorCode
  /** The operating system's own code, such as `ECONNRESET`, where there is one. */
  readonly system: string | undefined

  constructor(code: ErrorCode, message: string, system?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'IoError'
    this.code = code
    this.system = system
  }
}

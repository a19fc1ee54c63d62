/**
 * What is thrown when something took too long. Called by task/time/ and operator/.
 */

/**
 * The time for something was over before it was done.
 *
 * @example
 * const error: unknown = await timeout(5, () => sleep(1000)).catch((reason: unknown) => reason)
 * error instanceof TimeoutError ? error.code : undefined // => 'ERR_MILLRACE_TIMEOUT'
 */
export class TimeoutError extends Error {
  readonly code = 'ERR_MILLRACE_TIMEOUT'

  constructor(message: string) {
    super(message)
    this.name = 'TimeoutError'
  }
}

/**
 * Waiting for several things, all of them.
 *
 *     join(a, b, c) ─▶ [a's, b's, c's]      one fails: join waits for the others, tryJoin stops them
 *
 * Source: tokio `join!`, `try_join!`. Called by users, through `millrace/runtime`.
 */
import { gone } from '../sync/abort.ts'
import { abortError } from './abort-error.ts'
import { Branch, whenGivenUp, type Work } from './branch.ts'

/** The values of works, by position. */
export type Values<W extends readonly Work<unknown>[]> = {
  -readonly [I in keyof W]: W[I] extends (signal: AbortSignal) => infer R ? Awaited<R> : W[I] extends PromiseLike<infer T> ? Awaited<T> : never
}

/** Starts all, and settles with all values; with the first failure, at once or when all have settled. */
const together = async (works: readonly Work<unknown>[], atOnce: boolean): Promise<unknown[]> => {
  const refused = gone(undefined)
  if (refused !== undefined) return refused
  const values = new Array<unknown>(works.length)
  const running = new Set<Branch>()
  let stopListening = (): void => undefined
  try {
    await new Promise<void>((resolve, reject) => {
      stopListening = whenGivenUp(undefined, reject)
      let left = works.length
      let failure: { readonly error: unknown } | undefined
      const settled = (): void => {
        if (--left > 0) return
        if (failure === undefined) resolve()
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        else reject(failure.error)
      }
      if (works.length === 0) resolve()
      for (const [i, work] of works.entries()) {
        const branch = new Branch()
        running.add(branch)
        branch.run(work).then(
          (value) => {
            branch.close()
            running.delete(branch)
            values[i] = value
            settled()
          },
          (error: unknown) => {
            branch.close()
            running.delete(branch)
            failure ??= { error }
            // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
            if (atOnce) reject(error)
            settled()
          }
        )
      }
    })
  } catch (error) {
    if (atOnce) {
      const reason = abortError('another part of tryJoin failed')
      for (const branch of running) branch.end(reason)
    }
    throw error
  } finally {
    stopListening()
  }
  return values
}

/**
 * The values of all works, by position. Works are functions, which get a signal, or promises.
 *
 * **Order**   all are started in this call, in their order
 * **Cancel**  with its task, as the waits in the functions are
 * **Errors**  rejects with the first failure, when all have settled: nothing is left running
 * **Source**  tokio `join!`
 * @example
 * await join(() => sleep(1).then(() => 1), Promise.resolve('two')) // => [1, 'two']
 */
export const join = <const W extends readonly Work<unknown>[]>(...works: W): Promise<Values<W>> =>
  together(works, false) as Promise<unknown> as Promise<Values<W>>

/**
 * As {@link join}, but the first failure rejects at once, and the others are told to stop: unlike `Promise.all`, which lets them go on.
 *
 * **Cancel**  with its task
 * **Errors**  rejects with the first failure; what the others come to is dropped
 * **Source**  tokio `try_join!`
 * @example
 * const failed = tryJoin(() => sleep(60_000), () => Promise.reject(new Error('no such host')))
 * await failed.catch((error: Error) => error.message) // => 'no such host'
 */
export const tryJoin = <const W extends readonly Work<unknown>[]>(...works: W): Promise<Values<W>> =>
  together(works, true) as Promise<unknown> as Promise<Values<W>>

/**
 * The first of several branches, and the end of the others: what is under `select` and `race`.
 *
 *     start a ── a few microtasks: settled? ── start b ── … ── first to settle ─▶ winner     the others: ended, then the answer
 *
 * Invariants
 *   F1  a branch that is ready at once wins before the branches behind it are started: they take nothing
 *   F2  when the answer is seen, every other branch has been told to stop, and the winner's signal has not aborted
 * Called by select.ts.
 */
import { gone } from '../sync/abort.ts'
import { budget } from '../sync/budget.ts'
import { abortError } from './abort-error.ts'
import { Branch, whenGivenUp, type Work } from './branch.ts'

/** What a branch answers for "not me": the others go on. */
export const NoMatch: unique symbol = Symbol.for('millrace.NoMatch')
export type NoMatch = typeof NoMatch

/**
 * How many microtasks a branch gets before the next is started. What a call that need not wait takes until an `async` function has
 * passed its answer on: three for the function, the others for layers in between.
 */
const TICKS = 6

const TICK = Promise.resolve()

/** Why the losers' waits reject; one for all, since an error's stack costs microseconds and nobody reads this one. */
let lost: Error | undefined

export interface FirstOf<K> {
  readonly works: readonly (readonly [key: K, work: Work<unknown>])[]
  readonly signal: AbortSignal | undefined
  /** Is told what a loser came to all the same: it had it before it could be stopped. */
  readonly late: ((key: K, value: unknown) => void) | undefined
  /** No branch matches. */
  readonly none: () => unknown
}

interface Winner<K> {
  readonly key: K
  readonly value: unknown
}

/** What came of the first branch that matched; `undefined` key when none did. */
export const firstOf = async <K>({ works, signal, late, none }: FirstOf<K>): Promise<Winner<K> | { readonly none: unknown }> => {
  const refused = gone(signal)
  if (refused !== undefined) return refused
  const mine = budget()
  // a branch whose answer comes after a turn would look as if it had to wait
  if (mine.left < works.length) await mine.turn()
  const running = new Set<Branch>()
  let decided = false
  let stopListening = (): void => undefined
  const decide = (): void => {
    decided = true
    stopListening()
    for (const branch of running) branch.end((lost ??= abortError('another branch was first')))
  }
  const winner = await new Promise<Winner<K> | undefined>((resolve, reject) => {
    const giveUp = (reason: unknown): void => {
      if (decided) return
      decide()
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      reject(reason)
    }
    stopListening = whenGivenUp(signal, giveUp)
    let left = works.length
    const start = ([key, work]: readonly [K, Work<unknown>]): void => {
      const branch = new Branch()
      running.add(branch)
      branch.run(work).then(
        (value) => {
          branch.close()
          running.delete(branch)
          if (decided) {
            if (value !== NoMatch) late?.(key, value)
          } else if (value !== NoMatch) {
            decide()
            resolve({ key, value })
          } else if (--left === 0) {
            decide()
            resolve(undefined)
          }
        },
        (error: unknown) => {
          branch.close()
          running.delete(branch)
          giveUp(error)
        }
      )
    }
    const startAll = async (): Promise<void> => {
      for (const [i, work] of works.entries()) {
        for (let tick = 0; i > 0 && tick < TICKS && !decided; tick++) await TICK
        if (decided) return
        start(work)
      }
    }
    if (left === 0) {
      decide()
      resolve(undefined)
    } else void startAll()
  })
  return winner ?? { none: await none() }
}

/**
 * What comes after a try that has failed: another one, or the end of the item. One rule, for the loops and for the calls that wait.
 *
 *   failure ──▶ decide(error, attempts)? ──▶ 'retry' ──▶ tries left? yes: again    no: `then`
 *                                       └──▶ 'fail' | 'skip' | 'deadLetter' | 'stop': at once, whatever is left
 *
 * Called by compile.ts (which runs on workers) and calls.ts. Imports nothing that takes time to load.
 */
import { argumentError } from '../../error/pipeline-error.ts'
import type { Afterwards, Retry } from '../../graph/options.ts'

/** How an item came to its end: under which policy, with which error, after how many tries. */
export class GaveUp {
  readonly error: unknown
  readonly policy: Afterwards
  readonly attempts: number
  constructor(error: unknown, policy: Afterwards, attempts: number) {
    this.error = error
    this.policy = policy
    this.attempts = attempts
  }
}

const unknownWord = (answer: unknown): Error =>
  argumentError(
    'type',
    "retry: decide must answer 'retry', 'fail', 'skip', 'deadLetter' or 'stop'",
    `got ${typeof answer === 'string' ? answer : answer instanceof Promise ? 'a promise' : typeof answer}`,
    'correct the function; it has to answer at once'
  )

/** Try number `attempts` has failed with `error`. `undefined`: there is to be another one. */
export const afterFailure = (retry: Retry, error: unknown, attempts: number): GaveUp | undefined => {
  let word: unknown = 'retry'
  try {
    if (retry.decide !== undefined) word = retry.decide(error, attempts)
  } catch (thrown) {
    return new GaveUp(thrown, 'fail', attempts)
  }
  if (word === 'retry') return attempts > retry.times ? new GaveUp(error, retry.then, attempts) : undefined
  if (word === 'fail' || word === 'skip' || word === 'deadLetter' || word === 'stop') return new GaveUp(error, word, attempts)
  return new GaveUp(unknownWord(word), 'fail', attempts)
}

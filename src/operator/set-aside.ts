/**
 * What becomes of an item on which a function of a waiting stage throws: its policy, carried out.
 *
 * Called by the operators that wait and call synchronous functions of the user's: the joins.
 */
import { stageFailed } from '../error/wording-run.ts'
import type { OnError, Retry } from '../graph/options.ts'
import type { RunContext } from '../graph/spec.ts'

/** Policies of functions that would answer the same again. */
export type PlainPolicy = Exclude<OnError, Retry>

/** Skips the item, sets it aside, or throws what ends the run. Wait for the answer before taking more. */
export const setAside = (context: RunContext, onError: OnError | undefined, item: unknown, index: number, error: unknown): void | Promise<void> => {
  if (onError === 'skip') context.skipped(1)
  else if (onError === 'deadLetter') return context.deadLetter(item, error, index)
  else throw stageFailed(context.stage, context.site, { index }, error)
}

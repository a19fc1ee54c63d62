/**
 * Running code in a scope for as long as what it answers is under way. Called by who changes the scope of user code.
 */
import { hold, inScope, letGo, type Scope } from '../sync/scope.ts'

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as Partial<PromiseLike<unknown>>).then === 'function'

/** What `fn` answers; the scope stays until that has settled, if it is a promise. */
export const held = <A>(inside: Scope, fn: () => A): A => {
  hold()
  let under = false
  try {
    const answer = inScope(inside, fn)
    under = isThenable(answer)
    if (under) (answer as unknown as PromiseLike<unknown>).then(letGo, letGo)
    return answer
  } finally {
    if (!under) letGo()
  }
}

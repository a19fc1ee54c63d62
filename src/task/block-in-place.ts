/** Blocking where it does no harm. Called by users, through `millrace/runtime`. */
import { blockingCheck } from '../sync/blocking.ts'

/**
 * Runs a function that blocks, here and now, on a thread that may be blocked: a worker of the blocking lane.
 *
 * **Cost**    none beside the function's own
 * **Errors**  ERR_MILLRACE_WOULD_BLOCK_LOOP on a thread with an event loop: unlike Tokio's, a loop cannot be handed to another
 *             thread, so everything that waits for it would stand still
 * **Source**  tokio `task::block_in_place`
 */
export const blockInPlace = <A>(fn: () => A): A => {
  blockingCheck('blockInPlace')
  return fn()
}

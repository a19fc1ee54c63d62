/**
 * The functions that a runtime's threads call as they start and before they end. Called by src/worker.ts and async-worker.ts.
 */
import type { FnRef } from '../ship/address.ts'
import { resolveFn } from '../ship/resolve.ts'

/** Calls a hook, and waits for it; one that fails ends the thread. */
export const runHook = async (ref: FnRef | undefined): Promise<void> => {
  if (ref !== undefined) await ((await resolveFn(ref)))()
}

/**
 * Waiting for someone else's cleanup, but not for ever: what a user's `return()` or a stream's close does is awaited, so that
 * nothing of it runs after the run; one that never settles must not keep the run from ending. Called by sources.
 */
import { setTimeout as later } from 'node:timers/promises'

/** How long a cleanup may take before the run ends without it, in milliseconds. */
const GRACE_MS = 300

export const settleWithin = async (cleanup: Promise<unknown>, ms = GRACE_MS): Promise<void> => {
  const timer = new AbortController()
  try {
    await Promise.race([cleanup, later(ms, undefined, { signal: timer.signal, ref: false }).catch(() => undefined)])
  } finally {
    timer.abort()
    cleanup.catch(() => undefined) // one that fails too late has nobody to tell
  }
}

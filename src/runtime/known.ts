/**
 * Whether this thread knows how to make every handle that may arrive in it (kinds.ts), and the loading of that where it comes late.
 *
 * Workers know from the start, and so does a thread that loads the runtime. One that only runs pipelines would load every lock and
 * channel for nothing: nothing of a pipeline's is a handle but what its own program has made. Only calls from code inside a stage
 * may bring one, and they wait for it (serve.ts). Called by runtime.ts and serve.ts.
 */
import { perThread } from '../prelude/per-thread.ts'

const state = perThread('kinds.1', () => ({ known: false }))

export const areKindsKnown = (): boolean => state.known

/** Said by who has loaded them. */
export const kindsAreKnown = (): void => {
  state.known = true
}

/** Resolves when they are; where they cannot be loaded too: what arrives says so then. */
export const knowKinds = async (): Promise<void> => {
  try {
    const { kinds } = await import('./kinds.ts')
    kinds()
    kindsAreKnown()
  } catch {
    // a file of the package is gone: a handle that arrives is an error that names it
  }
}

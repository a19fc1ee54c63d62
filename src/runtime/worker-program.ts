/**
 * Where the program of a worker thread is: by URL in the sources, embedded text in a build (rollup.config.mjs replaces both).
 * Called by crew.ts and async-lane.ts.
 */
import { workerText } from '../worker-text.ts'

export const workerProgram = { text: workerText, url: new URL('../worker.ts', import.meta.url) } as const

/**
 * The worker's program as text, so that it survives bundling.
 *
 * In the sources it is absent and workers load `worker.ts` by its URL; the build (rollup.config.mjs) replaces this module
 * by one that holds the bundled worker.
 */
export const workerText: string | undefined = undefined

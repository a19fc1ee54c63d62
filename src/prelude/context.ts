/**
 * The context of a run: plain values that go with it to wherever its functions are called, so that a log line of a worker can name
 * the request that it belongs to.
 *
 *     run({ context }) ──▶ caller's loop: an AsyncLocalStorage of the run           ──▶ currentContext()
 *                     └──▶ worker: set around every step of the task's morsels       ──▶ currentContext()
 *
 * Called by exec/ (which sets it on either side) and by users' functions. In a worker it is set and put back in one synchronous
 * step, so a plain variable will do; workers run no stage that waits.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { perThread } from './per-thread.ts'

/** Values by name; they survive structured clone. */
export type Context = Readonly<Record<string, unknown>>

const here = perThread('context.1', (): { storage: AsyncLocalStorage<Context> | undefined; value: Context | undefined } => ({
  storage: undefined,
  value: undefined
}))

/**
 * What the run whose function asks was given as `context`: on the loop that called `run()`, also behind an `await`, and in workers.
 * `undefined` outside of runs, and in a run that was given none. A run that is started inside of another has that one's, unless it is
 * given its own. In a module of functions import it from `millrace/portable`, which loads nothing else into the worker. A function that
 * is written in the pipeline itself and closes over this name does not travel (see the guide to functions).
 *
 * **Cost**    a look at a variable in a worker, at an AsyncLocalStorage on the loop
 * **Source**  OpenTelemetry's context, Go's `context.Context`
 * @example
 * const tagged = mapAsync(async (line: string) => `${currentContext()?.['request']}: ${line}`)
 * await from(['read']).pipe(tagged).toArray({ context: { request: 'r1' } }) // => ['r1: read']
 */
export const currentContext = (): Context | undefined => here.value ?? here.storage?.getStore()

/** On the caller's loop: all that `body` starts sees the context. */
export const withContext = <A>(context: Context | undefined, body: () => A): A =>
  context === undefined ? body() : (here.storage ??= new AsyncLocalStorage<Context>()).run(context, body)

/** In a worker: sets it for what is called synchronously, and answers what it was, to be put back. */
export const swapContext = (context: Context | undefined): Context | undefined => {
  const before = here.value
  here.value = context
  return before
}

/**
 * Applies an asynchronous function to every item, several at a time.
 *
 *     in  a--b--c--|     calls in flight  ≤ concurrency     out  f(a)--f(b)--f(c)--|
 *     lane async         state the calls in flight, and answers that wait for an earlier one
 *
 * An item has its place from its call until its answer is gathered, so what is held is bounded by `concurrency` in both orders,
 * and a reader that is slow holds back the calls. Answers that are no promises are gathered at once, without a place. The stage itself,
 * what begins and leaves when, is waiting/calling.ts; this file has its options, and checks them.
 */
import type { FunctionOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import type { ProcessSpec } from '../graph/spec.ts'
import { concurrencyOf, type Adaptive } from './adaptive.ts'
import { callable, milliseconds, policyOf, stageOptions } from './check.ts'
import { processSpec } from './process.ts'
import type { CallContext } from './waiting/calls.ts'
import { Calling, type CallingPlan } from './waiting/calling.ts'

export interface MapAsyncOptions<A = unknown, B = never> extends FunctionOptions {
  /** Calls in flight at most. A whole number >= 1, or `adaptive({ max })`. Default 16. */
  readonly concurrency?: number | Adaptive | undefined
  /** Whether answers leave in the order of the items. Default true; without it, as they come. */
  readonly ordered?: boolean | undefined
  /** The longest that one call may take, in milliseconds; then it has failed, with `ERR_MILLRACE_TIMEOUT`. Default: no limit. */
  readonly timeoutMs?: number | undefined
  /**
   * Answers for an item that would fail the run: after the retries, and with `onError: 'fail'`. What it throws or rejects with, and a call
   * of it that takes longer than `timeoutMs`, fails the run.
   */
  readonly fallback?: ((item: A, error: unknown, context: CallContext) => B | PromiseLike<B>) | undefined
}

/** The spec of a stage that calls `fn` with every item; `usual`: calls in flight at most, where the options do not say. */
export const callingSpec = (kind: string, fn: unknown, options: MapAsyncOptions<never, unknown>, usual: number): ProcessSpec => {
  callable(kind, 'fn', fn)
  stageOptions(kind, options)
  const { ordered = true, fallback } = options
  const { most, adaptive, told } = concurrencyOf(kind, options.concurrency, usual)
  const timeoutMs = options.timeoutMs === undefined ? undefined : milliseconds(kind, 'timeoutMs', options.timeoutMs, 1)
  const onError = policyOf(kind, options.onError)
  if (fallback !== undefined) callable(kind, 'fallback', fallback)
  const args = { concurrency: told, ordered, ...(timeoutMs === undefined ? {} : { timeoutMs }) }
  const plan: CallingPlan = {
    fn: fn as CallingPlan['fn'], concurrency: most, ordered, timeoutMs, onError, fallback: fallback as CallingPlan['fallback'], adaptive
  }
  return processSpec(kind, (context) => new Calling(plan, context).run(), options, args)
}

/**
 * Applies `fn` to every item, with at most `concurrency` calls in flight. `fn` may answer a promise or a value; its second
 * argument has a `signal`, aborted when the answer is not wanted any more: pass it on to what `fn` waits for.
 *
 * **Order**   kept, unless `ordered` is false
 * **Cost**    130 to 150 ns an item for promises that need no timer or socket, 55 of them the promise's own: it is heard by callbacks that are
 *             used again, and answers leave by up to 1024. With `timeoutMs` an abort controller, a timer and two callbacks per item. A value
 *             that is no promise costs the call only
 * **Errors**  what `fn` throws or rejects with, and a call that takes longer than `timeoutMs`, is handled by `onError`; a retry
 *             keeps its place while it waits. With `'stop'` items before the failing one are answered for, calls for later ones given up. With `fallback` an item that would fail the run is answered for by it. When the run ends, calls that listen to their signal are awaited, up to 300 ms
 * **Memory**  `concurrency` items, one batch of the input, and up to 1024 answers that leave together
 * **Source**  RxJS `mergeMap` and `concatMap`, Akka `mapAsync`
 * @example
 * from(urls).pipe(mapAsync(async (url, { signal }) => (await fetch(url, { signal })).text(), { concurrency: 64 }))
 */
export const mapAsync = <A, B>(
  fn: (item: A, context: CallContext) => B | PromiseLike<B>,
  options: MapAsyncOptions<NoInfer<A>, NoInfer<B>> = {}
): Flow<A, B> => flowOf(callingSpec('mapAsync', fn, options as MapAsyncOptions<never, unknown>, 16), options.name)

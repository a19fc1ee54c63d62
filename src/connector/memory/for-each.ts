/**
 * A sink that calls a function: one item after the other, or, where the options say so, several at a time and with a policy.
 */
import { setImmediate } from 'node:timers/promises'
import type { OptionNames } from '../../error/known-options.ts'
import type { FunctionOptions, OnError, StageOptions } from '../../graph/options.ts'
import { flowOf, sinkOf, type Sink } from '../../graph/source.ts'
import type { RunContext, SinkWriter } from '../../graph/spec.ts'
import { gaugesOf } from '../../prelude/gauges.ts'
import { Interruptible } from '../../prelude/interruptible.ts'
import type { Adaptive } from '../../operator/adaptive.ts'
import type { CallContext } from '../../operator/waiting/calls.ts'
import { callable, stageOptions } from '../../operator/check.ts'
import { callingSpec } from '../../operator/map-async.ts'
import { STAGE } from '../option-names.ts'

/** After so long in synchronous calls the event loop gets its turn, in milliseconds. */
const TURN_MS = 8

/** The clock is read once in so many calls: it costs as much as a small call. */
const LOOK_EVERY = 16

const isPromise = (answer: unknown): answer is PromiseLike<unknown> => typeof answer === 'object' && answer !== null && 'then' in answer

const writer = (given: (item: never) => unknown, { signal, gauges }: RunContext): SinkWriter<number> => {
  const own = gaugesOf(given)
  if (own !== undefined) gauges?.(own)
  // A guarded function waits, and is told when it need not any more; others get the item and nothing else, as `console.log` expects.
  const fn = own === undefined ? given : (item: never): unknown => (given as (item: never, context: { signal: AbortSignal }) => unknown)(item, { signal })
  const waits = new Interruptible() // a promise of the user's that never settles must not hold a run that has ended
  signal.addEventListener('abort', () => {
    waits.interrupt()
  }, { once: true })
  let count = 0
  let turn = performance.now()
  return {
    write: async (items) => {
      for (const item of items) {
        const answer = fn(item as never)
        if (isPromise(answer)) {
          await waits.wait(answer)
          signal.throwIfAborted()
        }
        if (++count % LOOK_EVERY !== 0 || performance.now() - turn <= TURN_MS) continue
        await setImmediate()
        turn = performance.now()
        signal.throwIfAborted()
      }
    },
    finish: () => count,
    abort: () => undefined
  }
}

/** Options of {@link forEach} that let several calls go on at a time, or say what becomes of an item that fails. */
export interface ForEachOptions<A = unknown> extends FunctionOptions {
  /** Calls in flight at most. A whole number >= 1, or `adaptive({ max })`. Default 1. */
  readonly concurrency?: number | Adaptive | undefined
  /** The longest that one call may take, in milliseconds; then it has failed, with `ERR_MILLRACE_TIMEOUT`. Default: no limit. */
  readonly timeoutMs?: number | undefined
  /** Called for an item that would fail the run: after the retries, and with `onError: 'fail'`. What it throws or rejects with fails the run. */
  readonly fallback?: ((item: A, error: unknown, context: CallContext) => unknown) | undefined
}

const NAMES: OptionNames<ForEachOptions<never>> = { ...STAGE, onError: 1, concurrency: 1, timeoutMs: 1, fallback: 1 }

/** At least one of the options of calls. */
export type ForEachCalls<A> = ForEachOptions<A> &
  ({ readonly concurrency: number | Adaptive } | { readonly timeoutMs: number } | { readonly onError: OnError } | { readonly fallback: NonNullable<ForEachOptions<A>['fallback']> })

/** Counts what the calls before it have done. */
const counting = (): SinkWriter<number> => {
  let count = 0
  return {
    write: (items) => {
      count += items.length
    },
    finish: () => count,
    abort: () => undefined
  }
}

/** The calls as a stage, as mapAsync makes them, and a sink behind them that counts. */
const called = (fn: unknown, { concurrency, timeoutMs, fallback, onError, name }: ForEachOptions<never>): Sink<unknown, number> => {
  const spec = callingSpec('forEach', fn, { concurrency, timeoutMs, fallback, onError, name, ordered: false }, 1)
  const end = sinkOf<unknown, number>(
    { role: 'sink', kind: 'forEach.end', args: {}, accepts: 'items', open: counting },
    name === undefined ? undefined : `${name}.end`
  )
  return { attach: (source) => end.attach(flowOf<unknown, unknown>({ ...spec, outlets: 1 }, name).apply(source)) }
}

/**
 * Calls `fn` with every item, in order, one at a time: a promise that it returns is awaited before the next call, and holds
 * the source back. Answers how many items there were.
 *
 * With one of `concurrency`, `timeoutMs`, `onError` or `fallback` it is a sink that calls a service: several calls at a time (as many as
 * the service can do with, by `adaptive`), each with a signal in its second argument, with retries, dead letters and the rest of
 * `onError`. It answers how many items were done. A `circuitBreaker` goes around `fn` in either form.
 *
 * **Order**   that of the items with one call at a time; else calls begin in it, and end as they do
 * **Cost**    with these options one place and two callbacks per item that waits
 * **Errors**  what `fn` throws or rejects with ends the run, with code ERR_MILLRACE_SINK_FAILED; with these options it is handled by
 *             `onError`, and what ends the run is ERR_MILLRACE_STAGE_FAILED
 * **Memory**  with these options `concurrency` items, and one batch of the input
 * **Source**  Pekko `Sink.foreachAsync`; Vector's sinks with adaptive request concurrency
 * @example
 * await pipeline({ log: range(0, 3).to(forEach((n) => console.log(n))) }).run().done
 * @example
 * const send = async (row: number, { signal }: { signal: AbortSignal }) => fetch('https://example.org', { method: 'POST', body: `${row}`, signal })
 * const sink = forEach(send, { concurrency: adaptive({ max: 50 }), timeoutMs: 5000, onError: retry({ times: 3, then: 'deadLetter' }) })
 * pipeline({ sent: range(0, 3).to(sink) })
 */
export function forEach<A>(fn: (item: A, context: CallContext) => unknown, options: ForEachCalls<NoInfer<A>>): Sink<A, number>
export function forEach<A>(fn: (item: A) => unknown, options?: StageOptions): Sink<A, number>
export function forEach(fn: (item: never, context: never) => unknown, options: ForEachOptions<never> = {}): Sink<never, number> {
  callable('forEach', 'fn', fn)
  stageOptions('forEach', options, NAMES)
  const { concurrency, timeoutMs, onError, fallback } = options
  if ([concurrency, timeoutMs, onError, fallback].some((option) => option !== undefined)) return called(fn, options)
  const open = (context: RunContext): SinkWriter<number> => writer(fn as (item: never) => unknown, context)
  return sinkOf<never, number>({ role: 'sink', kind: 'forEach', args: {}, accepts: 'items', open }, options.name)
}

/**
 * A sink that calls a function.
 */
import { setImmediate } from 'node:timers/promises'
import type { StageOptions } from '../../graph/options.ts'
import { sinkOf, type Sink } from '../../graph/source.ts'
import type { RunContext, SinkWriter } from '../../graph/spec.ts'
import { gaugesOf } from '../../prelude/gauges.ts'
import { Interruptible } from '../../prelude/interruptible.ts'
import { callable, stageOptions } from '../../operator/check.ts'

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

/**
 * Calls `fn` with every item, in order, one at a time: a promise that it returns is awaited before the next call, and holds
 * the source back. Answers how many items there were.
 *
 * **Errors**  what `fn` throws or rejects with ends the run, with code ERR_MILLRACE_SINK_FAILED; for items that may fail put
 *             `mapAsync` with an `onError` policy in front
 * @example
 * await pipeline({ log: range(0, 3).to(forEach((n) => console.log(n))) }).run().done
 */
export const forEach = <A>(fn: (item: A) => unknown, options: StageOptions = {}): Sink<A, number> => {
  callable('forEach', 'fn', fn)
  stageOptions('forEach', options)
  return sinkOf<A, number>({ role: 'sink', kind: 'forEach', args: {}, accepts: 'items', open: (context) => writer(fn, context) }, options.name)
}

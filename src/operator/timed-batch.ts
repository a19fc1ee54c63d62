/**
 * The form of `batch` that looks at the clock: a process on the event loop.
 *
 *   feed ──▶ the batch being filled ──▶ full, too heavy next, or its first item has waited for maxMs ──▶ out
 *
 * One timer at most, set for the oldest item, by the clock of the runtime that it runs in; it only wakes the loop, which looks
 * for itself.
 * Called by batch.ts.
 */
import { stageFailed } from '../error/wording-run.ts'
import type { FunctionOptions } from '../graph/options.ts'
import type { ProcessContext, ProcessSpec } from '../graph/spec.ts'
import { clock, type Alarm } from '../prelude/clock.ts'
import { bellOf } from './waiting/bell.ts'
import { Feed } from './waiting/feed.ts'
import { processSpec } from './process.ts'
import { checkWeight } from './loop/weight.ts'

export interface TimedBatch {
  readonly count: number
  readonly maxWeight: number
  readonly maxMs: number
  readonly weigh: ((item: unknown, env: unknown) => number) | undefined
  readonly env: unknown
}

/** Batches that are complete before they are sent on. */
const COMPLETE = 64

const run =
  ({ count, maxWeight, maxMs, weigh, env }: TimedBatch, onError: FunctionOptions['onError']) =>
  async (context: ProcessContext): Promise<void> => {
    const { signal, inlets, outlets } = context
    const time = clock()
    const bell = bellOf(signal)
    const feed = new Feed(inlets[0]!, bell)
    const complete: unknown[][] = []
    let letter: Promise<void> | undefined // one that is not taken yet: no more are made
    let items: unknown[] = []
    let weight = 0
    let due = Infinity
    let alarm: Alarm | undefined

    const close = (): void => {
      if (items.length > 0) complete.push(items)
      items = []
      weight = 0
      due = Infinity
    }

    const refused = (item: unknown, error: unknown): void => {
      const index = feed.taken - 1
      if (onError === 'skip') context.skipped(1)
      else if (onError === 'deadLetter') {
        const set = context.deadLetter(item, error, index)
        if (set instanceof Promise) letter = set
      } else if (onError === 'stop') context.stop(item, error, index)
      else throw stageFailed(context.stage, context.site, { index }, error)
    }

    const add = (item: unknown): void => {
      let own = 0
      if (weigh !== undefined) {
        try {
          own = checkWeight(weigh(item, env))
        } catch (error) {
          refused(item, error)
          return
        }
      }
      if (weight + own > maxWeight) close()
      if (items.length === 0) due = time.now() + maxMs
      items.push(item)
      weight += own
      if (items.length >= count || weight >= maxWeight) close()
    }

    const setAlarm = (): void => {
      if (due === Infinity || alarm !== undefined) return
      alarm = time.at(due, () => {
        alarm = undefined
        bell.ring()
      })
    }

    try {
      for (;;) {
        signal.throwIfAborted()
        if (time.now() >= due) close()
        while (complete.length < COMPLETE && feed.size > 0 && letter === undefined) add(feed.next())
        if (letter !== undefined) {
          await letter
          letter = undefined
        } else if (complete.length > 0) {
          if (!(await outlets[0]!.push(complete.splice(0)))) return
        } else if (feed.over) {
          if (items.length === 0) return
          close()
        } else if (!feed.want() && !feed.over) {
          setAlarm()
          context.underWay?.(items.length > 0)
          await bell.next()
        }
      }
    } finally {
      alarm?.cancel()
      bell.close()
    }
  }

export const timedBatch = (bounds: TimedBatch, options: FunctionOptions): ProcessSpec => {
  const { count, maxWeight, maxMs } = bounds
  return { ...processSpec('batch', run(bounds, options.onError), options, { count, maxWeight, maxMs }), holds: 'one batch' }
}

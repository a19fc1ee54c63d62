/**
 * Lets through no more than so much per time: by holding back, or by dropping.
 *
 *     in  abcd------e--|   throttle({ units: 1, perMs: 3 })                  out  a--b--c--d--e--|
 *                          throttle({ units: 1, perMs: 3, mode: 'drop' })    out  a---------e--|
 *     lane async           state one instant, and the batch in hand
 *
 * The generic cell rate algorithm: instead of a bucket that drips, the instant at which it would be full again.
 *
 *   base = max(fullAt, since)       `since`: when the item came to the front of the line
 *   due  = base + (cost - burst) × perMs / units      it passes then, not before
 *   fullAt ← base + cost × perMs / units
 */
import { flowOf, type Flow } from '../graph/source.ts'
import { argumentError } from '../error/pipeline-error.ts'
import { atHand, type AtHand } from './waiting/at-hand.ts'
import { callable, milliseconds, numberFrom, oneOf, stageOptions } from './check.ts'
import { Feed } from './waiting/feed.ts'
import { passesAll, processSpec } from './process.ts'
import { plainPolicy, Refusals, type PlainPolicy, type WaitingOptions } from './refusals.ts'

export interface ThrottleOptions<A> extends WaitingOptions {
  /** What passes in `perMs`: items, or the sum of their costs. A number > 0. */
  readonly units: number
  /** In milliseconds. A number > 0. Default 1000. */
  readonly perMs?: number | undefined
  /** Units that may pass at once after a pause. A number > 0. Default 1. */
  readonly burst?: number | undefined
  /** What an item costs, in units: a number >= 0. Default: 1 each. */
  readonly cost?: ((item: A) => number) | undefined
  /** What happens to an item that comes too early: it waits, and the input with it (default), or it is dropped and counted. */
  readonly mode?: 'shape' | 'drop' | undefined
}

interface Rate {
  readonly cost: ((item: unknown) => number) | undefined
  readonly msPerUnit: number
  readonly burst: number
  readonly mode: 'shape' | 'drop'
  readonly onError: PlainPolicy
}

/** Items that gather before they are sent. */
const GATHERED = 512
/** A timer that is late holds back what is due meanwhile; so much of it goes at once then, in milliseconds, and the rate is kept. */
const LATENESS_MS = 20
/** An item that is early by no more than this, in milliseconds, is early by how sums of fractions are rounded, and on time. */
const ROUNDING_MS = 1e-6

const costOf = (cost: (item: unknown) => number, item: unknown): number => {
  const units: unknown = cost(item)
  if (typeof units === 'number' && units >= 0 && units < Infinity) return units
  throw new RangeError(`throttle: cost must answer a number >= 0, not ${typeof units === 'number' ? units : typeof units}`)
}

const throttling =
  ({ cost, msPerUnit, burst, mode, onError }: Rate) =>
  async ({ context, bell, time, wake }: AtHand): Promise<void> => {
    const { signal, inlets, outlets } = context
    const feed = new Feed(inlets[0]!, bell)
    const refusals = new Refusals(context, onError)
    let head: { readonly item: unknown; readonly units: number } | undefined
    let fullAt = -Infinity
    let since = time.now()

    const look = (): void => {
      const item = feed.next()
      try {
        head = { item, units: cost === undefined ? 1 : costOf(cost, item) }
      } catch (error) {
        refusals.refuse(item, feed.taken - 1, error)
      }
    }

    /** Lets pass what is due, and drops what may not wait. Answers when the first in line is due, if it waits. */
    const pass = (out: unknown[], now: number): number | undefined => {
      while (out.length < GATHERED && refusals.letter === undefined) {
        if (head === undefined) {
          if (!feed.want()) return undefined
          look()
          continue
        }
        const base = Math.max(fullAt, since)
        const due = base + (head.units - burst) * msPerUnit
        if (due <= now + ROUNDING_MS) {
          out.push(head.item)
          fullAt = base + head.units * msPerUnit
          since = Math.max(since, due, now - LATENESS_MS)
        } else if (mode === 'shape') return due
        else context.dropped(1)
        head = undefined
      }
      return undefined
    }

    for (;;) {
      signal.throwIfAborted()
      const now = time.now()
      if (head === undefined && !feed.want()) {
        if (feed.over) return
        await bell.next()
        since = time.now()
        continue
      }
      if (mode === 'drop') since = now
      const out: unknown[] = []
      const due = pass(out, now)
      if (out.length > 0) {
        if (!(await outlets[0]!.push(out))) return
        const sent = time.now()
        if (sent - now > LATENESS_MS) since = sent // the reader held the line back, not the rate
      } else if (refusals.letter !== undefined) await refusals.taken()
      else if (due !== undefined) {
        wake.at(due)
        context.underWay?.(true)
        await bell.next()
        context.underWay?.(false)
      }
    }
  }

/**
 * Lets through `units` per `perMs`, and after a pause up to `burst` at once. Items cost 1 each, or what `cost` answers; one that
 * costs more than `burst` waits for what it costs beyond, and in mode `'drop'` never passes.
 *
 * What a late timer has held back goes as soon as it has rung, so a rate of more than one item per millisecond is kept too.
 *
 * **Order**   kept
 * **Cost**    two comparisons per item and one timer at a time; the items cross to the event loop
 * **Errors**  an item that `cost` throws on, or for which it answers no number >= 0, is handled by `onError`; items dropped are
 *             counted in the report
 * **Memory**  one batch of the input
 * **Source**  the generic cell rate algorithm (ITU-T I.371); Pekko and Effect `throttle`
 * @example
 * await from(urls).pipe(throttle({ units: 1000, burst: 100 })).toArray() // => urls
 */
export const throttle = <A>(options: ThrottleOptions<A>): Flow<A, A> => {
  stageOptions('throttle', options)
  const units = positive('units', options.units)
  const perMs = positive('perMs', milliseconds('throttle', 'perMs', options.perMs ?? 1000, 0))
  const mode = oneOf('throttle', 'mode', options.mode ?? 'shape', ['shape', 'drop'])
  const burst = positive('burst', options.burst ?? 1)
  const { cost } = options
  if (cost !== undefined) callable('throttle', 'cost', cost)
  if (cost !== undefined && mode === 'drop' && options.burst === undefined) {
    throw argumentError(
      'type',
      "throttle: with cost and mode 'drop' a burst is needed",
      'got none',
      'give at least what the dearest item costs: one that costs more never passes'
    )
  }
  const onError = plainPolicy('throttle', options.onError)
  const rate: Rate = { cost: cost as Rate['cost'], msPerUnit: perMs / units, burst, mode, onError }
  const spec = processSpec('throttle', atHand(throttling(rate)), options, { units, perMs, burst, mode })
  return flowOf(cost === undefined ? passesAll(spec) : { ...spec, passes: 'items' }, options.name)
}

const positive = (name: string, value: unknown): number => {
  const number = numberFrom('throttle', name, value, 0)
  if (number > 0 && number < Infinity) return number
  throw argumentError('range', `throttle: ${name} must be a number > 0`, `got ${number}`, 'correct the argument')
}

/**
 * Gives what a function makes of an item back to the function, as long as it asks for that: a loop in a graph that has none.
 *
 *     in   /a-----------/b--|       fn(/a) ▶ { emit: [/a], again: [/a/x] }     fn(/a/x) ▶ { emit: [/a/x] }
 *     out  ---/a--/a/x------/b--|
 *     lane async               state the items that wait for their turn, at most maxWaiting, and the calls in flight
 *
 * The newest item has its turn first (depth first), so that what waits is as much as one item makes, times how deep it goes; new input
 * is taken when nothing waits. It ends when the input has ended, nothing waits and no call is in flight. It is for one function; stages
 * that are gone through again, on whatever lanes, are `feedback`'s.
 */
import { stageFailed } from '../error/wording-run.ts'
import type { FunctionOptions, OnError } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { atHand, type AtHand } from './waiting/at-hand.ts'
import { Calls, DEAD, DONE, DROPPED, FAILED, STOPPED, isThenable, OPEN, placeOf, type CallContext, type Place } from './waiting/calls.ts'
import { callable, milliseconds, policyOf, stageOptions, wholeNumber } from './check.ts'
import { Feed } from './waiting/feed.ts'
import { processSpec } from './process.ts'

/** What has come of an item: what leaves, and what has its turn again. */
export interface Recursion<A, B> {
  readonly emit?: readonly B[] | undefined
  readonly again?: readonly A[] | undefined
}

export interface RecurseOptions extends FunctionOptions {
  /** Items that wait for their turn again, at most; one more is an error. A whole number >= 1. Default 10 000. */
  readonly maxWaiting?: number | undefined
  /** Calls in flight at most. A whole number >= 1. Default 16. */
  readonly concurrency?: number | undefined
  /** The longest that one call may take, in milliseconds; then it has failed, with `ERR_MILLRACE_TIMEOUT`. Default: no limit. */
  readonly timeoutMs?: number | undefined
}

interface Plan {
  readonly fn: (item: unknown, context: CallContext) => unknown
  readonly maxWaiting: number
  readonly concurrency: number
  readonly timeoutMs: number | undefined
  readonly onError: OnError
}

/** An item and the number of the item of the input that it comes of. */
interface Waiting {
  readonly item: unknown
  readonly index: number
}

const GATHERED = 512
/** Calls that answer at once, before the others are looked at. */
const TURNS = 256

const full = (max: number): RangeError =>
  Object.assign(new RangeError(`recurse: more than ${max} items wait for their turn again (maxWaiting); raise it if memory allows, or answer fewer at a time`), {
    code: 'ERR_MILLRACE_STATE_FULL'
  })

const recursionOf = (value: unknown): Recursion<unknown, unknown> => {
  const { emit, again } = (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : { emit: '' }) as { readonly emit?: unknown; readonly again?: unknown }
  if ((emit === undefined || Array.isArray(emit)) && (again === undefined || Array.isArray(again))) {
    return { emit: emit as readonly unknown[] | undefined, again: again as readonly unknown[] | undefined }
  }
  throw new TypeError('recurse: fn must answer { emit?: [...], again?: [...] }')
}

const recursing =
  ({ fn, maxWaiting, concurrency, timeoutMs, onError }: Plan) =>
  async ({ context, bell }: AtHand): Promise<void> => {
    const { signal, inlets, outlets } = context
    const feed = new Feed(inlets[0]!, bell)
    const waiting: Waiting[] = []
    const settled: Place[] = []
    let inFlight = 0
    let out: unknown[] = []

    const calls = new Calls(signal, {
      stage: context.stage,
      // an answer of the wrong kind is the call's failure, so that the policy is asked about it
      fn: (item, call) => {
        const answer = fn(item, call)
        return isThenable(answer) ? Promise.resolve(answer).then(recursionOf) : recursionOf(answer)
      },
      timeoutMs,
      onError,
      settled: (place) => {
        settled.push(place)
        bell.ring()
      }
    })

    const answered = (answer: unknown, index: number): void => {
      const { emit = [], again = [] } = answer as Recursion<unknown, unknown>
      for (const item of emit) out.push(item)
      if (waiting.length + again.length > maxWaiting) throw stageFailed(context.stage, context.site, { index }, full(maxWaiting))
      for (let i = again.length - 1; i >= 0; i--) waiting.push({ item: again[i], index }) // the first of them has its turn first
    }

    let stoppedAt = Infinity // the item of the input that has ended it

    const stop = ({ item, value, index, tries }: Place): void => {
      stoppedAt = index
      waiting.splice(0, Infinity, ...waiting.filter((one) => one.index < index))
      context.stop(item, value, index, tries + 1)
    }

    const settle = async (place: Place): Promise<void> => {
      inFlight--
      if (place.index >= stoppedAt) return
      if (place.state === DONE) answered(place.value, place.index)
      else if (place.state === STOPPED) stop(place)
      else if (place.state === FAILED) throw stageFailed(context.stage, context.site, { index: place.index }, place.value)
      else if (place.state === DROPPED) context.skipped(1)
      else if (place.state === DEAD) await context.deadLetter(place.item, place.value, place.index)
    }

    const next = (): Waiting | undefined => waiting.pop() ?? (feed.want() ? { index: feed.taken, item: feed.next() } : undefined)

    const begin = async ({ item, index }: Waiting): Promise<void> => {
      const place = calls.start(item, index)
      inFlight++
      if (place === undefined) await settle(placeOf(item, index, DONE, calls.value))
      else if (place.state !== OPEN) await settle(place)
    }

    const flush = async (): Promise<boolean> => {
      if (out.length === 0) return true
      const items = out
      out = []
      return outlets[0]!.push(items)
    }

    try {
      for (let turns = 1; ; turns++) {
        signal.throwIfAborted()
        for (let place = settled.shift(); place !== undefined; place = settled.shift()) await settle(place)
        if ((out.length >= GATHERED || turns % TURNS === 0) && !(await flush())) return
        const item = inFlight < concurrency ? next() : undefined
        context.underWay?.(inFlight > 0 || item !== undefined)
        if (item !== undefined) {
          await begin(item)
          continue
        }
        if (settled.length > 0) continue
        if (!(await flush())) return
        if (feed.over && inFlight === 0 && waiting.length === 0) return
        await bell.next()
      }
    } finally {
      await calls.close()
    }
  }

/**
 * Calls `fn` with every item and, again, with each of the items that it answers in `again`; emits what it answers in `emit`. For what is
 * found by following: pages that name the next one, directories, links, work that has to be split.
 *
 * **Order**   of one call at a time (`concurrency: 1`) depth first, the first of `again` first; else as the calls answer
 * **Cost**    on the event loop: a call and a place per turn
 * **Errors**  what `fn` throws or rejects with, a call that takes longer than `timeoutMs` and an answer of another kind are handled by
 *             `onError`; the position is that of the item of the input. More than `maxWaiting` that wait are `ERR_MILLRACE_STATE_FULL`.
 *             A function that always asks again never ends: cancel the run, or put `take` behind
 * **Memory**  `maxWaiting` items, and the calls in flight
 * **Source**  RxJS `expand`; feedback loops of Pekko's graphs; Effect `paginate`
 * @example
 * const pages = recurse(async (page: number) => ({ emit: [`page ${page}`], again: page < 3 ? [page + 1] : [] }))
 * await from([1]).pipe(pages).toArray() // => ['page 1', 'page 2', 'page 3']
 */
export const recurse = <A, B>(
  fn: (item: A, context: CallContext) => Recursion<A, B> | PromiseLike<Recursion<A, B>>,
  options: RecurseOptions = {}
): Flow<A, B> => {
  callable('recurse', 'fn', fn)
  stageOptions('recurse', options)
  const maxWaiting = wholeNumber('recurse', 'maxWaiting', options.maxWaiting ?? 10_000, 1)
  const concurrency = wholeNumber('recurse', 'concurrency', options.concurrency ?? 16, 1)
  const timeoutMs = options.timeoutMs === undefined ? undefined : milliseconds('recurse', 'timeoutMs', options.timeoutMs, 1)
  const plan: Plan = { fn: fn as Plan['fn'], maxWaiting, concurrency, timeoutMs, onError: policyOf('recurse', options.onError) }
  const spec = processSpec('recurse', atHand(recursing(plan)), options, { maxWaiting, concurrency })
  return flowOf({ ...spec, holds: `items that have their turn again, at most ${maxWaiting}` }, options.name)
}

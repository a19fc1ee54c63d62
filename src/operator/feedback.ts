/**
 * Leads part of what a flow makes back to its beginning, until nothing is left in it: a loop in the graph.
 *
 *     in    3-----1--|     body ▶ left(n - 1), or right('done') at 0
 *     body  3-2-1-0-1-0-|
 *     out   -------done-done|
 *     lane async               state the items that wait to go round, at most capacity; the body is where its stages are
 *
 *     in ──▶ entry ──▶ body, on whatever lanes ──▶ exit ── right ──▶ out
 *              ▲─────────── back edge ─────────────┘ left
 *
 * The back edge is no channel of the plan but a queue that both ends know, so the graph has no circle and nothing waits for room in it: the
 * entry takes what waits there first, lets new input in only while there is half of the room, and what finds it full is an error. The end
 * is known by looking (exec/loops.ts): the input has ended, nothing waits to go round, and no stage of the body will move by itself.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { Either } from 'fp-ts/lib/Either.js'
import { argumentError, PipelineError } from '../error/pipeline-error.ts'
import { loopEnded, stageFailed } from '../error/wording-run.ts'
import { Source, type Flow } from '../graph/source.ts'
import type { LoopEnd, ProcessContext, ProcessSpec } from '../graph/spec.ts'
import { makeStage } from '../graph/stage.ts'
import { weather } from '../prelude/weather.ts'
import { atHand, type AtHand } from './waiting/at-hand.ts'
import { BackEdge } from './back-edge.ts'
import { callable, optionsObject, stageOptions, wholeNumber } from './check.ts'
import { Feed } from './waiting/feed.ts'
import { processSpec } from './process.ts'
import { plainPolicy, Refusals, type PlainPolicy, type WaitingOptions } from './refusals.ts'

export interface FeedbackOptions extends WaitingOptions {
  /**
   * Items that wait to go round again, at most; one more is an error. New input waits while half as many items are in the loop. A whole
   * number >= 1.
   */
  readonly capacity: number
  /** What becomes of an item that cannot go round again: the loop is full, or its body's input has ended. Default `'fail'`. */
  readonly onError?: PlainPolicy | undefined
}

/** Items that go into the body together. */
const TOGETHER = 512
/** After so long without a turn the event loop gets one, in milliseconds: a body that never waits would go round for ever without. */
const TURN_MS = 8

const backEdge = ({ loop }: ProcessContext, capacity: number): BackEdge => loop!.shared(() => new BackEdge(capacity))

/** Sends into the body what comes back, then what comes in; ends it when there will be neither. */
const entering =
  (capacity: number) =>
  async ({ context, bell }: AtHand): Promise<void> => {
    const { signal, inlets, outlets, loop } = context
    const feed = new Feed(inlets[0]!, bell)
    const back = backEdge(context, capacity)
    let still = false
    let lastTurn = performance.now()
    const turnMs = weather() === undefined ? TURN_MS : Infinity // where a test decides whose turn it is, nothing goes by the machine's time
    back.moved = () => { bell.ring() }

    const next = (): readonly unknown[] => {
      if (back.waiting > 0) return back.take(TOGETHER)
      return back.room > 0 && feed.want() ? feed.take(Math.min(TOGETHER, back.room)) : []
    }

    try {
      for (;;) {
        signal.throwIfAborted()
        const items = next()
        if (items.length > 0) {
          context.underWay?.(true)
          back.sent(items.length)
          if (!(await outlets[0]!.push(items))) return
          if (performance.now() - lastTurn > turnMs) {
            await turn()
            lastTurn = performance.now()
          }
          still = false // it was so before these
          continue
        }
        context.underWay?.(feed.size > 0) // it has something to send, once it may
        if (still) {
          still = false
          if (feed.over) {
            back.body = 'flushing'
            return
          }
          back.emptied()
          continue
        }
        if (feed.over || back.room === 0) {
          loop!.whenStill(() => {
            still = true
            bell.ring()
          })
        }
        await bell.next()
      }
    } finally {
      if (back.body === 'open') back.body = 'left'
    }
  }

const full = (capacity: number): RangeError =>
  Object.assign(new RangeError(`feedback: more than ${capacity} items wait to go round again (capacity); raise it if memory allows, or let the body make fewer of one`), {
    code: 'ERR_MILLRACE_STATE_FULL'
  })

const isEither = (value: unknown): value is Either<unknown, unknown> => {
  const tag = typeof value === 'object' && value !== null ? (value as { readonly _tag?: unknown })._tag : undefined
  return tag === 'Left' || tag === 'Right'
}

/** Sends back, or on, what comes out of the body. */
const leaving =
  (capacity: number, onError: PlainPolicy) =>
  async (context: ProcessContext): Promise<void> => {
    const { inlets, outlets, stage, site } = context
    const back = backEdge(context, capacity)
    const refusals = new Refusals(context, onError)
    let index = 0
    context.gauges?.(() => ({ again: back.again, waiting: back.waiting, inLoop: back.inLoop }))

    /** Answers why it cannot go round again. */
    const again = (item: unknown): Error | undefined => {
      if (back.body === 'left') return undefined // a stage of the body has ended by itself, as `take` does: it wants no more
      if (back.body === 'flushing') return loopEnded(stage, site, item)
      return back.put(item) ? undefined : full(capacity)
    }

    for (let batch = await inlets[0]!.pull(); batch !== undefined; batch = await inlets[0]!.pull()) {
      const out: unknown[] = []
      for (const item of batch.items) {
        if (!isEither(item)) throw stageFailed(stage, site, { index }, new TypeError('feedback: the body must answer Left or Right (fp-ts Either)'))
        if (item._tag === 'Right') out.push(item.right)
        else {
          const error = again(item.left)
          if (error instanceof PipelineError && onError === 'fail') throw error
          if (error !== undefined) await refusals.refused(item.left, index, error)
          if (refusals.stopped) break
        }
        index++
      }
      back.came(batch.items.length)
      back.moved()
      if (out.length > 0 && !(await outlets[0]!.push(out))) return
    }
  }

const endSpec = (kind: string, run: ProcessSpec['run'], loop: LoopEnd, options: WaitingOptions = {}): ProcessSpec => ({
  ...processSpec(kind, run, options, { capacity: loop.capacity }),
  loop
})

/**
 * Sends every item through `body`, and what the body answers with `Left` through it again; what it answers with `Right` leaves. The body is
 * any flow: its stages fuse, run on workers, wait, drop items or make several of one.
 *
 * It ends when the input has ended, nothing waits to go round and no stage of the body moves by itself: calls, timers and morsels under way
 * are waited for. Then the body's input ends. What a stage has held until then and now lets go (a `batch` without `maxMs`, `sort`, an
 * aggregate) may leave, but not go round again: that is an error, which shows the item, or what `onError` says. A body that ends by itself, as with `take`, ends
 * the loop: it wants no more, of what goes round either. A run that drains lets items go round until none is left. `rx` cannot stand in a loop, since nobody knows what its operators wait for.
 *
 * **Order**   items that go round have their turn before new ones; between rounds there is no order
 * **Cost**    two crossings to the event loop per round; the body is as fast as it is elsewhere. To know that it is still costs a turn of the
 *             event loop, at the end and whenever a body that drops items has had half of `capacity` of them
 * **Errors**  more than `capacity` that wait to go round are `ERR_MILLRACE_STATE_FULL`; a body that answers at most one item for one, and
 *             holds none for long, never has so many. `ERR_MILLRACE_LOOP_ENDED` for an item that comes back when the body's input has
 *             ended. With `onError: 'deadLetter'` such items are set aside, and the loop goes on: `replay` gives them to another run.
 *             Positions in the body count its items, those that go round too
 * **Memory**  `capacity` items, and what the stages of the body hold
 * **Source**  Flink `iterate`; feedback loops of Pekko's graphs; Timely's loops, which know their end by counting. For one function `recurse`
 *             is simpler, and goes depth first
 * @example
 * import { left, right } from 'fp-ts/Either'
 * const halve = map((n: number) => (n > 9 ? left(n >> 1) : right(n)))
 * await from([5, 40]).pipe(feedback(halve, { capacity: 100 })).toArray() // => [5, 5]
 */
export const feedback = <A, B>(body: Flow<A, Either<A, B>>, options: FeedbackOptions): Flow<A, B> => {
  if (typeof body !== 'object' || (body as unknown) === null) {
    throw argumentError('type', 'feedback: body must be a flow', `got ${body === null ? 'null' : typeof body}`, 'pass an operator, or several with compose')
  }
  callable('feedback', 'body.apply', body.apply)
  optionsObject('feedback', options)
  stageOptions('feedback', options)
  const onError = plainPolicy('feedback', options.onError)
  const capacity = wholeNumber('feedback', 'capacity', options.capacity, 1)
  const { name } = options
  return {
    apply: (source) => {
      const id = Symbol('loop') // each use is a loop of its own
      const entry = endSpec('feedback.entry', atHand(entering(capacity)), { id, end: 'entry', capacity })
      const begin = makeStage(entry, [source.port], name === undefined ? undefined : `${name}.entry`)
      const answered = body.apply(new Source<A>({ stage: begin, outlet: 0 }))
      const exit: ProcessSpec = {
        ...endSpec('feedback', leaving(capacity, onError), { id, end: 'exit', capacity }, options),
        holds: `items that go round again, at most ${capacity}`
      }
      return new Source<B>({ stage: makeStage(exit, [answered.port], name), outlet: 0 })
    }
  }
}

/**
 * Marble diagrams: sources that are drawn, and outputs that are compared with a drawing, in virtual time.
 *
 *     cold('a-b-c---|') ── debounce({ ms: 3 }) ──▶ expectMarbles '-------c|'           one frame is one millisecond
 *
 * Items of one group come as one batch. Called by tests, through the door `millrace/testing`.
 */
import { isDeepStrictEqual } from 'node:util'
import { pipeline } from '../exec/pipeline.ts'
import { sinkOf, sourceOf, type Source } from '../graph/source.ts'
import type { SourceCursor } from '../graph/spec.ts'
import { clock, withClock, type Alarm } from '../prelude/clock.ts'
import { VirtualClock } from '../task/time/virtual-clock.ts'
import { parseMarbles, writeMarbles, type MarbleEvent } from './diagram.ts'
import { say, unmet } from './expect.ts'

/** What the characters of a diagram stand for; those that are not in it stand for themselves. */
export type Marbles<A> = Readonly<Record<string, A>>

/** Frames for which a stream may go on behind the end that was expected of it, so that the message can tell what it does. */
const BEHIND = 1000

class Drawn implements SourceCursor {
  readonly #events: readonly MarbleEvent[]
  readonly #clock = clock()
  readonly #began = this.#clock.now()
  #at = 0
  #alarm: Alarm | undefined
  #giveUp: (() => void) | undefined

  constructor(events: readonly MarbleEvent[]) {
    this.#events = events
  }

  async pull(): Promise<{ readonly items: readonly unknown[] } | undefined> {
    const event = this.#events[this.#at]
    if (event === undefined) return this.#until(Infinity)
    await this.#until(this.#began + event.at)
    if (event.type === 'end') return undefined
    if (event.type === 'error') throw event.error
    const items: unknown[] = []
    for (let next: MarbleEvent | undefined = event; next?.type === 'item' && next.at === event.at; next = this.#events[++this.#at]) items.push(next.value)
    return { items }
  }

  close(): void {
    this.#alarm?.cancel()
    this.#giveUp?.()
  }

  #until(instant: number): Promise<undefined> {
    if (instant <= this.#clock.now()) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      this.#giveUp = () => {
        resolve(undefined)
      }
      this.#alarm = this.#clock.at(instant, this.#giveUp)
    })
  }
}

/**
 * A source that emits what a diagram draws, from the moment at which a run opens it, by the clock of the run. Without `|` or `#` it
 * does not end. Every run, and every use in one pipeline behind another `cold(…)` call, begins anew.
 *
 * | in the diagram | means |
 * |---|---|
 * | `-` | a frame of 1 millisecond in which nothing happens |
 * | `(ab)` | a and b at the frame of the bracket, in one batch; as long as its text |
 * | `\|` `#` | the end; the failure |
 * | ` 10ms `, ` 2s `, ` 1m ` | so much time, between spaces |
 * | any other character | the value that it stands for, and a frame |
 *
 * **Errors**  RangeError (ERR_MILLRACE_ARGUMENT) for a text that is no diagram; `#` fails with `error`, by default a new Error
 * **Source**  RxJS `cold` and its marble syntax, without `^` and `!`
 * @example
 * await withVirtualTime(() => cold('a-b|', { a: 1, b: 2 }).toArray({ workers: 0 })) // => [1, 2]
 */
export function cold(diagram: string): Source<string>
export function cold<A>(diagram: string, values: Marbles<A>, error?: unknown): Source<A>
export function cold<A>(diagram: string, values: Marbles<A> = {}, error: unknown = new Error('the # of a diagram')): Source<A> {
  const { events } = parseMarbles(diagram, values, error)
  return sourceOf<A>({ role: 'source', kind: 'cold', args: { diagram }, open: () => new Drawn(events) })
}

/** Runs a source until it ends or `until`, and writes down what leaves it, and when. */
const recorded = async (source: Source<unknown>, until: number): Promise<readonly MarbleEvent[]> => {
  const time = clock()
  const began = time.now()
  const events: MarbleEvent[] = []
  const stopped = new AbortController()
  const sink = sinkOf<unknown, undefined>({
    role: 'sink',
    kind: 'marbles',
    args: {},
    accepts: 'items',
    open: () => ({
      write: (items) => {
        const at = time.now() - began
        for (const value of items) events.push({ at, type: 'item', value })
      },
      finish: () => void events.push({ at: time.now() - began, type: 'end' }),
      abort: () => undefined
    })
  })
  const late = time.at(began + until, () => {
    stopped.abort(new Error('the frames of the diagram are over'))
  })
  const failed = (error: unknown): void => {
    if (!stopped.signal.aborted) events.push({ at: time.now() - began, type: 'error', error })
  }
  await pipeline({ out: source.to(sink) }).run({ workers: 0, signal: stopped.signal }).done.catch(failed)
  late.cancel()
  return events
}

/** Whether an error is the one of a diagram: by its code, or itself or its cause by comparison. */
const isError = (got: unknown, wanted: unknown): boolean => {
  if (wanted === undefined) return true
  const { code, cause } = (got ?? {}) as { readonly code?: unknown; readonly cause?: unknown }
  return code === wanted || isDeepStrictEqual(got, wanted) || isDeepStrictEqual(cause, wanted)
}

const agree = (got: MarbleEvent | undefined, wanted: MarbleEvent | undefined): boolean => {
  if (got?.type !== wanted?.type || got?.at !== wanted?.at) return false
  if (got?.type === 'item' && wanted?.type === 'item') return isDeepStrictEqual(got.value, wanted.value)
  return got?.type !== 'error' || wanted?.type !== 'error' || isError(got.error, wanted.error)
}

const sayEvent = (event: MarbleEvent | undefined): string => {
  if (event === undefined) return 'nothing more'
  if (event.type === 'item') return `${say(event.value)} at ${event.at}`
  return event.type === 'end' ? `the end at ${event.at}` : `an error${event.error === undefined ? '' : ` (${say(event.error)})`} at ${event.at}`
}

/** A character for each item: that of the values, its own, or the first free letter; told behind the diagram. */
const naming = (values: Marbles<unknown>): { readonly nameOf: (value: unknown) => string; readonly legend: () => string } => {
  const named = Object.entries(values)
  const added: [string, unknown][] = []
  const free = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ').filter((letter) => !Object.hasOwn(values, letter))
  return {
    nameOf: (value) => {
      const found = [...named, ...added].find(([, known]) => isDeepStrictEqual(known, value))
      if (found !== undefined) return found[0]
      if (typeof value === 'string' && value.length === 1 && !Object.hasOwn(values, value)) return value
      const name = free.shift() ?? '?'
      added.push([name, value])
      return name
    },
    legend: () => (added.length === 0 ? '' : ` with ${added.map(([name, value]) => `${name} = ${say(value)}`).join(', ')}`)
  }
}

/**
 * Runs a source in virtual time on the caller's loop, and compares what leaves it, and when, with a diagram: the syntax of
 * {@link cold}. Items are compared deeply and strictly. A diagram without `|` and `#` draws a stream that goes on: it is left
 * behind the last frame. `#` stands for any failure, or, with `error`, for one of that code, or that is it or has it as cause.
 *
 * Within {@link withVirtualTime} it goes by the time of the test, from its present instant.
 *
 * **Errors**  AssertionError that shows both diagrams and where they part
 * @example
 * await expectMarbles(cold('a-b-c---|').pipe(debounce({ ms: 3 })), '-------c|')
 */
export const expectMarbles = async <A>(source: Source<A>, diagram: string, values: Marbles<A> = {}, error?: unknown): Promise<void> => {
  const wanted = parseMarbles(diagram, values, error)
  const last = wanted.events.at(-1)
  const endless = last === undefined || last.type === 'item'
  const until = endless ? wanted.length : wanted.length + BEHIND
  const now = clock()
  const run = (): Promise<readonly MarbleEvent[]> => recorded(source, until)
  const got = now instanceof VirtualClock && now.paused ? await run() : await withClock(new VirtualClock({ paused: true }), run)
  const most = Math.max(got.length, wanted.events.length)
  for (let i = 0; i < most; i++) {
    if (agree(got[i], wanted.events[i])) continue
    const { nameOf, legend } = naming(values)
    throw unmet({
      where: 'expectMarbles',
      expected: `\n  ${diagram}\n`,
      got: `\n  ${writeMarbles(got, nameOf)}${legend()}\n`,
      hint: `they part at event ${i + 1}: expected ${sayEvent(wanted.events[i])}, got ${sayEvent(got[i])}`,
      values: { actual: got, expected: wanted.events }
    })
  }
}

/**
 * Sources of what a program already has: lists, iterables, async iterables, Observables, Node and web streams.
 *
 * All are pulled by the event loop that called `run`, in batches, lazily, and closed when nobody wants more: `return()` is
 * called, streams are destroyed, subscriptions ended. Exports `from` and `fromObservable`.
 */
import type { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import type { Observable, Subscribable } from 'rxjs'
import { notASource, sourceUsed, stringAsSource } from '../../error/wording-sources.ts'
import type { StageOptions } from '../../graph/options.ts'
import { Source, sourceOf } from '../../graph/source.ts'
import type { ItemBatch, RunContext, SourceCursor } from '../../graph/spec.ts'
import { stageOptions } from '../../operator/check.ts'
import { boundOf, DEFAULT_BOUND, type HoldOptions } from '../../operator/held.ts'
import { HOLD, STAGE } from '../option-names.ts'
import { StreamPull } from '../stream-pull.ts'
import { Gathering } from './gather.ts'
import { Hold } from './hold.ts'
import { cursorOf } from './nested.ts'

/** Members of a list that are taken at a time: copying them costs nothing. */
const LIST_BATCH = 4096
/** Most items that are taken from an iterator at a time, and how many at first. */
const BATCH = 512
const FIRST_BATCH = 16
/** A batch should not take longer than this to make, in milliseconds. */
const BATCH_MS = 2

/** How to hold the items of an Observable that arrive faster than the run takes them. */
export interface FromObservableOptions extends StageOptions, HoldOptions {}

/** Iterators and streams that a run has been given: they do not begin anew. */
const used = new WeakSet<object>()

const once = (thing: object, stage: string, what: string): void => {
  if (used.has(thing)) throw sourceUsed(stage, what)
  used.add(thing)
}

const listCursor = (list: readonly unknown[]): SourceCursor => {
  let at = 0
  return {
    pull: () => {
      if (at >= list.length) return undefined
      const items = list.slice(at, at + LIST_BATCH)
      at += items.length
      return { items }
    },
    close: () => undefined
  }
}

/** What `next()` of an iterator must answer: otherwise it would have items without end, all of them `undefined`. */
const answered = <R>(result: R): R => {
  if (typeof result === 'object' && result !== null) return result
  throw new TypeError(`next() of the iterator has answered ${String(result)}, which is no object with value and done`)
}

const iteratorCursor = (iterable: Iterable<unknown>, stage: string): SourceCursor => {
  const iterator = iterable[Symbol.iterator]()
  if ((iterator as unknown) === iterable) once(iterable, stage, 'an iterator')
  let size = FIRST_BATCH
  let over = false
  /** What it threw, behind items that are on their way. */
  let failure: { readonly error: unknown } | undefined
  const pull = (): ItemBatch | undefined => {
    if (failure !== undefined) throw failure.error
    if (over) return undefined
    const items: unknown[] = []
    const began = performance.now()
    over = true // should it throw: an iterator that has thrown is not closed
    try {
      while (items.length < size) {
        const next = answered(iterator.next())
        if (next.done === true) return items.length === 0 ? undefined : { items }
        items.push(next.value)
      }
    } catch (error) {
      if (items.length === 0) throw error
      failure = { error }
      return { items }
    }
    over = false
    const took = performance.now() - began
    size = took > BATCH_MS ? Math.max(1, size >> 1) : Math.min(BATCH, size * 2)
    return { items }
  }
  return {
    pull,
    close: () => {
      if (!over) iterator.return?.()
      over = true
    }
  }
}

const asyncCursor = (iterable: AsyncIterable<unknown>, stage: string): SourceCursor => {
  const iterator = iterable[Symbol.asyncIterator]()
  if ((iterator as unknown) === iterable) once(iterable, stage, 'an async iterator')
  return new Gathering({
    next: async () => answered(await iterator.next()),
    stop: async () => iterator.return?.(),
    stopsNext: false
  })
}

const nodeCursor = (stream: Readable, stage: string): SourceCursor => {
  once(stream, stage, 'a stream')
  const pulling = new StreamPull(stream, stage)
  return {
    pull: async () => {
      const items = await pulling.all()
      return items === undefined ? undefined : { items }
    },
    close: () => pulling.destroy()
  }
}

const webCursor = (stream: ReadableStream<unknown>, stage: string): SourceCursor => {
  if (stream.locked) throw sourceUsed(stage, 'a stream')
  const reader = stream.getReader()
  return new Gathering({
    next: async () => reader.read(),
    stop: () => reader.cancel(new Error('nobody reads any more')),
    stopsNext: true
  })
}

interface Shapes {
  readonly subscribe?: unknown
  readonly getReader?: unknown
  readonly read?: unknown
  readonly on?: unknown
  readonly pause?: unknown
  readonly [Symbol.iterator]?: unknown
  readonly [Symbol.asyncIterator]?: unknown
}

const isFunction = (value: unknown): boolean => typeof value === 'function'

/** By shape, not by class: programs may hold several copies of RxJS, and streams of other realms. */
const opener = (input: unknown): ((context: RunContext) => SourceCursor | Promise<SourceCursor>) => {
  if (typeof input === 'string') throw stringAsSource()
  if (input === null || (typeof input !== 'object' && typeof input !== 'function')) throw notASource(input)
  const shapes = input as Shapes
  if (Array.isArray(input)) return () => listCursor(input as readonly unknown[])
  if (isFunction(shapes.read) && isFunction(shapes.on) && isFunction(shapes.pause)) return ({ stage }) => nodeCursor(input as Readable, stage)
  if (isFunction(shapes.getReader)) return ({ stage }) => webCursor(input as ReadableStream<unknown>, stage)
  if (isFunction(shapes.subscribe)) return (context) => new Hold(input as Subscribable<unknown>, DEFAULT_BOUND, context)
  if (input instanceof Source) return (context) => cursorOf(input, context)
  if (isFunction(shapes[Symbol.asyncIterator])) return ({ stage }) => asyncCursor(input as AsyncIterable<unknown>, stage)
  if (isFunction(shapes[Symbol.iterator])) return ({ stage }) => iteratorCursor(input as Iterable<unknown>, stage)
  throw notASource(input)
}

/**
 * A source of the items of an iterable, an async iterable, an Observable, a Node Readable or a web ReadableStream.
 *
 * Items are taken lazily, a few hundred ahead at most: an endless generator is fine. A list or a `Set` can be run again; an
 * iterator or a stream once. A Node Readable's items are what it emits (`from<Buffer>(stream)` says which); an Observable's
 * are held as by {@link fromObservable} with its defaults. Text is refused: it would become a source of characters.
 *
 * **Cost**    items that go on to the pool are copied there in frames; for files, `fs.lines` reads in the workers
 * **Errors**  what the iterator, stream or Observable throws ends the run, after the items before it;
 *             ERR_MILLRACE_SOURCE_USED when an iterator or a stream is run a second time
 * @example
 * await from([1, 2, 3]).toArray() // => [1, 2, 3]
 */
export function from<A = unknown>(input: Readable, options?: StageOptions): Source<A>
export function from<A>(
  input: Iterable<A> | AsyncIterable<A> | ReadableStream<A> | Observable<A> | Subscribable<A>,
  options?: StageOptions
): Source<A>
export function from(input: unknown, options: StageOptions = {}): Source<unknown> {
  stageOptions('from', options, STAGE)
  return sourceOf<unknown>({ role: 'source', kind: 'from', args: {}, open: opener(input) }, options.name)
}

/**
 * A source of the items of an Observable. Each run subscribes anew, and unsubscribes when it ends.
 *
 * **Memory**  `capacity` items. RxJS has no demand signal: an Observable that emits faster than the run reads, or more than
 *             `capacity` items in one go (`of(...many)`), fills the buffer, and `overflow` says what happens then
 * **Errors**  the Observable's error ends the run, after the items before it;
 *             ERR_MILLRACE_BUFFER_OVERFLOW under `overflow: 'fail'`
 * @example
 * await fromObservable(of(1, 2, 3)).toArray() // => [1, 2, 3]
 */
export const fromObservable = <A>(observable: Observable<A> | Subscribable<A>, options: FromObservableOptions = {}): Source<A> => {
  if (!isFunction((observable as Shapes | null | undefined)?.subscribe)) throw notASource(observable)
  stageOptions('fromObservable', options, HOLD)
  const bound = boundOf('fromObservable', options)
  const open = (context: RunContext): SourceCursor => new Hold(observable, bound, context)
  return sourceOf<A>({ role: 'source', kind: 'fromObservable', args: { ...bound }, open }, options.name)
}

/**
 * A source as a stream of Node's or of the web's, for libraries that read one.
 *
 *     read() ──▶ next item of the run, at the pace of who reads        destroy(), cancel() ──▶ the run is cancelled
 *
 * Reads the source as `for await` does; a stream begins its run when it is first read.
 */
import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import { argumentError } from '../../error/pipeline-error.ts'
import type { OptionNames } from '../../error/known-options.ts'
import { RUN_OPTIONS, theRunner, type RunOptions } from '../../graph/runner.ts'
import type { Source } from '../../graph/source.ts'
import { optionsObject, sources, wholeNumber } from '../../operator/check.ts'

export interface ToReadableOptions extends RunOptions {
  /** `false` for items that are text or bytes: the stream is then one of bytes. Default `true`: a chunk is an item. */
  readonly objectMode?: boolean | undefined
  /** What the stream reads ahead: items, or bytes with `objectMode: false`. Default: Node's. */
  readonly highWaterMark?: number | undefined
}

export interface ToWebStreamOptions extends RunOptions {
  /** Items that the stream reads ahead. A whole number >= 0. Default 0. */
  readonly highWaterMark?: number | undefined
}

const WEB: OptionNames<ToWebStreamOptions> = { ...RUN_OPTIONS, highWaterMark: 1 }
const READABLE: OptionNames<ToReadableOptions> = { ...WEB, objectMode: 1 }

const nullItem = (): Error =>
  argumentError('type', 'toReadable: null cannot be an item of a Node stream', 'the source emitted null', 'map it to something else, or use toWebStream')

/**
 * A Node Readable of the items of a source. The run begins when the stream is first read, and goes on at the reader's pace; destroying
 * the stream cancels the run, and it is closed when the run has stopped.
 *
 * **Order**   that of the source
 * **Cost**    one promise per item
 * **Errors**  what the run fails with destroys the stream; an item that is `null`, the end of a Node stream, too
 * **Memory**  `highWaterMark` items (or bytes), and what the run holds
 * **Source**  Node `Readable.from`, Pekko `StreamConverters.asInputStream`
 * @example
 * import { text } from 'node:stream/consumers'
 * await text(toReadable(from(['a', 'b']), { objectMode: false })) // => 'ab'
 */
export const toReadable = <A>(source: Source<A>, options: ToReadableOptions = {}): Readable => {
  sources('toReadable', [source], 1)
  optionsObject('toReadable', options, READABLE)
  const { objectMode = true, highWaterMark, ...running } = options
  let items: AsyncIterator<A> | undefined
  let reading = false
  const read = async (stream: Readable): Promise<void> => {
    if (reading) return
    reading = true
    try {
      for (let more = true; more; ) {
        const next = await items!.next()
        if (next.done === true) {
          stream.push(null)
          return
        }
        if (next.value === null) throw nullItem()
        more = stream.push(next.value)
      }
      reading = false
    } catch (error) {
      stream.destroy(error as Error)
    }
  }
  return new Readable({
    objectMode,
    ...(highWaterMark === undefined ? {} : { highWaterMark: wholeNumber('toReadable', 'highWaterMark', highWaterMark, 0) }),
    read() {
      items ??= theRunner().iterate(source, running)
      void read(this)
    },
    destroy(error, done) {
      Promise.resolve(items?.return?.()).then(() => { done(error) }, () => { done(error) })
    }
  })
}

/**
 * A web ReadableStream of the items of a source. The run begins when the stream is first read, and goes on at the reader's pace;
 * cancelling the stream cancels the run, and waits until it has stopped.
 *
 * **Order**   that of the source
 * **Cost**    one promise per item
 * **Errors**  what the run fails with is what the stream fails with
 * **Memory**  `highWaterMark` items, and what the run holds
 * **Source**  WHATWG Streams `ReadableStream.from`
 * @example
 * const items: number[] = []
 * for await (const n of toWebStream(range(0, 3))) items.push(n)
 * items // => [0, 1, 2]
 */
export const toWebStream = <A>(source: Source<A>, options: ToWebStreamOptions = {}): ReadableStream<A> => {
  sources('toWebStream', [source], 1)
  optionsObject('toWebStream', options, WEB)
  const { highWaterMark = 0, ...running } = options
  let items: AsyncIterator<A> | undefined
  return new ReadableStream<A>(
    {
      pull: async (controller) => {
        items ??= theRunner().iterate(source, running)
        const next = await items.next()
        if (next.done === true) controller.close()
        else controller.enqueue(next.value)
      },
      cancel: async () => {
        await items?.return?.()
      }
    },
    { highWaterMark: wholeNumber('toWebStream', 'highWaterMark', highWaterMark, 0) }
  )
}

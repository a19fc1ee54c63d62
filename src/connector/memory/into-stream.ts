/**
 * Sinks that write to streams of Node's or of the web's: each waits while the stream is full, ends it with the input, and destroys it
 * when the run fails.
 *
 *     write … write ─(full)─ drain ─▶ write …        input ended: end(), closed        run failed: destroy(reason)
 *
 * Called by users; the writers by the run. Touches one stream, by its public methods and events.
 */
import type { Writable } from 'node:stream'
import type { WritableStream, WritableStreamDefaultWriter } from 'node:stream/web'
import { argumentError } from '../../error/pipeline-error.ts'
import { sinkCut } from '../../error/wording-sources.ts'
import type { OptionNames } from '../../error/known-options.ts'
import type { StageOptions } from '../../graph/options.ts'
import { sinkOf, type Sink } from '../../graph/source.ts'
import type { RunContext, SinkWriter } from '../../graph/spec.ts'
import { stageOptions } from '../../operator/check.ts'
import { Interruptible } from '../../prelude/interruptible.ts'
import { STAGE } from '../option-names.ts'
import { settleWithin } from '../settle-within.ts'

export interface IntoStreamOptions extends StageOptions {
  /**
   * `false` leaves the stream open, whether the run succeeds or fails: for `process.stdout`, and for several runs into one
   * stream. Default `true`: it is ended with the input, and destroyed when the run fails.
   */
  readonly end?: boolean | undefined
}

const NAMES: OptionNames<IntoStreamOptions> = { ...STAGE, end: 1 }

const ignore = (): void => undefined

class NodeWriter implements SinkWriter<number> {
  readonly #stream: Writable
  readonly #ends: boolean
  readonly #stage: string
  readonly #signal: AbortSignal
  #count = 0
  /** Writes that the stream has not done yet; counted where nobody will hear 'finish'. */
  #under = 0
  #failure: { readonly error: unknown } | undefined
  #wake: () => void = ignore
  #broken: (error: unknown) => void = ignore
  #finishing = false

  constructor(stream: Writable, ends: boolean, { stage, signal }: RunContext) {
    if (stream.writableEnded || stream.destroyed) throw sinkCut(stage)
    this.#stream = stream
    this.#ends = ends
    this.#stage = stage
    this.#signal = signal
    stream.on('drain', this.#onTurn)
    stream.on('finish', this.#onEnd)
    stream.on('close', this.#onEnd)
    stream.on('error', this.#onError)
    signal.addEventListener('abort', this.#onTurn, { once: true })
  }

  readonly #onTurn = (): void => {
    this.#wake()
  }

  readonly #onError = (error: unknown): void => {
    this.#failure ??= { error }
    this.#wake()
    this.#broken(this.#failure.error)
  }

  /** It has finished or closed: before its time, unless the input has ended. */
  readonly #onEnd = (): void => {
    this.#wake()
    if (!this.#finishing) this.#broken(this.#failure?.error ?? this.#stream.errored ?? sinkCut(this.#stage))
  }

  readonly #onDone = (): void => {
    this.#under--
    this.#wake()
  }

  async write(items: readonly unknown[]): Promise<void> {
    for (const item of items) {
      this.#check()
      this.#count++
      if (!this.#ends) this.#under++
      const room = this.#ends ? this.#stream.write(item) : this.#stream.write(item, this.#onDone)
      if (!room) await this.#until(() => !this.#stream.writableNeedDrain)
    }
  }

  watch(broken: (error: unknown) => void): void {
    this.#broken = broken
  }

  async finish(): Promise<number> {
    this.#check()
    this.#finishing = true
    if (this.#ends) this.#stream.end()
    await this.#until(() => (this.#ends ? this.#stream.writableFinished : this.#under === 0))
    this.#leave()
    return this.#count
  }

  async abort(reason: unknown): Promise<void> {
    const stream = this.#stream
    this.#finishing = true
    if (this.#ends) {
      if (!stream.destroyed) stream.destroy(reason instanceof Error ? reason : new Error('the run has failed', { cause: reason }))
      if (!stream.closed) await settleWithin(new Promise<void>((resolve) => stream.once('close', resolve)))
    }
    this.#leave()
  }

  #leave(): void {
    const stream = this.#stream
    stream.off('drain', this.#onTurn)
    stream.off('finish', this.#onEnd)
    stream.off('close', this.#onEnd)
    this.#signal.removeEventListener('abort', this.#onTurn)
    // One that is being destroyed may still tell what for, in a turn of its own, and nobody else would hear it.
    const ended = stream.writableFinished && stream.errored === null
    if (!stream.destroyed || ended) stream.off('error', this.#onError)
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error
    this.#signal.throwIfAborted()
    if (this.#stream.destroyed && !this.#stream.writableFinished) throw this.#stream.errored ?? sinkCut(this.#stage)
    if (this.#stream.writableEnded && !this.#stream.writableFinished && !this.#ends) throw sinkCut(this.#stage)
  }

  async #until(done: () => boolean): Promise<void> {
    while (!done()) {
      this.#check()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#failure !== undefined) throw this.#failure.error
    this.#signal.throwIfAborted()
  }
}

class WebWriter implements SinkWriter<number> {
  readonly #writer: WritableStreamDefaultWriter<unknown>
  readonly #ends: boolean
  readonly #signal: AbortSignal
  readonly #waits = new Interruptible()
  readonly #onAbort = (): void => {
    this.#waits.interrupt()
  }
  #count = 0
  #left = false
  #last: Promise<unknown> = Promise.resolve()

  constructor(stream: WritableStream<unknown>, ends: boolean, { stage, signal }: RunContext) {
    if (stream.locked) throw sinkCut(stage)
    this.#writer = stream.getWriter()
    this.#ends = ends
    this.#signal = signal
    this.#writer.closed.catch(ignore) // told by the write that fails, or by `watch`
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  watch(broken: (error: unknown) => void): void {
    this.#writer.closed.catch((error: unknown) => {
      if (!this.#left) broken(error)
    })
  }

  async write(items: readonly unknown[]): Promise<void> {
    const writer = this.#writer
    for (const item of items) {
      if ((writer.desiredSize ?? 0) <= 0) await this.#wait(writer.ready)
      this.#last = writer.write(item)
      this.#last.catch(ignore) // so is this one
      this.#count++
    }
  }

  async finish(): Promise<number> {
    await this.#wait(this.#ends ? this.#writer.close() : this.#last)
    this.#leave()
    return this.#count
  }

  async abort(reason: unknown): Promise<void> {
    if (this.#ends) await settleWithin(this.#writer.abort(reason))
    this.#leave()
  }

  #leave(): void {
    this.#left = true
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#writer.ready.catch(ignore) // rejects when the lock is let go while the stream is full
    this.#writer.releaseLock()
    this.#writer.closed.catch(ignore)
    this.#writer.ready.catch(ignore)
  }

  async #wait(promise: Promise<unknown>): Promise<void> {
    await this.#waits.wait(promise)
    this.#signal.throwIfAborted()
  }
}

const notAStream = (sink: string, needs: string): Error =>
  argumentError('type', `${sink}: needs ${needs}`, 'it has no such methods', 'pass the stream itself')

const ending = (sink: string, { end = true }: IntoStreamOptions): boolean => {
  if (typeof end === 'boolean') return end
  throw argumentError('type', `${sink}: end must be true or false`, `got ${typeof end}`, 'leave it out for true')
}

/**
 * Writes every item to a Node Writable, waiting while it is full; answers how many when the stream has finished. A stream is written by
 * one run, unless `end` is `false`.
 *
 * **Order**   that of the items
 * **Cost**    one `write` per item
 * **Errors**  an error of the stream ends the run, as ERR_MILLRACE_SINK_FAILED with it as cause: at once, also while the input is
 *             quiet. ERR_MILLRACE_SINK_CUT when the stream was closed or ended by somebody else. A run that fails or is
 *             cancelled destroys the stream with the reason
 * **Memory**  what the stream holds
 * **Source**  Node `stream.pipeline`, Pekko `StreamConverters.fromOutputStream`
 * @example
 * import { PassThrough } from 'node:stream'
 * import { text } from 'node:stream/consumers'
 * const stream = new PassThrough()
 * const said = text(stream)
 * const report = await pipeline({ out: from(['a', 'b']).to(intoWritable(stream)) }).run().done
 * report.results.out // => 2
 * await said // => 'ab'
 */
export const intoWritable = <A>(stream: Writable, options: IntoStreamOptions = {}): Sink<A, number> => {
  const shape = stream as Partial<Record<'write' | 'end' | 'on', unknown>> | null | undefined
  if (typeof shape?.write !== 'function' || typeof shape.end !== 'function' || typeof shape.on !== 'function') throw notAStream('intoWritable', 'a Node Writable')
  stageOptions('intoWritable', options, NAMES)
  const ends = ending('intoWritable', options)
  const open = (context: RunContext): SinkWriter<number> => new NodeWriter(stream, ends, context)
  return sinkOf<A, number>({ role: 'sink', kind: 'intoWritable', args: { end: ends }, accepts: 'items', open }, options.name)
}

/**
 * Writes every item to a web WritableStream, waiting while it is full; answers how many when the stream has closed. The stream is
 * locked while the run lasts.
 *
 * **Order**   that of the items
 * **Cost**    one promise per item
 * **Errors**  an error of the stream ends the run, as ERR_MILLRACE_SINK_FAILED with it as cause: at once, also while the input is
 *             quiet. ERR_MILLRACE_SINK_CUT when the stream is locked by somebody else. A run that fails or is cancelled aborts the
 *             stream with the reason
 * **Memory**  what the stream holds
 * **Source**  WHATWG Streams `pipeTo`
 * @example
 * const seen: number[] = []
 * const stream = new WritableStream<number>({ write: (n) => void seen.push(n) })
 * await pipeline({ out: range(0, 3).to(intoWebWritable(stream)) }).run().done
 * seen // => [0, 1, 2]
 */
export const intoWebWritable = <A>(stream: WritableStream<A>, options: IntoStreamOptions = {}): Sink<A, number> => {
  if (typeof (stream as { getWriter?: unknown } | null | undefined)?.getWriter !== 'function') throw notAStream('intoWebWritable', 'a web WritableStream')
  stageOptions('intoWebWritable', options, NAMES)
  const ends = ending('intoWebWritable', options)
  const open = (context: RunContext): SinkWriter<number> => new WebWriter(stream, ends, context)
  return sinkOf<A, number>({ role: 'sink', kind: 'intoWebWritable', args: { end: ends }, accepts: 'items', open }, options.name)
}

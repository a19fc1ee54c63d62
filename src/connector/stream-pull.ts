/**
 * A Node Readable, pulled: what it has ready is taken in one go, and it is paused while nobody pulls.
 *
 *   'data' ──▶ held (bounded) ──▶ next() ──▶ who pulls       paused at the bound, resumed by who pulls
 *
 * Used instead of the stream's own async iterator, which cannot be left while it waits for the next item.
 * Called by memory/from.ts and fs/feed.ts; touches only the stream's public events.
 */
import { finished, type Readable } from 'node:stream'
import { sourceUsed, streamCut } from '../error/wording-sources.ts'
import { settleWithin } from './settle-within.ts'

/** What is held before the stream is paused: items of an object stream, chunks of a byte stream. */
const HELD_OBJECTS = 256
const HELD_CHUNKS = 4

export class StreamPull {
  readonly #stream: Readable
  readonly #bound: number
  readonly #stage: string
  #held: unknown[] = []
  #over = false
  #failed: { readonly error: unknown } | undefined
  #wake: () => void = () => undefined

  constructor(stream: Readable, stage: string) {
    if (stream.readableEnded || stream.destroyed) throw sourceUsed(stage, 'a stream')
    this.#stream = stream
    this.#stage = stage
    this.#bound = stream.readableObjectMode ? HELD_OBJECTS : HELD_CHUNKS
    stream.on('data', this.#onData)
    stream.on('end', this.#onEnd)
    stream.on('error', this.#onError)
    stream.on('close', this.#onClose)
  }

  readonly #onData = (item: unknown): void => {
    this.#held.push(item)
    if (this.#held.length >= this.#bound) this.#stream.pause()
    this.#wake()
  }

  readonly #onEnd = (): void => {
    this.#over = true
    this.#wake()
  }

  readonly #onError = (error: unknown): void => {
    this.#failed ??= { error }
    this.#wake()
  }

  readonly #onClose = (): void => {
    if (!this.#over) this.#failed ??= { error: streamCut(this.#stage) }
    this.#wake()
  }

  /** Everything that is ready, waiting for the first item; `undefined` at the end. */
  async all(): Promise<unknown[] | undefined> {
    for (;;) {
      if (this.#held.length > 0) {
        const items = this.#held
        this.#held = []
        return items
      }
      if (this.#failed !== undefined) throw this.#failed.error
      if (this.#over) return undefined
      await this.#more()
    }
  }

  /** The next item; `undefined` at the end. */
  async next(): Promise<unknown> {
    while (this.#held.length === 0) {
      if (this.#failed !== undefined) throw this.#failed.error
      if (this.#over) return undefined
      await this.#more()
    }
    return this.#held.shift()
  }

  /** Lets the stream go, paused, as it was found; whoever waits is told that this is the end. */
  leave(): void {
    const stream = this.#stream
    stream.off('data', this.#onData)
    stream.off('end', this.#onEnd)
    stream.off('close', this.#onClose)
    stream.off('error', this.#onError)
    stream.pause()
    this.#over = true
    this.#wake()
  }

  /** Destroys the stream and waits until it has closed what it holds, if it does so soon. */
  async destroy(): Promise<void> {
    const stream = this.#stream
    stream.off('data', this.#onData)
    this.#over = true
    this.#held = []
    this.#wake()
    if (stream.closed) return
    const closed = new Promise<void>((resolve) => {
      finished(stream, () => {
        resolve()
      })
    })
    stream.destroy()
    await settleWithin(closed)
  }

  #more(): Promise<void> {
    const changed = new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    if (this.#stream.isPaused()) this.#stream.resume()
    return changed
  }
}

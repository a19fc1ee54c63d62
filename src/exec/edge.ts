/**
 * A channel of the plan, in a run: batches from one task to another on the caller's loop, bounded in items and bytes.
 *
 * Broadcast is one edge per reader: the writer waits until every reader's edge has taken the batch, which is "waits for
 * its slowest reader", and a reader that leaves early stops counting.
 * When a run fails every edge is cut: whoever waits there is told by an exception, so that nobody mistakes it for the end.
 */
import { mpsc } from '../channel/mpsc.ts'
import type { Batch } from './batch.ts'

export class Edge {
  /** Batches and items that have gone in, for the deadlock watch and the metrics. */
  moved = 0
  itemsIn = 0
  itemsOut = 0
  /** Someone waits to push; someone waits to pull. */
  pushing = 0
  pulling = 0
  readonly capacity: number
  readonly #channel
  #cut: Error | undefined
  #readerGone = false
  readonly #onReaderGone: (() => void)[] = []

  constructor(capacity: number) {
    this.capacity = capacity
    this.#channel = mpsc<Batch>({ capacity, weigh: (batch) => batch.weight })
  }

  /** Sends a batch; `false` (and the batch released) when the reader has left. */
  async push(batch: Batch): Promise<boolean> {
    if (this.#cut !== undefined) throw this.#cut
    if (this.#readerGone) {
      batch.release()
      return false
    }
    const { sender } = this.#channel
    const tried = sender.trySend(batch)
    if (tried?._tag === 'Full') {
      this.pushing++
      try {
        await sender.send(batch)
      } catch {
        // closed while we waited: handled below, the flags say why
      } finally {
        this.pushing--
      }
    }
    if (this.#cut !== undefined) throw this.#cut
    if (this.#readerGone) return false
    this.moved++
    this.itemsIn += batch.count
    return true
  }

  /** The next batch, or `undefined` at the end. */
  async pull(): Promise<Batch | undefined> {
    const now = this.tryPull()
    if (now !== undefined) return now
    this.pulling++
    try {
      const got = await this.#channel.receiver.recv()
      if (this.#cut !== undefined) throw this.#cut
      return this.#took(got)
    } finally {
      this.pulling--
    }
  }

  tryPull(): Batch | undefined {
    if (this.#cut !== undefined) throw this.#cut
    return this.#took(this.#channel.receiver.tryRecv())
  }

  #took(got: unknown): Batch | undefined {
    if (got === undefined || '_tag' in (got as object)) return undefined
    const batch = got as Batch
    this.moved++
    this.itemsOut += batch.count
    return batch
  }

  /** The writer has no more. */
  end(): void {
    this.#channel.sender.close()
  }

  /** The reader wants no more: what is buffered is let go, and the writer is told at its next push. */
  leave(): void {
    if (this.#readerGone) return
    this.#readerGone = true
    this.#channel.receiver.close()
    this.#drain()
    for (const tell of this.#onReaderGone.splice(0)) tell()
  }

  get left(): boolean {
    return this.#readerGone
  }

  onLeave(tell: () => void): void {
    if (this.#readerGone) tell()
    else this.#onReaderGone.push(tell)
  }

  /** The run has failed: wakes both ends with `reason`. */
  cut(reason: Error): void {
    if (this.#cut !== undefined) return
    this.#cut = reason
    this.#channel.receiver.close()
    this.#channel.sender.close()
    this.#drain()
  }

  #drain(): void {
    for (;;) {
      const got = this.#channel.receiver.tryRecv() as unknown
      if (got === undefined || (got as { _tag?: string })._tag !== undefined) return
      ;(got as Batch).release()
    }
  }
}

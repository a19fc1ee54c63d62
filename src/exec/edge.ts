/**
 * A channel of the plan, in a run: batches from one task to another on the caller's loop, bounded in items and bytes.
 *
 * Broadcast is one edge per reader: the writer waits until every reader's edge has taken the batch, which is "waits for
 * its slowest reader", and a reader that leaves early stops counting.
 * When a run fails every edge is cut: whoever waits there is told by an exception, so that nobody mistakes it for the end.
 * A batch belongs to the edge from `push` until it is pulled: one that does not get that far is released here, once.
 * Called by run.ts, outlets.ts and the tasks.
 */
import { mpsc } from '../channel/mpsc.ts'
import { Closed, Empty } from '../sync/outcome.ts'
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

  /** Sends a batch; `false` when the reader has left. Takes the batch over, whatever comes of it. */
  async push(batch: Batch): Promise<boolean> {
    const notSent = this.#channel.sender.trySend(batch)
    if (notSent !== undefined && !(notSent._tag === 'Full' && (await this.#waited(batch)))) batch.release()
    if (this.#cut !== undefined) throw this.#cut
    if (this.#readerGone) return false
    this.moved++
    this.itemsIn += batch.count
    return true
  }

  /** Sends a batch once there is room; `false` when the channel was closed first. */
  async #waited(batch: Batch): Promise<boolean> {
    this.pushing++
    try {
      await this.#channel.sender.send(batch)
      return true
    } catch {
      return false // `cut` and `left` say why
    } finally {
      this.pushing--
    }
  }

  /** The next batch, or `undefined` at the end. */
  async pull(): Promise<Batch | undefined> {
    const now = this.tryPull()
    if (now !== undefined) return now
    this.pulling++
    try {
      const got = await this.#channel.receiver.recv()
      if (got === Closed) {
        if (this.#cut !== undefined) throw this.#cut
        return undefined
      }
      return this.#took(got)
    } finally {
      this.pulling--
    }
  }

  /** The next batch, or `undefined` when there is none now. */
  tryPull(): Batch | undefined {
    if (this.#cut !== undefined) throw this.#cut
    const got = this.#channel.receiver.tryRecv()
    return got === Empty || got === Closed ? undefined : this.#took(got)
  }

  #took(batch: Batch): Batch {
    if (this.#cut !== undefined) {
      batch.release() // it was on its way to the reader when the run failed
      throw this.#cut
    }
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
    this.#close()
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
    this.#close()
  }

  /** Refuses who waits to push, wakes who waits to pull, and lets go of what is buffered. */
  #close(): void {
    const { receiver } = this.#channel
    receiver.close()
    for (let got = receiver.tryRecv(); got !== Empty && got !== Closed; got = receiver.tryRecv()) got.release()
  }
}

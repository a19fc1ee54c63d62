/**
 * One reader's end of a channel of the plan, in a run: batches come out of it, in order, on the caller's loop.
 *
 * When a run fails every edge is cut: whoever waits there is told by an exception, so that nobody mistakes it for the end.
 * A batch that was sent to an edge belongs to it until it is pulled: one that does not get that far is released here, once.
 * Made by link.ts, which is the writer's end; called by run.ts, outlets.ts and the tasks that read.
 */
import { Closed, Empty } from '../../sync/outcome.ts'
import type { Batch } from './batch.ts'

/** The receiver of a channel, mpsc or broadcast. */
export interface Receiving {
  tryRecv(): Batch | Empty | Closed
  recv(): Promise<Batch | Closed>
  close(): void
  readonly length: number
}

/** What the reader's end asks of the writer's. */
export interface Writing {
  /** Pushes that wait for room. */
  readonly pushing: number
  /** Batches that the slowest reader has not taken. */
  readonly backlog: number
}

export class Edge {
  /** Batches that have gone in and out, for the deadlock watch; items, for the metrics. */
  moved = 0
  itemsIn = 0
  itemsOut = 0
  /** Pulls that wait. */
  pulling = 0
  /** Is told that a pull begins to wait. */
  onWait: (() => void) | undefined
  /** What a pull waits for first, in a test. */
  turn: (() => Promise<void> | undefined) | undefined
  readonly #receiver: Receiving
  readonly #writer: Writing
  #cut: Error | undefined
  #readerGone = false
  readonly #onReaderGone: (() => void)[] = []

  constructor(receiver: Receiving, writer: Writing) {
    this.#receiver = receiver
    this.#writer = writer
  }

  /** Somebody waits to push until this reader takes something: of the readers of one outlet, the slowest. */
  get full(): boolean {
    return this.#writer.pushing > 0 && this.backlog === this.#writer.backlog
  }

  /** Batches that it has not taken. */
  get backlog(): number {
    return this.#receiver.length
  }

  /** The reader waits for what is not there yet. */
  get awaited(): boolean {
    return this.pulling > 0 && this.backlog === 0
  }

  /** A batch of `count` items has gone in. */
  went(count: number): void {
    this.moved++
    this.itemsIn += count
  }

  /** The next batch, or `undefined` at the end. */
  async pull(): Promise<Batch | undefined> {
    const turn = this.turn?.()
    if (turn !== undefined) await turn
    const now = this.tryPull()
    if (now !== undefined) return now
    this.pulling++
    this.onWait?.()
    try {
      const got = await this.#receiver.recv()
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
    const got = this.#receiver.tryRecv()
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

  /** The reader wants no more: what is buffered for it is let go, and the writer is told at its next push. */
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

  get cutBy(): Error | undefined {
    return this.#cut
  }

  /** Nothing gets in any more. */
  get closed(): boolean {
    return this.#readerGone || this.#cut !== undefined
  }

  /** Lets go of what is buffered, and of what waits and gets in by that; then refuses what comes, and wakes who waits to pull. */
  #close(): void {
    for (let got = this.#receiver.tryRecv(); got !== Empty && got !== Closed; got = this.#receiver.tryRecv()) got.release()
    this.#receiver.close()
  }
}

/**
 * How a blocking job learns that it should stop: a flag in shared memory, which can be read inside a busy loop.
 */
import { load } from '../atomic/park.ts'
import { jobStopped } from '../error/wording-runtime.ts'
import { agent } from './agent.ts'
import { WORD_STOP } from './protocol.ts'

/** The part of an AbortSignal that works without an event loop. */
export interface BlockingSignal {
  /** Whether the job was asked to stop. A read of shared memory: a few nanoseconds. */
  readonly aborted: boolean
  /** Throws when the job was asked to stop; if nobody catches it, the job's handle fails as cancelled. */
  throwIfAborted(): void
}

/** The signal of one job; it stays as it was when the job has ended. */
export class JobSignal implements BlockingSignal {
  #words: Int32Array | undefined
  #last = false
  #reason: Error | undefined

  constructor(words: Int32Array) {
    this.#words = words
  }

  get aborted(): boolean {
    return this.#words === undefined ? this.#last : load(this.#words, WORD_STOP) === 1
  }

  throwIfAborted(): void {
    if (this.aborted) throw (this.#reason ??= jobStopped())
  }

  /** Whether this error is the one that was thrown here. */
  threw(error: unknown): boolean {
    return error !== undefined && error === this.#reason
  }

  /** The slot is another's from now on. */
  end(): void {
    this.#last = this.aborted
    this.#words = undefined
  }
}

const never: BlockingSignal = { aborted: false, throwIfAborted: () => undefined }

/**
 * The signal of the blocking job that calls it, for functions that have a module; an inline function takes `signal` from its
 * context (`spawnBlocking({ fn: (…, { signal }) => … })`). Raised by `abort()` of the job's handle and by the runtime's shutdown.
 * Outside of a job it is never aborted.
 *
 * **Cost**    a look into shared memory at each `aborted`: may stand in an inner loop
 * **Cancel**  a job that returns keeps its value, however late; one that throws by `throwIfAborted` is cancelled
 * **Source**  no equivalent: Tokio's blocking tasks cannot be told
 * @example
 * const signal = blockingSignal()
 * let rounds = 0
 * while (rounds < 3 && !signal.aborted) rounds++
 * rounds // => 3
 */
export const blockingSignal = (): BlockingSignal => agent()?.signal ?? never

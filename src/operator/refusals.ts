/**
 * What a stage that waits does with an item that its function throws on: the policy, but for retries.
 *
 * A dead letter may have to be waited for; until then no other may be made, so the stage looks at `letter` before its next item.
 * Called by the operators that call a synchronous function on the event loop.
 */
import { argumentError } from '../error/pipeline-error.ts'
import { stageFailed } from '../error/wording-run.ts'
import type { OnError, Retry, StageOptions } from '../graph/options.ts'
import type { ProcessContext } from '../graph/spec.ts'
import { policyOf } from './check.ts'

export type PlainPolicy = Exclude<OnError, Retry>

/** Options of stages on the event loop whose function would answer the same again. */
export interface WaitingOptions extends StageOptions {
  /** What becomes of an item that a function of this stage throws on. Default `'fail'`. */
  readonly onError?: PlainPolicy | undefined
}

/** The policy, at declaration. */
export const plainPolicy = (operator: string, onError: OnError | undefined): PlainPolicy => {
  const policy = policyOf(operator, onError)
  if (typeof policy !== 'object') return policy
  throw argumentError(
    'type',
    `${operator}: onError cannot be a retry`,
    'its answer would be the same again',
    "choose 'fail', 'skip', 'deadLetter' or 'stop'"
  )
}

export class Refusals {
  /** A dead letter that has not been taken yet. */
  letter: Promise<void> | undefined
  /** An item has ended the input, under the policy `stop`. */
  stopped = false
  readonly #context: ProcessContext
  readonly #onError: PlainPolicy

  constructor(context: ProcessContext, onError: PlainPolicy) {
    this.#context = context
    this.#onError = onError
  }

  /** Item number `index` of the input was refused. Returning drops it, or has ended the input; throwing ends the run. */
  refuse(item: unknown, index: number, error: unknown): void {
    const { stage, site } = this.#context
    if (this.#onError === 'fail') throw stageFailed(stage, site, { index }, error)
    if (this.#onError === 'stop') {
      this.stopped = true
      this.#context.stop(item, error, index)
      return
    }
    if (this.#onError === 'skip') {
      this.#context.skipped(1)
      return
    }
    const set = this.#context.deadLetter(item, error, index)
    if (set instanceof Promise) this.letter = set
  }

  /** As {@link refuse}, for who waits for the letter at once. */
  async refused(item: unknown, index: number, error: unknown): Promise<void> {
    this.refuse(item, index, error)
    await this.taken()
  }

  /** Waits for the letter that is under way. */
  async taken(): Promise<void> {
    const { letter } = this
    this.letter = undefined
    await letter
  }
}

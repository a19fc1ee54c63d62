/**
 * The buffer between an Observable, which has no demand signal, and a run: bounded, with a named policy for what arrives when
 * it is full. Called by from.ts.
 */
import type { Subscribable, Unsubscribable } from 'rxjs'
import { bufferOverflow } from '../../error/wording-run.ts'
import type { ItemBatch, RunContext, SourceCursor } from '../../graph/spec.ts'

/** What happens to an item that finds the buffer full. An Observable cannot be told to wait. */
export type HoldOverflow = 'fail' | 'dropOldest' | 'dropNewest' | 'latest'

export interface Bound {
  readonly capacity: number
  readonly overflow: HoldOverflow
}

type Phase = { readonly type: 'open' } | { readonly type: 'complete' } | { readonly type: 'failed'; readonly error: unknown }

export class Hold implements SourceCursor {
  readonly #context: Pick<RunContext, 'dropped' | 'stage'>
  readonly #capacity: number
  readonly #overflow: HoldOverflow
  #subscription: Unsubscribable | undefined
  #held: unknown[] = []
  #phase: Phase = { type: 'open' }
  #wake: () => void = () => undefined

  constructor(input: Subscribable<unknown>, { capacity, overflow }: Bound, context: Pick<RunContext, 'dropped' | 'stage'>) {
    this.#context = context
    this.#capacity = overflow === 'latest' ? 1 : capacity
    this.#overflow = overflow
    const subscription = input.subscribe({
      next: (item) => {
        this.#take(item)
      },
      error: (error: unknown) => {
        this.#end({ type: 'failed', error })
      },
      complete: () => {
        this.#end({ type: 'complete' })
      }
    })
    this.#subscription = subscription
    if (this.#phase.type !== 'open') this.close() // it ended, or overflowed, while we subscribed
  }

  async pull(): Promise<ItemBatch | undefined> {
    while (this.#held.length === 0) {
      if (this.#phase.type === 'failed') throw this.#phase.error
      if (this.#phase.type === 'complete') return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const items = this.#held
    this.#held = []
    return { items }
  }

  close(): void {
    this.#subscription?.unsubscribe()
    this.#subscription = undefined
    this.#end({ type: 'complete' })
  }

  #end(phase: Phase): void {
    if (this.#phase.type === 'open') this.#phase = phase
    this.#wake()
  }

  #take(item: unknown): void {
    if (this.#phase.type !== 'open') return
    if (this.#held.length >= this.#capacity) {
      if (this.#overflow === 'fail') {
        this.#held = []
        this.#end({ type: 'failed', error: bufferOverflow(this.#context.stage, this.#capacity) })
        this.#subscription?.unsubscribe()
        return
      }
      this.#context.dropped(1)
      if (this.#overflow === 'dropNewest') return
      this.#held.shift()
    }
    this.#held.push(item)
    this.#wake()
  }
}

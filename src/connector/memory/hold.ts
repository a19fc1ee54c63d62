/**
 * The buffer between an Observable, which has no demand signal, and a run: bounded, with a named policy for what arrives when
 * it is full. Called by from.ts and from-event.ts.
 */
import type { Subscribable, Unsubscribable } from 'rxjs'
import type { ItemBatch, RunContext, SourceCursor } from '../../graph/spec.ts'
import { Held, type Bound } from '../../operator/held.ts'

type Phase = { readonly type: 'open' } | { readonly type: 'complete' } | { readonly type: 'failed'; readonly error: unknown }

export class Hold implements SourceCursor {
  readonly #held: Held
  #subscription: Unsubscribable | undefined
  #phase: Phase = { type: 'open' }
  #wake: () => void = () => undefined

  constructor(input: Subscribable<unknown>, bound: Bound, context: Pick<RunContext, 'dropped' | 'stage'>) {
    this.#held = new Held(bound, context)
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
    while (this.#held.size === 0) {
      if (this.#phase.type === 'failed') throw this.#phase.error
      if (this.#phase.type === 'complete') return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return { items: this.#held.take() }
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
    try {
      this.#held.put(item)
      this.#wake()
    } catch (error) {
      this.#end({ type: 'failed', error })
      this.#subscription?.unsubscribe()
    }
  }
}

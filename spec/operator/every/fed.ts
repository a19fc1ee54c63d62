/**
 * The source of the conformance specs: numbers in small batches, then an end, an error, silence, or the numbers again for ever. It
 * knows how often it was opened and closed.
 */
import { sourceOf, type Source } from '../../../src/graph/source.ts'
import type { ItemBatch, SourceCursor } from '../../../src/graph/spec.ts'
import { sleep } from '../../../src/runtime.ts'

export type Ending = 'end' | 'error' | 'silence' | 'endless'

/** Items of a batch. */
const BATCH = 7

export class Fed {
  opened = 0
  closed = 0
  /** Batches that were asked for. */
  pulls = 0
  readonly boom = new Error('the source has failed')
  readonly #items: readonly number[]
  readonly #ending: Ending

  constructor(items: readonly number[], ending: Ending) {
    this.#items = items
    this.#ending = ending
  }

  get source(): Source<number> {
    return sourceOf<number>({
      role: 'source',
      kind: 'fed',
      args: {},
      open: () => {
        this.opened++
        return this.#cursor()
      }
    }, 'fed')
  }

  #cursor(): SourceCursor {
    let at = 0
    let giveUp: () => void = () => undefined
    const silence = new Promise<undefined>((resolve) => {
      giveUp = () => { resolve(undefined) }
    })
    const next = async (): Promise<ItemBatch | undefined> => {
      this.pulls++
      await sleep(this.#ending === 'endless' && at > 0 ? 1 : 0)
      if (at < this.#items.length) {
        const items = this.#items.slice(at, at + BATCH)
        at += BATCH
        return { items }
      }
      if (this.#ending === 'end') return undefined
      if (this.#ending === 'error') throw this.boom
      if (this.#ending === 'silence') return silence
      at = BATCH
      return { items: this.#items.slice(0, BATCH) }
    }
    return {
      pull: next,
      close: () => {
        this.closed++
        giveUp()
      }
    }
  }
}

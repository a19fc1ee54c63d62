/**
 * The dead letters of a run as a source: what stages set aside waits here, bounded, until the pipeline's dead-letter sink
 * takes it. Called by run.ts (put, end) and chain-task.ts (cursor).
 */
import type { ItemBatch, SourceCursor } from '../graph/spec.ts'
import type { DeadLetter } from './failure.ts'

/** Letters that wait before those who make them wait too. */
const CAPACITY = 1024

export class LetterBox {
  #letters: DeadLetter[] = []
  #ended = false
  #closed = false
  #wakeReader: (() => void) | undefined
  #wakeWriters: (() => void)[] = []

  put(letter: DeadLetter): void | Promise<void> {
    if (this.#closed) return // the sink wanted no more, and nobody else is there to wait for
    this.#letters.push(letter)
    this.#wakeReader?.()
    if (this.#letters.length < CAPACITY || this.#ended) return
    return new Promise((resolve) => this.#wakeWriters.push(resolve))
  }

  /** No more letters will come, or nobody will read them. */
  end(): void {
    this.#ended = true
    this.#wakeReader?.()
    this.#wakeAll()
  }

  cursor(): SourceCursor {
    return { pull: () => this.#pull(), close: () => { this.#close() } }
  }

  async #pull(): Promise<ItemBatch | undefined> {
    while (this.#letters.length === 0) {
      if (this.#ended) return undefined
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve
      })
    }
    const items = this.#letters
    this.#letters = []
    this.#wakeAll()
    return { items }
  }

  #close(): void {
    this.#closed = true
    this.#letters = []
    this.#wakeAll()
  }

  #wakeAll(): void {
    for (const wake of this.#wakeWriters.splice(0)) wake()
  }
}

/**
 * The outlets of a task in a run: each is read by any number of edges, and waits for the slowest of them.
 *
 * Called by the tasks. An outlet whose readers have all left is closed; a task whose outlets are all closed may stop.
 */
import type { Batch } from './batch.ts'
import type { Edge } from './edge.ts'
import type { Link } from './link.ts'

export class Outlets {
  readonly #links: readonly Link[]
  readonly #turn: ((count: number) => Promise<void> | undefined) | undefined
  /** Every edge, for those who watch. */
  readonly edges: readonly Edge[]

  /** `turn`: what a push waits for first, in a test. */
  constructor(links: readonly Link[], turn?: (count: number) => Promise<void> | undefined) {
    this.#links = links
    this.#turn = turn
    this.edges = links.flatMap((link) => link.edges)
  }

  get count(): number {
    return this.#links.length
  }

  closed(outlet: number): boolean {
    return this.#links[outlet]!.left
  }

  get allClosed(): boolean {
    return this.#links.length > 0 && this.#links.every((link) => link.left)
  }

  /** A push waits for a reader. */
  get pushing(): boolean {
    return this.#links.some((link) => link.pushing > 0)
  }

  /** Sends one batch to every reader of the outlet; `false` when none is left. Takes the batch over. */
  push(outlet: number, batch: Batch): Promise<boolean> {
    const turn = this.#turn?.(batch.count)
    return turn === undefined ? this.#links[outlet]!.push(batch) : turn.then(() => this.#links[outlet]!.push(batch))
  }

  end(): void {
    for (const link of this.#links) link.end()
  }

  /** Calls `tell` once, when every outlet is closed. */
  onAllClosed(tell: () => void): void {
    let told = false
    for (const edge of this.edges) {
      edge.onLeave(() => {
        if (told || !this.allClosed) return
        told = true
        tell()
      })
    }
  }
}

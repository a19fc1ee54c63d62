/**
 * The outlets of a task in a run: each is read by any number of edges, and waits for the slowest of them.
 *
 * Called by the tasks. An outlet whose readers have all left is closed; a task whose outlets are all closed may stop.
 */
import type { Batch } from './batch.ts'
import type { Edge } from './edge.ts'

export class Outlets {
  readonly #edges: readonly (readonly Edge[])[]

  constructor(edges: readonly (readonly Edge[])[]) {
    this.#edges = edges
  }

  get count(): number {
    return this.#edges.length
  }

  /** Every edge, for those who watch. */
  get edges(): readonly Edge[] {
    return this.#edges.flat()
  }

  closed(outlet: number): boolean {
    return this.#edges[outlet]!.every((edge) => edge.left)
  }

  get allClosed(): boolean {
    return this.#edges.length > 0 && this.#edges.every((_, outlet) => this.closed(outlet))
  }

  /** Sends one batch to every reader of the outlet; `false` when none is left. Takes the batch over. */
  async push(outlet: number, batch: Batch): Promise<boolean> {
    const edges = this.#edges[outlet]!
    if (edges.length === 1) return edges[0]!.push(batch)
    if (edges.length === 0) {
      batch.release()
      return false
    }
    for (let reader = 1; reader < edges.length; reader++) batch.retain()
    const taken = await Promise.all(edges.map((edge) => edge.push(batch)))
    return taken.includes(true)
  }

  end(): void {
    for (const edge of this.edges) edge.end()
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

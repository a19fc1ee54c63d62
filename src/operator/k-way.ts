/**
 * Merges sorted runs into one: a heap of their heads.
 *
 *   run 0  1 4 7 ┐
 *   run 1  2 5   ├─ the least head, of equal ones that of the earlier run ──▶ 1 2 3 4 5 6 7
 *   run 2  3 6   ┘
 *
 * A run has a block of items in hand; only when that is used up is it asked for more, and awaited.
 * Called by sort.ts and sort-spill.ts. Source: Knuth, The Art of Computer Programming 3, 5.4.1.
 */

/** Items with their keys, side by side. */
export interface Block {
  readonly keys: readonly unknown[]
  readonly items: readonly unknown[]
}

/** A sorted run: the block in hand, and how more is had. */
export interface Run {
  /** The next block, or `undefined` at the end. A block is not empty. */
  readonly more: () => Promise<Block | undefined>
}

interface Head {
  readonly run: Run
  /** Its place among the runs: who comes first of those that are equal. */
  readonly rank: number
  block: Block
  at: number
}

export type Compare = (a: unknown, b: unknown) => number

export class KWay {
  readonly #compare: Compare
  readonly #heap: Head[] = []

  private constructor(compare: Compare) {
    this.#compare = compare
  }

  static async of(runs: readonly Run[], compare: Compare): Promise<KWay> {
    const merged = new KWay(compare)
    for (const [rank, run] of runs.entries()) {
      const block = await run.more()
      if (block !== undefined) merged.#put({ run, rank, block, at: 0 })
    }
    return merged
  }

  /** The next items, at most so many; none at the end. */
  async next(most: number): Promise<{ readonly keys: unknown[]; readonly items: unknown[] }> {
    const keys: unknown[] = []
    const items: unknown[] = []
    for (let head = this.#heap[0]; head !== undefined && items.length < most; head = this.#heap[0]) {
      keys.push(head.block.keys[head.at])
      items.push(head.block.items[head.at])
      head.at++
      if (head.at === head.block.items.length) {
        const block = await head.run.more()
        if (block === undefined) {
          this.#dropFirst()
          continue
        }
        head.block = block
        head.at = 0
      }
      this.#sink(0)
    }
    return { keys, items }
  }

  #before(a: Head, b: Head): boolean {
    const order = this.#compare(a.block.keys[a.at], b.block.keys[b.at])
    return order < 0 || (order === 0 && a.rank < b.rank)
  }

  #put(head: Head): void {
    const heap = this.#heap
    let at = heap.push(head) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#before(head, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = head
  }

  #dropFirst(): void {
    const last = this.#heap.pop()!
    if (this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #sink(from: number): void {
    const heap = this.#heap
    const head = heap[from]!
    let at = from
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.#before(heap[child + 1]!, heap[child]!)) child++
      if (!this.#before(heap[child]!, head)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = head
  }
}

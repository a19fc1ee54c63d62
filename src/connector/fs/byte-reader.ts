/**
 * Reads the bytes of a split as chunks that own their memory. On the caller's loop and in workers.
 */
import type { ItemBatch, Split, SplitCursor, SplitReader } from '../../graph/spec.ts'
import { feedOf, isPacked, type Feed } from './feed.ts'

export interface ByteArgs {
  /** Largest chunk, in bytes. */
  readonly chunkBytes: number
}

class ByteCursor implements SplitCursor {
  /** Chunks have no lines. */
  readonly lines = 0
  readonly #feed: Feed
  readonly #split: Split
  readonly #chunk: number
  #count = 0

  constructor(split: Split, { chunkBytes }: ByteArgs, how: 'blocking' | 'async') {
    this.#feed = feedOf(split, how)
    this.#split = split
    this.#chunk = chunkBytes
  }

  get bytes(): number {
    return isPacked(this.#split.file) ? this.#feed.taken : this.#count
  }

  pull(): ItemBatch | undefined | Promise<ItemBatch | undefined> {
    const { start, end } = this.#split
    const room = Math.min(this.#chunk, end - start - this.#count)
    if (room <= 0) return undefined
    const chunk = new Uint8Array(room)
    const got = this.#feed.fill(Buffer.from(chunk.buffer), 0, room)
    return typeof got === 'number' ? this.#batch(chunk, got) : got.then((count) => this.#batch(chunk, count))
  }

  close(): void | Promise<void> {
    return this.#feed.close()
  }

  #batch(chunk: Uint8Array, got: number): ItemBatch | undefined {
    if (got === 0) return undefined
    this.#count += got
    return { items: [got === chunk.length ? chunk : chunk.slice(0, got)] }
  }
}

export const byteReader: SplitReader = {
  kind: 'fs.bytes',
  open: (split, args, how) => new ByteCursor(split, args as unknown as ByteArgs, how)
}

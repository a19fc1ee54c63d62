/**
 * Reads the bytes of a split as blocks of whole lines that own their memory. On the caller's loop and in workers.
 *
 * One item per batch. Its place is the line that it begins with, counted from block to block: a dead letter says what one of `lines` would.
 */
import type { ItemBatch, Split, SplitCursor, SplitReader } from '../../graph/spec.ts'
import { countLines } from './count-lines.ts'
import { feedOf, isPacked } from './feed.ts'
import { LineBlocks } from './line-blocks.ts'

/** What travels to the worker. */
export interface BlockArgs {
  /** Bytes of a block, about. */
  readonly blockBytes: number
  readonly maxLineBytes: number
}

class BlockCursor implements SplitCursor {
  lines = 0
  readonly #blocks: LineBlocks
  readonly #split: Split
  readonly #taken: () => number

  constructor(split: Split, { blockBytes, maxLineBytes }: BlockArgs, how: 'blocking' | 'async') {
    // The byte before the split tells whether a line begins at its start.
    const feed = feedOf(split.start === 0 ? split : { ...split, start: split.start - 1 }, how)
    this.#blocks = new LineBlocks(feed, split, { maxLineBytes, chunkBytes: blockBytes, taken: true })
    this.#split = split
    this.#taken = isPacked(split.file) ? () => feed.taken : () => this.#blocks.consumed
  }

  get bytes(): number {
    return this.#taken()
  }

  pull(): ItemBatch | undefined | Promise<ItemBatch | undefined> {
    const more = this.#blocks.next(this.lines)
    return typeof more === 'boolean' ? this.#batch(more) : more.then((there) => this.#batch(there))
  }

  close(): void | Promise<void> {
    return this.#blocks.close()
  }

  #batch(more: boolean): ItemBatch | undefined {
    if (!more) return undefined
    const block = this.#blocks.take()
    const origin = { file: this.#split.file, line: this.lines + 1, splitStart: this.#blocks.begin }
    this.lines += countLines(block)
    return { items: [block], origin }
  }
}

export const blockReader: SplitReader = {
  kind: 'fs.blocks',
  open: (split, args, how) => new BlockCursor(split, args as unknown as BlockArgs, how)
}

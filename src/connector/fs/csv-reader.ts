/**
 * Reads the rows of a CSV file. One split per file, because a quoted field may hold line ends. On the caller's loop and in workers.
 */
import { csvHeader } from '../../error/wording-files.ts'
import type { ItemBatch, Split, SplitCursor, SplitReader } from '../../graph/spec.ts'
import { LineBlocks } from './line-blocks.ts'
import { CsvRows, type CsvFormat } from './csv-rows.ts'
import { feedOf, isPacked } from './feed.ts'
import type { LineArgs } from './line-reader.ts'

export type CsvArgs = CsvFormat & Pick<LineArgs, 'encoding' | 'maxLineBytes' | 'chunkBytes'>

class CsvCursor implements SplitCursor {
  readonly #blocks: LineBlocks
  readonly #rows: CsvRows
  readonly #split: Split
  readonly #args: CsvArgs
  readonly #taken: () => number
  #ended = false

  constructor(split: Split, args: CsvArgs, how: 'blocking' | 'async') {
    const feed = feedOf(split, how)
    this.#blocks = new LineBlocks(feed, split, args)
    this.#rows = new CsvRows(args, (line, what) => csvHeader(split.file, line, what))
    this.#split = split
    this.#args = args
    this.#taken = isPacked(split.file) ? () => feed.taken : () => this.#blocks.consumed
  }

  get lines(): number {
    return this.#rows.line
  }

  get bytes(): number {
    return this.#taken()
  }

  pull(): ItemBatch | undefined | Promise<ItemBatch | undefined> {
    while (!this.#ended) {
      const more = this.#blocks.next(this.#rows.line)
      if (typeof more !== 'boolean') return this.#later(more)
      const batch = this.#batch(more)
      if (batch !== undefined) return batch
    }
    return undefined
  }

  close(): void | Promise<void> {
    return this.#blocks.close()
  }

  async #later(more: Promise<boolean>): Promise<ItemBatch | undefined> {
    return this.#batch(await more) ?? this.pull()
  }

  #batch(more: boolean): ItemBatch | undefined {
    const rows = { items: [] as unknown[], lines: [] as number[] }
    if (more) {
      const { buffer, from, to } = this.#blocks
      this.#rows.block(buffer.toString(this.#args.encoding, from, to), rows)
    } else {
      this.#ended = true
      this.#rows.end(rows)
    }
    const { items, lines } = rows
    if (items.length === 0) return undefined
    return { items, origin: { file: this.#split.file, line: lines[0]!, splitStart: 0, lines } }
  }
}

export const csvReader: SplitReader = {
  kind: 'fs.csv',
  open: (split, args, how) => new CsvCursor(split, args as unknown as CsvArgs, how)
}

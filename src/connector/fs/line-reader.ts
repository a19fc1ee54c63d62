/**
 * Reads the lines of a split: the reader behind `lines` and `ndjson`, on the caller's loop and in workers.
 *
 * One batch per block of the file. Lines are made in one of two ways, whichever is faster for their length: short ones by
 * decoding the block and splitting the text, long ones by finding their ends among the bytes and decoding each (which also
 * gives a line memory of its own). Measured, one thread: 270 MB/s at 12 bytes a line (against 130), 1.2 GB/s at 150 (against 0.8).
 */
import type { ItemBatch, Split, SplitCursor, SplitReader } from '../../graph/spec.ts'
import { LineBlocks } from './line-blocks.ts'
import { feedOf, isPacked } from './feed.ts'

export type Encoding = 'utf8' | 'latin1'

/** What travels to the worker. */
export interface LineArgs {
  readonly encoding: Encoding
  readonly maxLineBytes: number
  /** Leaves out lines of white space; line numbers stay those of the file. */
  readonly skipBlank?: boolean | undefined
  /** For specs. */
  readonly chunkBytes?: number | undefined
}

const LF = 10
const CR = 13
/** Average length from which lines are cut one by one, in bytes. */
const CUT_EACH_FROM = 64

const withoutReturn = (line: string): string => (line.charCodeAt(line.length - 1) === CR ? line.slice(0, -1) : line)

const splitText = (buffer: Buffer, from: number, to: number, encoding: Encoding): string[] => {
  const lines = buffer.toString(encoding, from, to).split('\n')
  const firstReturn = buffer.indexOf(CR, from)
  if (firstReturn >= 0 && firstReturn < to) for (let i = 0; i < lines.length; i++) lines[i] = withoutReturn(lines[i]!)
  return lines
}

const cutEach = (buffer: Buffer, from: number, to: number, encoding: Encoding): string[] => {
  const lines: string[] = []
  for (let at = from; ; ) {
    const found = buffer.indexOf(LF, at)
    const end = found < 0 || found > to ? to : found
    lines.push(buffer.toString(encoding, at, end > at && buffer[end - 1] === CR ? end - 1 : end))
    if (end === to) return lines
    at = end + 1
  }
}

/** White space only. JSON's and a little more: a line of other spaces holds nothing either. */
const isBlank = (line: string): boolean => line.length === 0 || (line.charCodeAt(0) <= 32 && line.trim() === '')

class LineCursor implements SplitCursor {
  lines = 0
  readonly #blocks: LineBlocks
  readonly #split: Split
  readonly #args: LineArgs
  readonly #taken: () => number
  #average = 0

  constructor(split: Split, args: LineArgs, how: 'blocking' | 'async') {
    // The byte before the split tells whether a line begins at its start.
    const feed = feedOf(split.start === 0 ? split : { ...split, start: split.start - 1 }, how)
    this.#blocks = new LineBlocks(feed, split, args)
    this.#split = split
    this.#args = args
    this.#taken = isPacked(split.file) ? () => feed.taken : () => this.#blocks.consumed
  }

  get bytes(): number {
    return this.#taken()
  }

  pull(): ItemBatch | undefined | Promise<ItemBatch | undefined> {
    for (;;) {
      const more = this.#blocks.next(this.lines)
      if (typeof more !== 'boolean') return this.#later(more)
      const batch = more ? this.#batch() : undefined
      if (!more || batch !== undefined) return batch
    }
  }

  close(): void | Promise<void> {
    return this.#blocks.close()
  }

  async #later(more: Promise<boolean>): Promise<ItemBatch | undefined> {
    return (await more) ? (this.#batch() ?? this.pull()) : undefined
  }

  /** The block as a batch; `undefined` when every line of it was blank and left out. */
  #batch(): ItemBatch | undefined {
    const { buffer, from, to } = this.#blocks
    const { encoding, skipBlank } = this.#args
    const lines = (this.#average < CUT_EACH_FROM ? splitText : cutEach)(buffer, from, to, encoding)
    this.#average = (to - from + 1) / lines.length
    const origin = { file: this.#split.file, line: this.lines + 1, splitStart: this.#blocks.begin }
    this.lines += lines.length
    if (skipBlank !== true || !lines.some(isBlank)) return { items: lines, origin }
    const numbers: number[] = []
    const items = lines.filter((line, i) => !isBlank(line) && numbers.push(origin.line + i) > 0)
    return items.length === 0 ? undefined : { items, origin: { ...origin, line: numbers[0]!, lines: numbers } }
  }
}

export const lineReader: SplitReader = {
  kind: 'fs.lines',
  open: (split, args, how) => new LineCursor(split, args as unknown as LineArgs, how)
}

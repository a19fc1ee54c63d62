/**
 * From bytes to blocks of whole lines: finds where a split's first line begins and its last one ends, and keeps the piece
 * of a line that a read has cut off until the rest is there.
 *
 *      file    aaa\nbbbbb|bb\nccc\nddd|dd\n          | borders of splits
 *      split 1 aaa\nbbbbb bb                         a line belongs to the split in which it begins: the reader of a split
 *      split 2               ccc\nddd dd             skips to behind the first line end from `start - 1` on, and reads on
 *                                                    behind `end` to the end of the line that began before it
 * Invariants
 *   B1  every byte of the file is in exactly one block of exactly one split, but for line ends and a byte order mark
 *   B2  a block holds whole lines; `from` to `to` leaves out the end of its last line
 *   B3  a byte is looked at once for line ends here, however long its line
 *   B4  a block that was taken is its taker's: nothing is read into its memory, or left there, from then on
 * Called by the readers of lines, rows and blocks; owns the buffer, which goes back to a spare of the thread.
 */
import { createReadStream } from 'node:fs'
import { lineTooLong } from '../../error/wording-files.ts'
import type { Split } from '../../graph/spec.ts'
import type { Feed } from './feed.ts'

const LF = 10
const CR = 13
/** Bytes of a read, and of the buffer as long as lines are shorter. A string of so many is still an ordinary object to V8: it dies young. */
const CHUNK = 64 * 1024
/** First read behind the end of a split: the rest of a line is seldom longer. */
const OVERRUN = 4 * 1024

const NOTHING = Buffer.alloc(0)

/** One buffer of {@link CHUNK} bytes per thread waits for the next reader: splits are read one after the other. */
let spare: Buffer | undefined

/** Lines before byte `end` of a plain file, for messages. */
const linesBefore = async (file: string, end: number): Promise<number> => {
  let lines = 0
  for await (const chunk of createReadStream(file, { end: end - 1, highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) lines++
  }
  return lines
}

export interface LineBlocksOptions {
  readonly maxLineBytes: number
  /** Bytes per read; about so many, where blocks are taken. */
  readonly chunkBytes?: number | undefined
  /** Blocks are taken, as they lie in the file: a byte order mark stays. */
  readonly taken?: boolean | undefined
}

export class LineBlocks {
  /** The block: valid until the next call of `next`. */
  buffer: Buffer
  from = 0
  to = 0
  readonly #feed: Feed
  readonly #split: Split
  readonly #max: number
  readonly #chunk: number
  /** Unread bytes are [#at, #filled); [#at, #seen) hold no line end. */
  #at = 0
  #filled = 0
  #seen = 0
  /** Offset in the file of buffer[0]. */
  #base: number
  #state: 'seek' | 'start' | 'lines' | 'over'
  #ended = false
  #overrun = OVERRUN
  /** Offsets of the first line and of what follows the last block. */
  #begin: number
  #behind: number

  constructor(feed: Feed, split: Split, { maxLineBytes, chunkBytes = CHUNK, taken = false }: LineBlocksOptions) {
    this.#feed = feed
    this.#split = split
    this.#max = maxLineBytes
    this.#chunk = chunkBytes
    this.#base = split.start === 0 ? 0 : split.start - 1
    this.#begin = this.#behind = split.start
    this.#state = split.start > 0 ? 'seek' : taken ? 'lines' : 'start'
    if (!taken && chunkBytes === CHUNK && spare !== undefined) {
      this.buffer = spare
      spare = undefined
    } else this.buffer = Buffer.allocUnsafeSlow(taken ? this.#evenly() : chunkBytes)
  }

  /** Bytes of the split's lines so far, with their ends. */
  get consumed(): number {
    return this.#behind - this.#begin
  }

  /** Offset of the split's first line: where counting its lines begins. */
  get begin(): number {
    return this.#begin
  }

  /** Makes the next block; answers `false` when the split has no more. `lines`: lines before it, for messages. */
  next(lines: number): boolean | Promise<boolean> {
    for (;;) {
      if (this.#take()) {
        if (this.to - this.from <= this.#max || this.#checkLengths()) return true
        return this.#tooLong(lines, this.#base + this.from)
      }
      if (this.#state === 'over') return false
      if (this.#filled - this.#at - this.#excess() > this.#max) return this.#tooLong(lines, this.#base + this.#at)
      const got = this.#fill()
      if (typeof got !== 'number') {
        return got.then((count) => {
          this.#got(count)
          return this.next(lines)
        })
      }
      this.#got(got)
    }
  }

  /**
   * The block, with the end of its last line, as bytes that are the caller's from now on. What was read behind it moves to another buffer;
   * a block that fills less than half of its buffer moves itself, so that who keeps it keeps not much more than its bytes.
   */
  take(): Uint8Array {
    const { buffer, from } = this
    const next = this.#at
    if ((next - from) * 2 < buffer.length) return new Uint8Array(buffer.subarray(from, next))
    const rest = this.#state === 'over' ? 0 : this.#filled - next
    this.#base += next
    this.#seen = Math.max(0, this.#seen - next)
    this.#filled = rest
    this.#at = 0
    this.buffer = this.#state === 'over' ? NOTHING : Buffer.allocUnsafeSlow(Math.max(this.#evenly(), rest * 2))
    buffer.copy(this.buffer, 0, next, next + rest)
    return new Uint8Array(buffer.buffer, buffer.byteOffset + from, next - from)
  }

  close(): void | Promise<void> {
    if (this.#chunk === CHUNK && this.buffer.length === CHUNK && this.#state === 'over') spare = this.buffer
    this.#state = 'over'
    return this.#feed.close()
  }

  /** A `\r` that may turn out to be part of the line's end. */
  #excess(): number {
    return this.#filled > this.#at && this.buffer[this.#filled - 1] === CR ? 1 : 0
  }

  #fill(): number | Promise<number> {
    const { buffer } = this
    if (this.#at > 0) {
      buffer.copyWithin(0, this.#at, this.#filled)
      this.#base += this.#at
      this.#filled -= this.#at
      this.#seen -= this.#at
      this.#at = 0
    }
    if (this.#filled === buffer.length) {
      this.buffer = Buffer.allocUnsafeSlow(buffer.length * 2)
      buffer.copy(this.buffer, 0, 0, this.#filled)
    }
    return this.#feed.fill(this.buffer, this.#filled, Math.min(this.buffer.length - this.#filled, this.#wanted()))
  }

  /** Bytes of a buffer for the next block: what is left of the split in parts that are alike, so that no small one is the last. */
  #evenly(): number {
    const { end } = this.#split
    if (end === Infinity) return this.#chunk
    const all = Math.max(0, end - this.#base) + OVERRUN
    return Math.ceil(all / Math.max(1, Math.round(all / this.#chunk)))
  }

  /** Up to the end of the split, and a little further, in large steps; then only what the last line needs. */
  #wanted(): number {
    const left = this.#split.end - (this.#base + this.#filled)
    if (left > 0) return left + OVERRUN
    const wanted = this.#overrun
    this.#overrun *= 2
    return wanted
  }

  #got(count: number): void {
    if (this.#state === 'over') return
    this.#filled += count
    if (count === 0) this.#ended = true
  }

  #take(): boolean {
    if (this.#state === 'seek') this.#seek()
    if (this.#state === 'start') this.#skipMark()
    if (this.#state !== 'lines') return false
    const { end } = this.#split
    const { buffer } = this
    if (end !== Infinity && this.#base + this.#filled >= end) {
      // The line end at or behind the last byte of the split is the last of ours.
      const last = buffer.subarray(0, this.#filled).indexOf(LF, Math.max(this.#seen, end - 1 - this.#base))
      if (last >= 0) return this.#block(last, last + 1, true)
    }
    const found = buffer.subarray(this.#seen, this.#filled).lastIndexOf(LF)
    if (found >= 0) {
      const to = this.#seen + found
      this.#seen = this.#filled
      return this.#block(to, to + 1, false)
    }
    this.#seen = this.#filled
    if (!this.#ended) return false
    if (this.#filled > this.#at) return this.#block(this.#filled, this.#filled, true)
    this.#state = 'over'
    return false
  }

  /** Skips the line that began in an earlier split. */
  #seek(): void {
    const found = this.buffer.subarray(0, this.#filled).indexOf(LF)
    if (found >= 0 && this.#base + found + 1 < this.#split.end) {
      this.#at = this.#seen = found + 1
      this.#begin = this.#behind = this.#base + found + 1
      this.#state = 'lines'
    } else if (this.#ended || this.#base + this.#filled >= this.#split.end) {
      this.#state = 'over'
    } else {
      this.#base += this.#filled
      this.#filled = 0
    }
  }

  #skipMark(): void {
    if (this.#filled < 3 && !this.#ended) return
    const { buffer } = this
    if (this.#filled >= 3 && buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf) this.#at = this.#seen = 3
    this.#state = 'lines'
  }

  #block(to: number, next: number, last: boolean): boolean {
    this.from = this.#at
    this.to = to
    this.#behind = this.#base + next
    this.#at = next
    if (last) this.#state = 'over'
    return true
  }

  /** Looks at each line of a block that is longer than a line may be; answers whether there is a line to go out. */
  #checkLengths(): boolean {
    const { buffer, from, to } = this
    for (let at = from; at <= to; ) {
      const found = buffer.indexOf(LF, at)
      const end = found < 0 || found > to ? to : found
      if (end - at - (end > at && buffer[end - 1] === CR ? 1 : 0) > this.#max) {
        if (at === from) return false
        // The lines before it go out first; the next call meets it again.
        this.to = at - 1
        this.#at = this.#seen = at
        this.#behind = this.#base + at
        this.#state = 'lines'
        return true
      }
      at = end + 1
    }
    return true
  }

  async #tooLong(lines: number, byte: number): Promise<never> {
    const { file } = this.#split
    const before = this.#begin === 0 ? 0 : await linesBefore(file, this.#begin).catch(() => 0)
    throw lineTooLong(file, before + lines + 1, byte, this.#max)
  }
}

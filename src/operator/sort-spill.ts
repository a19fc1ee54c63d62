/**
 * Sorted runs on disk: written block by block, read again block by block, in a directory of their own that is removed at the end.
 *
 *   run file:   [length: 4 bytes][keys and items of a block, by node:v8] …
 *
 * At most FAN_IN runs are open at a time; when there are more, the oldest that many are merged into one. Which run is older decides
 * between equal items, so a merged run takes the place of those that it was made of.
 * Called by sort.ts. Touches os.tmpdir().
 */
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { sortItemStays, sortSpillFailed } from '../error/wording-run.ts'
import { KWay, type Block, type Compare, type Run } from './k-way.ts'

/** Runs that are read at a time. */
export const FAN_IN = 64

const HEADER = 4

interface OnDisk {
  readonly path: string
  readonly bytes: number
  /** How often its items have been merged: runs of one age are merged with each other, so that none is read again and again. */
  readonly age: number
}

const bytesOf = (stage: string, block: Block): Buffer => {
  try {
    return serialize(block)
  } catch (cause) {
    throw sortItemStays(stage, cause)
  }
}

export class Spill {
  readonly #stage: string
  readonly #compare: Compare
  readonly #blockItems: number
  readonly #open = new Set<FileHandle>()
  #runs: OnDisk[] = []
  #directory: string | undefined
  #made = 0

  constructor(stage: string, compare: Compare, blockItems: number) {
    this.#stage = stage
    this.#compare = compare
    this.#blockItems = blockItems
  }

  get used(): boolean {
    return this.#runs.length > 0
  }

  /** Writes a run, behind those that are there. `check` throws when the sort is not wanted any more. */
  async add(sorted: KWay, check: () => void): Promise<void> {
    this.#runs.push({ ...(await this.#write(sorted, check)), age: 0 })
    for (let from = this.#full(); from >= 0; from = this.#full()) await this.#mergeFrom(from, check)
  }

  /** All runs as one. */
  async merged(check: () => void): Promise<KWay> {
    // at most FAN_IN - 1 runs of each age: the youngest are merged until few enough are left
    while (this.#runs.length > FAN_IN) await this.#mergeFrom(Math.max(0, this.#runs.length - FAN_IN), check)
    return KWay.of(await this.#readers(this.#runs), this.#compare)
  }

  /** Closes and removes everything. */
  async remove(): Promise<void> {
    await Promise.all([...this.#open].map((handle) => this.#close(handle)))
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true })
  }

  /** Where the last FAN_IN runs begin, if they are of one age; else -1. */
  #full(): number {
    const from = this.#runs.length - FAN_IN
    return from >= 0 && this.#runs[from]!.age === this.#runs.at(-1)!.age ? from : -1
  }

  async #mergeFrom(from: number, check: () => void): Promise<void> {
    const old = this.#runs.slice(from)
    const written = await this.#write(await KWay.of(await this.#readers(old), this.#compare), check)
    this.#runs = [...this.#runs.slice(0, from), { ...written, age: Math.max(...old.map((run) => run.age)) + 1 }]
    for (const run of old) await this.#try(() => rm(run.path))
  }

  async #write(sorted: KWay, check: () => void): Promise<Pick<OnDisk, 'path' | 'bytes'>> {
    const directory = (this.#directory ??= await this.#try(() => mkdtemp(join(tmpdir(), 'millrace-sort-'))))
    const path = join(directory, `run-${this.#made++}`)
    const handle = await this.#opened(path, 'wx')
    let written = 0
    for (;;) {
      check()
      const block = await sorted.next(this.#blockItems)
      if (block.items.length === 0) break
      const bytes = bytesOf(this.#stage, block)
      const header = Buffer.alloc(HEADER)
      header.writeUInt32LE(bytes.byteLength)
      await this.#try(() => handle.writeFile(Buffer.concat([header, bytes]))) // behind what is there, and all of it
      written += HEADER + bytes.byteLength
    }
    await this.#close(handle)
    return { path, bytes: written }
  }

  async #readers(runs: readonly OnDisk[]): Promise<readonly Run[]> {
    const readers: Run[] = []
    for (const run of runs) {
      const handle = await this.#opened(run.path, 'r')
      let left = run.bytes
      const more = async (): Promise<Block | undefined> => {
        if (left === 0) {
          await this.#close(handle)
          return undefined
        }
        const length = (await this.#bytes(handle, HEADER)).readUInt32LE()
        left -= HEADER + length
        const bytes = await this.#bytes(handle, length)
        return this.#try(() => Promise.resolve(bytes).then((whole) => deserialize(whole) as Block))
      }
      readers.push({ more })
    }
    return readers
  }

  /** The next bytes of a file. */
  async #bytes(handle: FileHandle, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length)
    for (let at = 0; at < length; ) {
      const { bytesRead } = await this.#try(() => handle.read(buffer, at, length - at))
      if (bytesRead === 0) throw sortSpillFailed(this.#stage, new Error('a temporary file is shorter than it was written'))
      at += bytesRead
    }
    return buffer
  }

  async #opened(path: string, flags: string): Promise<FileHandle> {
    const handle = await this.#try(() => open(path, flags))
    this.#open.add(handle)
    return handle
  }

  async #close(handle: FileHandle): Promise<void> {
    if (this.#open.delete(handle)) await handle.close()
  }

  async #try<A>(io: () => Promise<A>): Promise<A> {
    try {
      return await io()
    } catch (cause) {
      throw sortSpillFailed(this.#stage, cause)
    }
  }
}

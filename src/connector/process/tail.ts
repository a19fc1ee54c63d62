/** The end of what a child has said: kept for messages, bounded. Called by child.ts. */
import type { Readable } from 'node:stream'

/** Bytes that are kept. */
const KEPT = 4096

export class Tail {
  #kept: Buffer = Buffer.alloc(0)

  constructor(stream: Readable) {
    stream.on('data', (chunk: Buffer) => {
      this.#kept = chunk.length >= KEPT ? chunk.subarray(-KEPT) : Buffer.concat([this.#kept, chunk]).subarray(-KEPT)
    })
    stream.on('error', () => undefined)
  }

  get text(): string {
    return this.#kept.toString()
  }
}

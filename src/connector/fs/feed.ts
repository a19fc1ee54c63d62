/**
 * The bytes of one input, in order: what line, CSV and byte readers draw from.
 *
 *   plain file   readSync (workers) or FileHandle.read (the caller's loop), straight into the reader's buffer
 *   .gz file     one of these, through node:zlib
 *   stdin        the stream of the process
 *
 * A feed opens its file at the first `fill`, so that making a cursor cannot fail. Called by the readers in this folder;
 * runs on the caller's loop and in workers.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { gzipCorrupt, readFailed } from '../../error/wording-files.ts'
import type { Split } from '../../graph/spec.ts'
import { StreamPull } from '../stream-pull.ts'

export interface Feed {
  /** Puts at most `room` bytes at `at`; answers how many, 0 at the end of the input. One call at a time. */
  fill(target: Buffer, at: number, room: number): number | Promise<number>
  /** Bytes of the input taken so far: of the packed ones, where it is packed. */
  readonly taken: number
  close(): void | Promise<void>
}

/** The name of standard input where a file's name is wanted. */
export const STDIN = '<stdin>'

/** Bytes of a packed file that are unpacked at a time, and of unpacked ones that wait at most. */
const PACKED = 64 * 1024
const UNPACKED = 256 * 1024

/** A file that has a size is read at explicit positions; a pipe or a device only goes forward. */
const positionOf = ({ start, end }: Split, taken: number): number | null => (end === Infinity ? null : start + taken)

/** Blocks the thread: for workers. */
const syncFeed = (split: Split): Feed => {
  let fd = -1
  let taken = 0
  return {
    get taken() {
      return taken
    },
    fill: (target, at, room) => {
      try {
        if (fd < 0) fd = openSync(split.file, 'r')
        const got = readSync(fd, target, at, room, positionOf(split, taken))
        taken += got
        return got
      } catch (error) {
        throw readFailed(split.file, error)
      }
    },
    close: () => {
      if (fd >= 0) closeSync(fd)
      fd = -1
    }
  }
}

/** Never blocks: for the caller's loop. */
const asyncFeed = (split: Split): Feed => {
  let opened: Promise<FileHandle> | undefined
  let reading = false
  let taken = 0
  return {
    get taken() {
      return taken
    },
    fill: async (target, at, room) => {
      reading = true
      try {
        const handle = await (opened ??= open(split.file, 'r'))
        const { bytesRead } = await handle.read(target, at, room, positionOf(split, taken))
        taken += bytesRead
        return bytesRead
      } catch (error) {
        throw readFailed(split.file, error)
      } finally {
        reading = false
      }
    },
    close: async () => {
      const closed = opened?.then((handle) => handle.close()).catch(() => undefined) // it could not be opened: nothing to close
      // A read from a pipe that nobody writes to may last for ever; it is left behind, and closes when it ends.
      if (!(reading && split.end === Infinity && !isPacked(split.file))) await closed
    }
  }
}

const gzipFeed = (split: Split, packed: Feed): Feed => {
  const gunzip = createGunzip({ chunkSize: UNPACKED })
  const input = Buffer.allocUnsafe(PACKED)
  let unpacked: Buffer | undefined
  let failed: { readonly error: unknown } | undefined
  let ended = false
  let writing = false
  let wake: () => void = () => undefined
  const look = (): void => {
    wake()
  }
  gunzip.on('readable', look)
  gunzip.on('end', () => {
    ended = true
    look()
  })
  gunzip.on('error', (error) => {
    failed = { error }
    look()
  })
  /** One piece of the packed file on its way into the unpacker; when all it gives has been read, the next. */
  const step = async (): Promise<void> => {
    writing = true
    const got = await packed.fill(input, 0, PACKED)
    if (got === 0) gunzip.end()
    else gunzip.write(input.subarray(0, got), (error) => {
      writing = error != null // after an error nothing more is written
      look()
    })
  }
  const fill = async (target: Buffer, at: number, room: number): Promise<number> => {
    while (unpacked === undefined) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve
      })
      const chunk = gunzip.read() as Buffer | null
      if (chunk !== null) unpacked = chunk
      else if (failed !== undefined) throw gzipCorrupt(split.file, packed.taken, failed.error)
      else if (ended) return 0
      else {
        if (!writing) await step()
        await changed
      }
    }
    const count = unpacked.copy(target, at, 0, Math.min(room, unpacked.length))
    unpacked = count === unpacked.length ? undefined : unpacked.subarray(count)
    return count
  }
  return {
    get taken() {
      return packed.taken
    },
    fill,
    close: () => {
      gunzip.destroy()
      look()
      return packed.close()
    }
  }
}

const stdinFeed = (): Feed => {
  const pull = new StreamPull(process.stdin, STDIN)
  let rest: Uint8Array | undefined
  let taken = 0
  const put = (target: Buffer, at: number, room: number): number => {
    const count = Math.min(room, rest!.length)
    target.set(rest!.subarray(0, count), at)
    rest = count === rest!.length ? undefined : rest!.subarray(count)
    taken += count
    return count
  }
  return {
    get taken() {
      return taken
    },
    fill: async (target, at, room) => {
      if (rest === undefined) {
        const chunk = await pull.next()
        if (chunk === undefined) return 0
        rest = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array)
      }
      return put(target, at, room)
    },
    // Standard input belongs to the process: it is let go, not closed.
    close: () => {
      pull.leave()
    }
  }
}

export const isPacked = (file: string): boolean => /\.gz$/i.test(file)

/** The feed for a split; blocking ones in workers, where waiting for the disk is fine. */
export const feedOf = (split: Split, how: 'blocking' | 'async'): Feed => {
  if (split.file === STDIN) return stdinFeed()
  const plain = how === 'blocking' ? syncFeed(split) : asyncFeed(split)
  return isPacked(split.file) ? gzipFeed(split, plain) : plain
}


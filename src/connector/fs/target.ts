/**
 * Where a sink's bytes go: a file that appears under its name only when all of it is there, or standard output.
 *
 *   open ──▶ .NAME.PID-RANDOM.tmp ── put … ── close ──▶ commit: rename to NAME
 *                                                  └──▶ discard: removed, NAME is as it was; at any time before commit
 *
 * Small writes are gathered; larger ones are written from where they lie, several pieces by one call. A target that is no regular file (a device, a pipe) is written in place. A name that is a link
 * stays one: the file it points to is replaced. Called by text-writer.ts and csv-writer.ts, on the caller's loop.
 */
import { randomBytes } from 'node:crypto'
import { access, chmod, constants, open, realpath, rename, stat, unlink, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import { systemCode, writeFailed } from '../../error/wording-files.ts'
import { isPacked } from './feed.ts'

export interface Target {
  readonly path: string
  /** Takes pieces of bytes, which are valid until the promise settles; `'closed'` when nobody wants any more. */
  put(pieces: readonly Uint8Array[]): void | Promise<void | 'closed'>
  /** All of it has been put: writes what was gathered. */
  close(): Promise<void>
  /** Shows the file under its name. */
  commit(): Promise<void>
  /** May be called at any time, and again. */
  discard(): Promise<void>
}

/** Bytes that are gathered before they are written: a write costs a trip to another thread. */
const GATHER = 256 * 1024
/** As many are worth a write of their own, with what has been gathered. */
const LARGE = 64 * 1024
/** Characters of the name that the temporary one keeps: names are bounded. */
const KEPT = 48

const writeAll = async (handle: FileHandle, pieces: readonly Uint8Array[]): Promise<void> => {
  for (let left = pieces; left.length > 0; ) {
    const { bytesWritten } = left.length === 1 ? await handle.write(left[0]!) : await handle.writev(left)
    left = behind(left, bytesWritten)
  }
}

/** What is left of pieces after so many bytes of them. */
const behind = (pieces: readonly Uint8Array[], bytes: number): readonly Uint8Array[] => {
  let left = bytes
  for (const [i, piece] of pieces.entries()) {
    if (left < piece.length) return [piece.subarray(left), ...pieces.slice(i + 1)]
    left -= piece.length
  }
  return []
}

const sizeOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, { length }) => sum + length, 0)

interface Encoder {
  encode(bytes: Uint8Array): Promise<readonly Uint8Array[]>
  end(): Promise<readonly Uint8Array[]>
  destroy(): void
}

const gzipEncoder = (): Encoder => {
  const gzip = createGzip({ chunkSize: 64 * 1024 })
  let made: Buffer[] = []
  let failed: Error | undefined
  gzip.on('data', (chunk: Buffer) => made.push(chunk))
  gzip.on('error', (error) => {
    failed = error
  })
  const take = (): readonly Buffer[] => {
    if (failed !== undefined) throw failed
    const out = made
    made = []
    return out
  }
  return {
    encode: async (bytes) => {
      await new Promise<void>((resolve) => {
        gzip.write(bytes, () => {
          resolve()
        })
      })
      return take()
    },
    end: async () => {
      await new Promise<void>((resolve) => {
        gzip.once('end', resolve)
        gzip.once('error', () => {
          resolve()
        })
        gzip.end()
      })
      return take()
    },
    destroy: () => {
      gzip.destroy()
    }
  }
}

/** What the path stands for now. */
const lookUp = async (path: string): Promise<{ readonly real: string; readonly inPlace: boolean; readonly mode: number | undefined }> => {
  const real = await realpath(path).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return path
    throw error
  })
  const found = await stat(real).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  })
  if (found?.isDirectory() === true) throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' })
  if (found !== undefined) await access(real, constants.W_OK)
  return { real, inPlace: found !== undefined && !found.isFile(), mode: found?.mode }
}

class FileTarget implements Target {
  readonly path: string
  readonly #handle: FileHandle
  /** `undefined`: written in place. */
  readonly #temporary: string | undefined
  readonly #real: string
  readonly #encoder: Encoder | undefined
  readonly #gathered = Buffer.allocUnsafeSlow(GATHER)
  #count = 0
  #over = false

  constructor(path: string, real: string, temporary: string | undefined, handle: FileHandle) {
    this.path = path
    this.#real = real
    this.#temporary = temporary
    this.#handle = handle
    this.#encoder = isPacked(path) ? gzipEncoder() : undefined
  }

  put(pieces: readonly Uint8Array[]): void | Promise<void> {
    const size = sizeOf(pieces)
    if (size >= LARGE || this.#count + size > GATHER) return this.#write(pieces, size)
    this.#gather(pieces)
  }

  #gather(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      this.#gathered.set(piece, this.#count)
      this.#count += piece.length
    }
  }

  async close(): Promise<void> {
    try {
      await this.#flush()
      if (this.#encoder !== undefined) await writeAll(this.#handle, await this.#encoder.end())
      await this.#handle.close()
    } catch (error) {
      throw writeFailed(this.path, error)
    }
  }

  async commit(): Promise<void> {
    try {
      if (this.#temporary !== undefined) await rename(this.#temporary, this.#real)
      this.#over = true
    } catch (error) {
      throw writeFailed(this.path, error)
    }
  }

  async discard(): Promise<void> {
    if (this.#over) return
    this.#over = true
    this.#encoder?.destroy()
    await this.#handle.close().catch(() => undefined) // closed already, or the disk has failed: the file goes anyway
    if (this.#temporary !== undefined) await unlink(this.#temporary).catch(() => undefined)
  }

  async #write(pieces: readonly Uint8Array[], size: number): Promise<void> {
    try {
      if (size >= LARGE) await this.#send([...this.#take(), ...pieces])
      else {
        await this.#flush()
        this.#gather(pieces)
      }
    } catch (error) {
      throw writeFailed(this.path, error)
    }
  }

  /** What has been gathered; to be written before more is. */
  #take(): readonly Uint8Array[] {
    const count = this.#count
    this.#count = 0
    return count === 0 ? [] : [this.#gathered.subarray(0, count)]
  }

  async #flush(): Promise<void> {
    await this.#send(this.#take())
  }

  async #send(pieces: readonly Uint8Array[]): Promise<void> {
    if (this.#encoder === undefined) return writeAll(this.#handle, pieces)
    for (const piece of pieces) await writeAll(this.#handle, await this.#encoder.encode(piece))
  }
}

export const openFile = async (path: string): Promise<Target> => {
  try {
    const { real, inPlace, mode } = await lookUp(path)
    if (inPlace) return new FileTarget(path, real, undefined, await open(real, 'w'))
    const temporary = join(dirname(real), `.${basename(real).slice(0, KEPT)}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`)
    const handle = await open(temporary, 'wx')
    if (mode !== undefined) await chmod(temporary, mode & 0o7777).catch(() => undefined) // the rights of the old file, where we may
    return new FileTarget(path, real, temporary, handle)
  } catch (error) {
    throw writeFailed(path, error)
  }
}

export const STDOUT = '<stdout>'

/** The file that a sink replaces; `undefined` for what is written in place: standard output and devices, which may be written by several. */
export const replacedBy = (path: string): string | undefined => {
  if (path === '-' || path === STDOUT) return undefined
  const full = resolve(path)
  return full.startsWith('/dev/') ? undefined : full
}

/** Codes that mean: whoever read our output has gone. */
const GONE = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END', 'EOF'])

const print = (bytes: Uint8Array): Promise<void | 'closed'> =>
  new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => {
      if (error == null) resolve()
      else if (GONE.has(systemCode(error) ?? '')) resolve('closed')
      else reject(writeFailed(STDOUT, error))
    })
  })

export const openStdout = (): Target => {
  // A broken pipe is told to the callback and as an event; nobody else may listen, and then it would end the process.
  const ignore = (): void => undefined
  process.stdout.on('error', ignore)
  let over = false
  const leave = async (): Promise<void> => {
    if (over) return
    over = true
    await setImmediate() // the event comes after the callback
    process.stdout.off('error', ignore)
  }
  return {
    path: STDOUT,
    put: async (pieces) => {
      for (const piece of pieces) if ((await print(piece)) === 'closed') return 'closed'
    },
    close: leave,
    commit: () => Promise.resolve(),
    discard: leave
  }
}

/**
 * A connection: bytes in both directions, each of which ends on its own.
 *
 *     read ◀── source ◀──┐        ┌── end of the other side's bytes ──▶ read answers undefined, source ends
 *                        socket ──┤
 *     write ──▶ sink ────┘        └── end(), sink finishes ──▶ the other side reads the end
 *
 * Invariants
 *   C1  bytes are taken from the socket when somebody reads, and no sooner but for its own buffer: a slow reader slows the other side
 *   C2  a write resolves when the socket has room again: a slow other side slows the writer
 *   C3  a socket is closed when both directions are over, or when it is told to
 *   C4  who abandons a read takes no bytes with it
 * Called by listener.ts and connect.ts; touches one socket of node:net.
 */
import type { Socket } from 'node:net'
import { PipelineError } from '../../error/pipeline-error.ts'
import { connectionBroke, connectionEnded, notBytes } from '../../error/wording-net.ts'
import { sourceUsed } from '../../error/wording-sources.ts'
import { sinkOf, sourceOf, type Sink, type Source } from '../../graph/source.ts'
import type { SinkWriter, SourceCursor } from '../../graph/spec.ts'
import '../executor-later.ts'
import { settleWithin } from '../settle-within.ts'
import { endsOf, textOf, type Address } from './address.ts'
import { Changes, type WaitOptions } from './changes.ts'
import type { ByteDuplex } from './duplex.ts'
import { resetSocket } from './reset.ts'

/** After so long a close does not wait any more for bytes to leave, in milliseconds. */
const FLUSH_MS = 1000

const NOTHING = new Uint8Array(0)

/** What {@link Connection.sink} answers. */
export interface SentBytes {
  readonly bytes: number
}

/**
 * A connection of {@link listen} or {@link connect}: a byte duplex, by calls (`read`, `write`, `end`) or as the `source` and the
 * `sink` of pipelines. Dispose of it when it is done with: `await using connection = …`.
 *
 * **Order**   bytes as they come; chunks begin and end anywhere
 * **Cost**    chunks are the ones of the socket: nothing is copied
 * **Errors**  IoError ERR_MILLRACE_CONNECTION when it breaks
 * **Source**  tokio `net::TcpStream`
 * @example
 * const listener = await listen({ port: 0 })
 * const client = await connect({ port: listener.port })
 * const server = await listener.accept()
 * await client.write(Buffer.from('hello'))
 * await client.end()
 * const hello = Buffer.concat(await server.source.toArray()).toString() // => 'hello'
 * await Promise.all([client.close(), server.close(), listener.close()])
 */
export class Connection implements ByteDuplex, AsyncIterable<Uint8Array>, AsyncDisposable {
  readonly local: Address
  readonly remote: Address
  /** Resolves when the socket is closed, however that came about. */
  readonly closed: Promise<void>
  readonly #socket: Socket
  readonly #name: string
  readonly #readable = new Changes()
  readonly #writable = new Changes()
  // made when they are asked for: most of what a connection costs
  #source: Source<Uint8Array> | undefined
  #sink: Sink<Uint8Array, SentBytes> | undefined
  #failure: { readonly error: unknown } | undefined
  #readOver = false
  #sourceUsed = false
  #claimed = false

  /** For {@link listen} and {@link connect}: of a socket that is connected, with `allowHalfOpen`. */
  constructor(socket: Socket, path?: string) {
    this.#socket = socket
    const { local, remote } = endsOf(socket, path)
    this.local = local
    this.remote = remote
    this.#name = textOf(remote)
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#readable.tell()
        this.#writable.tell()
        resolve()
      })
    })
    socket.on('readable', () => {
      this.#readable.tell()
    })
    socket.on('end', () => {
      this.#ended()
    })
    socket.on('drain', () => {
      this.#writable.tell()
    })
    socket.on('error', (error) => {
      this.#failure ??= { error }
      this.#readable.tell()
      this.#writable.tell()
    })
  }

  /**
   * What the other side sends, as chunks; ends when it ends. Can be run once. Whoever stops reading early leaves the rest unread: the
   * other side finds that it is not taken.
   */
  get source(): Source<Uint8Array> {
    const args = { remote: this.#name }
    return (this.#source ??= sourceOf<Uint8Array>({ role: 'source', kind: 'connection', args, open: ({ stage }) => this.#cursor(stage) }))
  }

  /**
   * Sends what it is given, ends this direction when the input has ended, and answers how many bytes there were. When the run fails
   * the connection is reset, so that the other side does not take what it has for all.
   */
  get sink(): Sink<Uint8Array, SentBytes> {
    const args = { remote: this.#name }
    return (this.#sink ??= sinkOf<Uint8Array, SentBytes>({
      role: 'sink', kind: 'connection', args, accepts: 'items', open: ({ signal }) => this.#writer(signal)
    }))
  }

  /** Bytes that have come, and bytes that have been handed over to be sent. */
  get bytesRead(): number {
    return this.#socket.bytesRead
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten
  }

  /** Somebody has begun to use it. @internal */
  get claimed(): boolean {
    return this.#claimed
  }

  /**
   * The next chunk, when there is one; `undefined` when the other side has ended. One call at a time.
   *
   * **Cancel**  by `signal`: no bytes are taken
   */
  async read({ signal }: WaitOptions = {}): Promise<Uint8Array | undefined> {
    this.#claimed = true
    for (;;) {
      signal?.throwIfAborted()
      const chunk = this.#socket.destroyed ? null : (this.#socket.read() as Buffer | null)
      if (chunk !== null) return chunk
      if (this.#readOver) return undefined
      this.#refuse('read', this.#socket.destroyed)
      await this.#readable.next(signal)
    }
  }

  /**
   * Sends bytes, and resolves when there is room for more. They are the connection's until they have left: do not change them.
   *
   * **Cancel**  by `signal`: only the wait is abandoned, the bytes are on their way
   */
  async write(bytes: Uint8Array, { signal }: WaitOptions = {}): Promise<void> {
    this.#claimed = true
    signal?.throwIfAborted()
    if (!(bytes instanceof Uint8Array)) throw notBytes('Connection.write', bytes)
    this.#refuse('write', this.#socket.writableEnded || this.#socket.destroyed)
    if (this.#socket.write(bytes)) return
    while (this.#socket.writableNeedDrain) {
      await this.#writable.next(signal)
      this.#refuse('write', this.#socket.destroyed)
    }
  }

  /** Ends what this side sends; resolves when all of it has left. What the other side sends goes on. */
  async end(): Promise<void> {
    this.#claimed = true
    const socket = this.#socket
    if (socket.writableFinished) return
    this.#refuse('write', socket.destroyed)
    await new Promise<void>((resolve) => {
      socket.once('finish', resolve)
      socket.once('close', resolve)
      socket.end()
    })
    if (socket.writableFinished) return
    this.#refuse('write', false)
    throw connectionBroke(this.#name, 'write', new Error('it was closed before all had left'))
  }

  /** Ends both directions: what has been written leaves first, if it does so within a second. May be called again. */
  async close(): Promise<void> {
    this.#claimed = true
    if (!this.#socket.destroyed && this.#failure === undefined) await settleWithin(this.end().catch(() => undefined), FLUSH_MS)
    this.#socket.destroy()
    await this.closed
  }

  /** Cuts it off, at once: the other side finds it broken, not ended. */
  reset(): void {
    this.#claimed = true
    resetSocket(this.#socket)
  }

  /** The chunks that come, until the other side ends. Leaving the loop leaves the rest unread, and the connection open. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (let chunk = await this.read(); chunk !== undefined; chunk = await this.read()) yield chunk
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /**
   * The other side has ended, or so it seems: a reset that comes together with the last bytes is told as an end. A write of nothing
   * finds it out, where nothing else is being written that would.
   */
  #ended(): void {
    const socket = this.#socket
    const over = (error?: Error | null): void => {
      if (error == null) this.#readOver = true
      else this.#failure ??= { error }
      this.#readable.tell()
    }
    if (socket.writable && socket.writableLength === 0) socket.write(NOTHING, over)
    else over()
  }

  #refuse(doing: 'read' | 'write', over: boolean): void {
    if (this.#failure !== undefined) throw connectionBroke(this.#name, doing, this.#failure.error)
    if (over) throw connectionEnded(this.#name, doing)
  }

  #cursor(stage: string): SourceCursor {
    if (this.#sourceUsed) throw sourceUsed(stage, 'a connection')
    this.#sourceUsed = this.#claimed = true
    const left = new AbortController()
    return {
      pull: async () => {
        try {
          const chunk = await this.read({ signal: left.signal })
          return chunk === undefined ? undefined : { items: [chunk] }
        } catch (error) {
          if (left.signal.aborted) return undefined
          throw PipelineError.from(error).with({ stage })
        }
      },
      close: () => {
        left.abort()
        if (this.#readOver) return
        this.#readOver = true
        if (this.#socket.writableFinished) this.#socket.destroy()
      }
    }
  }

  #writer(signal: AbortSignal): SinkWriter<SentBytes> {
    this.#claimed = true
    let bytes = 0
    return {
      write: async (items) => {
        for (const item of items) {
          if (!(item instanceof Uint8Array)) throw notBytes('connection.sink', item)
          await this.write(item, { signal })
          bytes += item.length
        }
      },
      finish: async () => {
        await this.end()
        if (this.#readOver) this.#socket.destroy() // also when its reader has left before the end
        return { bytes }
      },
      abort: () => {
        this.reset()
      }
    }
  }
}

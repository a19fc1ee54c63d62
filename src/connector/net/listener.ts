/**
 * The side of connections that waits for them.
 *
 *     kernel ──▶ waiting (unread, at most `maxWaiting`; one more is reset) ──▶ accept(), or the source `connections`
 *
 * Node accepts for the kernel whatever comes, so that a listener that is slow cannot leave connections in the kernel's queue: they
 * wait here, unread, and who connects may send no more than fits into the kernel's buffers.
 * Invariants
 *   A1  a connection is given to one caller, in the order in which they came
 *   A2  when the listener is over, nobody waits: neither connections (they are reset) nor callers
 * Called by users; touches one server of node:net.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { OptionNames } from '../../error/known-options.ts'
import { argumentError } from '../../error/pipeline-error.ts'
import { cannotListen, listenerClosed } from '../../error/wording-net.ts'
import { sourceUsed } from '../../error/wording-sources.ts'
import { sourceOf, type Source } from '../../graph/source.ts'
import type { RunContext, SourceCursor } from '../../graph/spec.ts'
import '../executor-later.ts'
import { checkedWhere, textOf, WHERE, type Address, type Where } from './address.ts'
import { Changes, type WaitOptions } from './changes.ts'
import { Connection } from './connection.ts'
import { resetSocket } from './reset.ts'

export interface ListenSettings {
  /** Connections that wait to be accepted; one that comes when so many wait is reset. A whole number >= 1. Default 1024. */
  readonly maxWaiting?: number | undefined
  /** Connections that the kernel holds before they come here. A whole number >= 1. Default 511. */
  readonly backlog?: number | undefined
  /** Whether small chunks leave at once (TCP_NODELAY). Default true. */
  readonly noDelay?: boolean | undefined
}

export type ListenOptions = Where & ListenSettings

const NAMES: OptionNames<typeof WHERE & ListenSettings> = { ...WHERE, maxWaiting: 1, backlog: 1, noDelay: 1 }

const count = (name: string, value: number): number => {
  if (Number.isInteger(value) && value >= 1) return value
  throw argumentError('range', `listen: ${name} must be a whole number >= 1`, `got ${String(value)}`, 'correct the option')
}

/**
 * A socket that others connect to; made by {@link listen}. Its connections come by `accept()`, by `for await`, or as the source
 * `connections` of a pipeline.
 */
export class Listener implements AsyncIterable<Connection>, AsyncDisposable {
  readonly address: Address
  /**
   * The connections, as they come, until the listener is closed or the run drains. Can be run once. Pulls when somebody wants one;
   * when the run ends, however it does, the listener is closed, and connections that nobody has begun to use are reset.
   */
  readonly connections: Source<Connection>
  /** Connections that were reset because too many waited. */
  refused = 0
  readonly #server: Server
  readonly #path: string | undefined
  readonly #maxWaiting: number
  readonly #changes = new Changes()
  #waiting: Socket[] = []
  /** Given out, and open; for those that nobody begins to use. */
  readonly #given = new Set<Connection>()
  #closed: Promise<void> | undefined
  #sourceUsed = false

  /** For {@link listen}: of a server that listens. */
  constructor(server: Server, maxWaiting: number) {
    this.#server = server
    this.#maxWaiting = maxWaiting
    const address = server.address()
    this.#path = typeof address === 'string' ? address : undefined
    this.address = typeof address === 'string' ? { path: address } : { host: address!.address, port: address!.port }
    server.on('connection', (socket) => {
      this.#arrived(socket)
    })
    const args = { at: textOf(this.address) }
    this.connections = sourceOf<Connection>({ role: 'source', kind: 'listen', args, open: (context) => this.#cursor(context) })
  }

  /** The port; 0 for a local socket. */
  get port(): number {
    return 'port' in this.address ? this.address.port : 0
  }

  /** Connections that wait to be accepted. */
  get waiting(): number {
    return this.#waiting.length
  }

  get isClosed(): boolean {
    return this.#closed !== undefined
  }

  /**
   * The next connection.
   *
   * **Cancel**  by `signal`: no connection is taken
   * **Errors**  rejects with ERR_MILLRACE_CLOSED when the listener is, or gets, closed
   */
  async accept(options: WaitOptions = {}): Promise<Connection> {
    const connection = await this.#next(options.signal)
    if (connection === undefined) throw listenerClosed(textOf(this.address))
    return connection
  }

  /** Stops listening, and resets the connections that wait. Those that were given out go on. May be called again. */
  close(): Promise<void> {
    if (this.#closed !== undefined) return this.#closed
    this.#closed = new Promise((resolve) => {
      this.#server.close() // calls back when the last connection is closed, which may be much later
      this.#server.unref()
      // the handle is closed in the next turn
      setImmediate(resolve)
    })
    for (const socket of this.#waiting.splice(0)) resetSocket(socket)
    this.#changes.tell()
    return this.#closed
  }

  /** Closes it, and resets what was given out and nobody has begun to use. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
    this.#resetUnused()
  }

  /** The connections, until it is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Connection, void, undefined> {
    for (let next = await this.#next(undefined); next !== undefined; next = await this.#next(undefined)) yield next
  }

  #arrived(socket: Socket): void {
    if (this.#waiting.length >= this.#maxWaiting || this.isClosed) {
      this.refused++
      resetSocket(socket)
      return
    }
    socket.on('error', () => undefined) // told to who reads or writes; until then to nobody
    this.#waiting.push(socket)
    this.#changes.tell()
  }

  async #next(signal: AbortSignal | undefined): Promise<Connection | undefined> {
    for (;;) {
      signal?.throwIfAborted()
      const socket = this.#waiting.shift()
      if (socket !== undefined) return this.#give(socket)
      if (this.isClosed) return undefined
      await this.#changes.next(signal)
    }
  }

  #give(socket: Socket): Connection {
    const connection = new Connection(socket, this.#path)
    this.#given.add(connection)
    void connection.closed.then(() => this.#given.delete(connection))
    return connection
  }

  #resetUnused(): void {
    for (const connection of this.#given) if (!connection.claimed) connection.reset()
  }

  #cursor({ signal, stage }: RunContext): SourceCursor {
    if (this.#sourceUsed) throw sourceUsed(stage, 'a listener')
    this.#sourceUsed = true
    return {
      // one at a time: what is taken ahead of who handles it would be out of its sight
      pull: async () => {
        const connection = await this.#next(undefined)
        return connection === undefined ? undefined : { items: [connection] }
      },
      close: async () => {
        await this.close()
        if (signal.aborted) this.#resetUnused()
      }
    }
  }
}

/**
 * Listens at a port of this machine, or at a local socket (`{ path }`); port 0 is a free one, which `listener.port` tells. Resolves when
 * others can connect.
 *
 * **When to use**  for servers of bytes. The accept loop is a pipeline: `concurrency` of the stage behind it bounds how many connections
 *                  are handled at a time, and the others wait, unread
 * **Memory**       `maxWaiting` sockets that wait
 * **Errors**       IoError ERR_MILLRACE_LISTEN, with the system's code in `system`; RangeError or TypeError for bad options
 * **Source**       tokio `net::TcpListener::bind`
 * @example
 * const listener = await listen({ port: 0 })
 * const echo = mapAsync((c: Connection) => pipeline({ sent: c.source.to(c.sink) }).run({ workers: 0 }).done, { ordered: false })
 * const server = pipeline({ runs: listener.connections.pipe(echo).to(forEach(() => undefined)) }).run({ workers: 0 })
 *
 * const client = await connect({ port: listener.port })
 * await client.write(Buffer.from('hello'))
 * await client.end()
 * const echoed = Buffer.concat(await client.source.toArray()).toString() // => 'hello'
 * await server.drain()
 */
export const listen = async (options: ListenOptions): Promise<Listener> => {
  const where = checkedWhere('listen', options, NAMES)
  const { maxWaiting = 1024, backlog = 511, noDelay = true } = options
  count('maxWaiting', maxWaiting)
  count('backlog', backlog)
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay })
  await new Promise<void>((resolve, reject) => {
    const failed = (error: Error): void => {
      reject(cannotListen(textOf(where), error))
    }
    server.once('error', failed)
    server.listen({ ...where, backlog }, () => {
      server.off('error', failed)
      resolve()
    })
  })
  // what fails later concerns a connection that has not come about (no file descriptor is left, say): the others go on
  server.on('error', () => undefined)
  return new Listener(server, maxWaiting)
}

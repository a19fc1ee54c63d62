/**
 * The side of a connection that asks for it.
 */
import { createConnection, type Socket } from 'node:net'
import type { OptionNames } from '../../error/known-options.ts'
import { cannotConnect } from '../../error/wording-net.ts'
import { checkedWhere, textOf, WHERE, type Where } from './address.ts'
import type { WaitOptions } from './changes.ts'
import { Connection } from './connection.ts'

export interface ConnectSettings extends WaitOptions {
  /** Whether small chunks leave at once (TCP_NODELAY). Default true. */
  readonly noDelay?: boolean | undefined
}

export type ConnectOptions = Where & ConnectSettings

const NAMES: OptionNames<typeof WHERE & ConnectSettings> = { ...WHERE, noDelay: 1, signal: 1 }

/**
 * Connects to a port of a host, or to a local socket (`{ path }`).
 *
 * **Cancel**  by `signal`: rejects with its reason, and nothing is left open
 * **Errors**  IoError ERR_MILLRACE_CONNECT, with the system's code in `system`; RangeError or TypeError for bad options
 * **Source**  tokio `net::TcpStream::connect`
 * @example
 * const listener = await listen({ port: 0 })
 * await using connection = await connect({ port: listener.port })
 * await listener.close()
 */
export const connect = async (options: ConnectOptions): Promise<Connection> => {
  const where = checkedWhere('connect', options, NAMES)
  const { signal, noDelay = true } = options
  signal?.throwIfAborted()
  const socket = await new Promise<Socket>((resolve, reject) => {
    const made = createConnection({ ...where, allowHalfOpen: true, noDelay })
    const over = (): void => {
      made.off('connect', connected)
      made.off('error', failed)
      signal?.removeEventListener('abort', abort)
    }
    const connected = (): void => {
      over()
      resolve(made)
    }
    const failed = (error: Error): void => {
      over()
      reject(cannotConnect(textOf(where), error))
    }
    const abort = (): void => {
      over()
      made.on('error', () => undefined)
      made.destroy()
      // what a signal gives as its reason is passed on as it is, an Error or not
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      reject(signal?.reason)
    }
    made.on('connect', connected)
    made.on('error', failed)
    signal?.addEventListener('abort', abort)
  })
  return new Connection(socket, 'path' in where ? where.path : undefined)
}

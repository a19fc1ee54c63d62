/** Where a socket is, or is to be: a port of a host, or the path of a local socket. Called by this folder. */
import type { Socket } from 'node:net'
import type { Names, OptionNames } from '../../error/known-options.ts'
import { argumentError } from '../../error/pipeline-error.ts'
import { optionsObject } from '../../operator/check.ts'

/** A port of a host. */
export interface Port {
  /** 0 to 65 535. */
  readonly port: number
  /** A name or an address. Default `'127.0.0.1'`: this machine, and nobody else. */
  readonly host?: string | undefined
}

/** A socket of this machine that is a file. */
export interface LocalPath {
  readonly path: string
}

export type Where = Port | LocalPath

export const WHERE: OptionNames<Port & LocalPath> = { port: 1, host: 1, path: 1 }

/** The end of a connection. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string }

export const HOST = '127.0.0.1'

/** What `node:net` is told. */
export const checkedWhere = (call: string, options: Where, names: Names): { readonly port: number; readonly host: string } | { readonly path: string } => {
  optionsObject(call, options, names)
  if ('path' in options && options.path !== undefined) {
    if (typeof options.path === 'string' && options.path !== '') return { path: options.path }
    const got = `got ${typeof options.path}`
    throw argumentError('type', `${call}: path must be a text that is not empty`, got, 'give the path of a local socket, or a port')
  }
  const { port, host = HOST } = options as Port
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    const kind = typeof port === 'number' ? 'range' : 'type'
    throw argumentError(kind, `${call}: port must be a whole number from 0 to 65535`, `got ${String(port)}`, 'correct the option')
  }
  if (typeof host !== 'string' || host === '') {
    throw argumentError('type', `${call}: host must be a text that is not empty`, `got ${typeof host}`, "leave it out for '127.0.0.1'")
  }
  return { port, host }
}

export const textOf = (address: Address): string => {
  if ('path' in address) return address.path === '' ? 'a local socket' : address.path
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}

/** Both ends of a socket that is connected. A local socket's ends have no addresses of their own but the path. */
export const endsOf = (socket: Socket, path: string | undefined): { readonly local: Address; readonly remote: Address } => {
  const at = (host: string | undefined, port: number | undefined): Address => (path === undefined ? { host: host ?? '', port: port ?? 0 } : { path })
  return { local: at(socket.localAddress, socket.localPort), remote: at(socket.remoteAddress, socket.remotePort) }
}

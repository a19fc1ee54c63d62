/** Two connected ends on a free port of this machine, closed after the test. */
import { connect } from '../../../src/connector/net/connect.ts'
import type { Connection } from '../../../src/connector/net/connection.ts'
import { listen, type Listener } from '../../../src/connector/net/listener.ts'

type Defer = (cleanup: () => unknown) => void

export const listening = async (defer: Defer, options: { readonly maxWaiting?: number } = {}): Promise<Listener> => {
  const listener = await listen({ port: 0, ...options })
  defer(() => listener[Symbol.asyncDispose]())
  return listener
}

export const connected = async (defer: Defer, listener: Listener): Promise<Connection> => {
  const connection = await connect({ port: listener.port })
  defer(() => { connection.reset() })
  return connection
}

/** [the end that asked, the end that was accepted] */
export const pair = async (defer: Defer): Promise<readonly [Connection, Connection]> => {
  const listener = await listening(defer)
  const client = await connected(defer, listener)
  const server = await listener.accept()
  defer(() => { server.reset() })
  await listener.close()
  return [client, server]
}

export const bytesOf = (text: string): Uint8Array => Buffer.from(text)

export const textOf = (chunks: readonly Uint8Array[]): string => Buffer.concat(chunks).toString()

/** Everything that a connection sends until it ends. */
export const all = async (connection: Connection): Promise<string> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of connection) chunks.push(chunk)
  return textOf(chunks)
}

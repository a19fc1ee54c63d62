/**
 * The wording of what goes wrong with connections. Called by connector/net/.
 */
import { IoError } from './io-error.ts'
import { argumentError } from './pipeline-error.ts'
import { systemCode } from './wording-files.ts'

/** What a system error means for a connection, in words. */
const MEANING: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is in use',
  EADDRNOTAVAIL: 'the address is not one of this machine',
  EACCES: 'permission denied',
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the other side has cut it off',
  EPIPE: 'the other side has closed it',
  ETIMEDOUT: 'the other side does not answer',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ENOTFOUND: 'the name of the host is not known',
  EAI_AGAIN: 'the name server does not answer',
  ENOENT: 'there is no such socket',
  EMFILE: 'this process has too many open files: see ulimit -n'
}

const why = (cause: unknown): string => {
  const code = systemCode(cause)
  const meaning = code === undefined ? undefined : MEANING[code]
  if (meaning !== undefined) return `${meaning} (${code})`
  const message = cause instanceof Error ? cause.message : String(cause)
  return message === '' ? (code ?? 'no reason is known') : message
}

export const cannotListen = (where: string, cause: unknown): IoError =>
  new IoError('ERR_MILLRACE_LISTEN', `listen: cannot listen at ${where}: ${why(cause)}. Choose another address, or port 0 for a free one`, systemCode(cause), cause)

export const cannotConnect = (where: string, cause: unknown): IoError =>
  new IoError('ERR_MILLRACE_CONNECT', `connect: no connection to ${where}: ${why(cause)}. See whether a server listens there`, systemCode(cause), cause)

export const connectionBroke = (where: string, doing: 'read' | 'write', cause: unknown): IoError =>
  new IoError(
    'ERR_MILLRACE_CONNECTION',
    `connection with ${where}: it broke in a ${doing}: ${why(cause)}. ${doing === 'read' ? 'What has been read is not all there was to come' : 'What was written may not have arrived'}`,
    systemCode(cause),
    cause
  )

/** A call on a connection whose own side is over. */
export const connectionEnded = (where: string, doing: 'read' | 'write'): IoError =>
  new IoError('ERR_MILLRACE_CONNECTION', `connection with ${where}: no ${doing}, since this side has ended it. ${doing === 'write' ? 'Write before end() and close()' : 'Read before close()'}`)

/** A wait for a connection that cannot come any more. */
export const listenerClosed = (where: string): IoError =>
  new IoError('ERR_MILLRACE_CLOSED', `accept: the listener at ${where} is closed, so no connection comes any more. Stop accepting, or listen again`)

export const notBytes = (what: string, item: unknown): Error => {
  const got = item === null ? 'null' : typeof item === 'object' ? `an object of class ${(item as { constructor?: { name?: string } }).constructor?.name ?? 'null'}` : `a ${typeof item}`
  return argumentError('type', `${what}: takes items that are Uint8Array`, `got ${got}`, 'make bytes of it in front: map((text) => Buffer.from(text))')
}

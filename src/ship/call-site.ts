/**
 * The files on the call stack: whose top level is calling.
 *
 * Reads V8's call sites and not the printed stack, which source maps rewrite: what a worker has to import is the file that
 * runs, not the one that it was made from. Called by portable.ts. Touches `Error` for the length of a call.
 */
import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface Caller {
  /** URL of the file that calls; `undefined` when the stack does not tell (evaluated text). */
  readonly url: string | undefined
  /** `file:line:column` of the call. */
  readonly site: string | undefined
  /** URLs of the files on the stack, the caller's first. */
  readonly files: readonly string[]
}

/** Frames looked at: a wrapper around `portable` is a few calls away from its user. */
const FRAMES = 30

const urlOf = (file: string | null | undefined): string | undefined => {
  if (file === null || file === undefined) return undefined
  if (file.startsWith('file:')) return file
  return isAbsolute(file) ? pathToFileURL(file).href : undefined
}

/** Who called `below`. */
export const callerOf = (below: (...args: never[]) => unknown): Caller => {
  const { prepareStackTrace, stackTraceLimit } = Error
  let frames: readonly NodeJS.CallSite[] = []
  try {
    Error.stackTraceLimit = FRAMES
    Error.prepareStackTrace = (_, sites) => sites
    const holder: { stack?: unknown } = {}
    Error.captureStackTrace(holder, below)
    if (Array.isArray(holder.stack)) frames = holder.stack as readonly NodeJS.CallSite[]
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace')
    else Error.prepareStackTrace = prepareStackTrace
  }
  const top = frames[0]
  const url = urlOf(top?.getFileName())
  const site = url === undefined ? undefined : `${url}:${top?.getLineNumber() ?? 0}:${top?.getColumnNumber() ?? 0}`
  return { url, site, files: frames.map((frame) => urlOf(frame.getFileName())).filter((file) => file !== undefined) }
}

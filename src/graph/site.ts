/**
 * Where in the user's program a stage was declared: `file:line:column` of the first frame outside millrace.
 *
 * The stack is captured when the stage is made (a few microseconds) and only read when a message or `explain()` needs it.
 * Called by: stage.ts. Touches nothing but `Error`.
 */
import { fileURLToPath } from 'node:url'

/** A declaration site; `text()` is `file:line:column`, or `undefined` when the stack does not tell. */
export interface Site {
  text(): string | undefined
}

/** In the sources the folder above this one; in a build the folder that holds the bundle. */
const own = new URL(import.meta.url.endsWith('/graph/site.ts') ? '..' : '.', import.meta.url).href
const ownPath = own.startsWith('file:') ? fileURLToPath(own) : own

/** Frames of a build that source maps (tsx, --enable-source-maps) have put back into the sources beside it. */
const mapped = /^[\\/]src[\\/](?:graph|operator|connector|exec|testing|prelude|error)[\\/]/
const above = ownPath.replace(/[^\\/]+[\\/]$/, '')

/** A frame of millrace itself: of this source folder, or of the built `dist` folder that took its place. */
const isOwn = (frame: string): boolean =>
  frame.includes(own) || frame.includes(ownPath) || frame.includes('node:internal') || (frame.includes(above) && mapped.test(frame.slice(frame.indexOf(above) + above.length - 1)))

const where = (frame: string): string | undefined => {
  const found = /\(?((?:file:\/\/|\/|[A-Za-z]:\\)[^()]+?:\d+:\d+)\)?$/.exec(frame.trim())
  const place = found?.[1]
  if (place === undefined) return undefined
  return place.startsWith('file://') ? fileURLToPath(place.replace(/:\d+:\d+$/, '')) + (/:\d+:\d+$/.exec(place)?.[0] ?? '') : place
}

/** Captures the caller's place. The work of reading it is left until someone asks. */
export const captureSite = (): Site => {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 12
  const trace = new Error('site')
  Error.stackTraceLimit = limit
  let text: string | undefined
  let read = false
  return {
    text: () => {
      if (!read) {
        read = true
        for (const frame of (trace.stack ?? '').split('\n').slice(1)) {
          if (isOwn(frame)) continue
          text = where(frame)
          if (text !== undefined) break
        }
      }
      return text
    }
  }
}

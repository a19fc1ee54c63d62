/**
 * Paths as users give them: one or a list, text or URL, literal or glob, `-` for standard input. Checked at declaration;
 * looked up when a run lists its splits (listing.ts).
 */
import { isAbsolute, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { argumentError } from '../../error/pipeline-error.ts'
import { pathsWrong } from '../../error/wording-files.ts'

/** A path, a glob, a `file:` URL, or several of them. `-` is standard input. */
export type Paths = string | URL | readonly (string | URL)[]

const describe = (value: unknown): string => {
  if (typeof value === 'string') return value === '' ? 'an empty text' : JSON.stringify(value)
  return value === null ? 'null' : `a value of type ${typeof value}`
}

/** One path as text. */
const textOf = (reader: string, path: unknown): string => {
  if (path instanceof URL) {
    if (path.protocol === 'file:') return fileURLToPath(path)
    throw pathsWrong(reader, `the URL ${path.href}`)
  }
  if (typeof path !== 'string' || path === '' || path.includes('\0')) throw pathsWrong(reader, describe(path))
  return path
}

/** All of them as text. */
export const pathList = (reader: string, paths: Paths): readonly string[] => {
  const given: readonly unknown[] = Array.isArray(paths) ? (paths as readonly unknown[]) : [paths]
  if (given.length === 0) throw pathsWrong(reader, 'an empty list')
  const list = given.map((path) => textOf(reader, path))
  if (list.includes('-') && list.length > 1) {
    const remedy = 'join the sources: concat(fs.stdin(), fs.lines(files))'
    throw argumentError('range', `fs.${reader}: '-' (standard input) stands alone`, `got it among ${list.length} paths`, remedy)
  }
  return list
}

/** The one file that a sink writes; absolute. */
export const sinkPath = (sink: string, paths: readonly string[]): string => {
  const [path] = paths
  if (path === undefined || paths.length > 1) {
    const remedy = 'give one path; partition or route the source for several files'
    throw argumentError('range', `fs.${sink}: a sink writes one file`, `got ${paths.length} paths`, remedy)
  }
  if (path !== '-' && path.includes('*')) {
    throw argumentError('range', `fs.${sink}: a sink writes one file`, `got the glob '${path}'`, 'give the name of the file')
  }
  return path === '-' || isAbsolute(path) ? path : resolve(path)
}

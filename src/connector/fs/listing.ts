/**
 * From paths and globs to files: what a run reads, found when the run begins. Every path is looked at, so that what is
 * missing or unreadable is known before the first line is read.
 *
 * A path that exists is taken as it is, so names with brackets work; globs give their regular files, in the order of
 * their names.
 * Called by the sources in this folder, on the caller's loop only (tinyglobby is loaded when there is a glob).
 */
import { access, constants, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileNotFound, fileUnreadable, isDirectory, noFiles, systemCode } from '../../error/wording-files.ts'

export interface FoundFile {
  readonly file: string
  /** `undefined` for what has none: pipes and devices. */
  readonly size: number | undefined
}

/** Codes that mean: nothing of this name. */
const MISSING = new Set(['ENOENT', 'ENOTDIR'])

const look = async (stage: string, file: string): Promise<FoundFile | { readonly missing: unknown }> => {
  try {
    const found = await stat(file)
    if (found.isDirectory()) throw isDirectory(stage, file)
    await access(file, constants.R_OK)
    return { file, size: found.isFile() ? found.size : undefined }
  } catch (error) {
    const code = systemCode(error)
    if (code !== undefined && MISSING.has(code)) return { missing: error }
    if (code?.startsWith('ERR_MILLRACE_') === true) throw error
    throw fileUnreadable(stage, file, error)
  }
}

const expand = async (stage: string, pattern: string, cause: unknown): Promise<readonly FoundFile[]> => {
  const { glob, isDynamicPattern } = await import('tinyglobby')
  const slashed = process.platform === 'win32' ? pattern.replaceAll('\\', '/') : pattern
  if (!isDynamicPattern(slashed)) throw fileNotFound(stage, resolve(pattern), cause)
  const files = await glob(slashed, { absolute: true, expandDirectories: false, onlyFiles: true })
  const found: FoundFile[] = []
  for (const file of files.map((name) => resolve(name)).sort()) {
    const one = await look(stage, file)
    if ('missing' in one) throw fileNotFound(stage, file, one.missing) // a link to nowhere
    if (one.size !== undefined) found.push(one)
  }
  if (found.length === 0) throw noFiles(stage, pattern)
  return found
}

/** The files that the paths name, each once, in the order of the list. */
export const listFiles = async (stage: string, paths: readonly string[]): Promise<readonly FoundFile[]> => {
  const found = new Map<string, FoundFile>()
  for (const path of paths) {
    const literal = await look(stage, resolve(path))
    for (const one of 'file' in literal ? [literal] : await expand(stage, path, literal.missing)) if (!found.has(one.file)) found.set(one.file, one)
  }
  return [...found.values()]
}

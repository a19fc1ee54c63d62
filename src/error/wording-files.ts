/**
 * The wording of what goes wrong with files: one constructor per kind of failure. Every message names the file.
 *
 * Called by connector/fs/, on the caller's loop and in workers. Touches nothing.
 */
import { argumentError, PipelineError, type Position } from './pipeline-error.ts'

/** What a system error means, in words; the code stays for those who search for it. */
const MEANING: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is too large for its file system',
  EROFS: 'the file system is read-only',
  EMFILE: 'this process has too many open files',
  ENFILE: 'the system has too many open files',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  EIO: 'the device failed',
  ETXTBSY: 'it is a program that runs'
}

/** The code of a system error. */
export const systemCode = (error: unknown): string | undefined => {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

const reason = (error: unknown): string => {
  const code = systemCode(error)
  const known = code === undefined ? undefined : MEANING[code]
  if (known !== undefined) return `${known} (${code})`
  return error instanceof Error ? error.message : String(error)
}

const inFile = (file: string, line?: number, byte?: number): Position => ({
  index: -1,
  file,
  ...(line === undefined ? {} : { line }),
  ...(byte === undefined ? {} : { byte })
})

export const fileNotFound = (stage: string | undefined, file: string, cause: unknown): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_FILE_NOT_FOUND',
    message: `there is no file ${file}. Check the path; a relative one starts at ${process.cwd()}`,
    stage,
    position: inFile(file),
    cause
  })

export const isDirectory = (stage: string | undefined, file: string): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_IS_DIRECTORY',
    message: `${file} is a directory. Name its files, or take all of them by a glob: '${file.replace(/[\\/]$/, '')}/*'`,
    stage,
    position: inFile(file)
  })

export const fileUnreadable = (stage: string | undefined, file: string, cause: unknown): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_FILE_UNREADABLE',
    message: `${file} cannot be read: ${reason(cause)}. Give the user of this process the right to read it, or leave it out`,
    stage,
    position: inFile(file),
    cause
  })

export const noFiles = (stage: string | undefined, pattern: string): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_NO_FILES',
    message: `no file matches '${pattern}'. Check the pattern; a relative one starts at ${process.cwd()}`,
    stage
  })

/** A file that was there when the files were listed fails while it is read. */
export const readFailed = (file: string, error: unknown): PipelineError => {
  if (error instanceof PipelineError) return error
  const code = systemCode(error)
  if (code === 'ENOENT') return fileNotFound(undefined, file, error)
  if (code === 'EISDIR') return isDirectory(undefined, file)
  return fileUnreadable(undefined, file, error)
}

export const gzipCorrupt = (file: string, taken: number, cause: unknown): PipelineError => {
  const code = systemCode(cause)
  const what =
    code === 'Z_BUF_ERROR'
      ? `is truncated: it ends within its data, after ${taken} bytes`
      : `is corrupt, or not a gzip file: ${cause instanceof Error ? cause.message : String(cause)}, within its first ${taken} bytes`
  return new PipelineError({
    code: 'ERR_MILLRACE_GZIP_CORRUPT',
    message: `${file} ${what}. What could be unpacked before that has been read; get the file anew, or test it with gzip -t`,
    position: inFile(file),
    cause
  })
}

export const lineTooLong = (file: string, line: number, byte: number, max: number): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_LINE_TOO_LONG',
    message: `line ${line} of ${file}, which begins at byte ${byte}, is longer than ${max} bytes. If the file does hold lines, raise maxLineBytes; fs.bytes reads files that do not`,
    position: inFile(file, line, byte)
  })

export const csvHeader = (file: string, line: number, what: string): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_CSV_HEADER',
    message: `${file}:${line}: ${what}. Mend the header, or give the names yourself: header: ['a', 'b'] (then the first row is data)`,
    position: inFile(file, line)
  })

/** The cause of a failed sink, for sink-task.ts to wrap: keeps the system's code. */
export const writeFailed = (file: string, error: unknown): Error => {
  const remedy: Readonly<Record<string, string>> = {
    ENOENT: 'Make its directory first',
    ENOTDIR: 'Check the path',
    EISDIR: 'Give the name of a file in it',
    EACCES: 'Give the user of this process the right to write to it and to its directory',
    EPERM: 'Give the user of this process the right to write to it and to its directory',
    ENOSPC: 'Make room, or write elsewhere',
    EROFS: 'Write elsewhere'
  }
  const code = systemCode(error)
  const advice = code === undefined ? undefined : remedy[code]
  return Object.assign(new Error(`cannot write ${file}: ${reason(error)}${advice === undefined ? '' : `. ${advice}`}`, { cause: error }), {
    path: file,
    ...(code === undefined ? {} : { code })
  })
}

export const pathsWrong = (reader: string, got: string): Error =>
  argumentError('type', `fs.${reader}: paths must be a path, a glob, a file: URL, or a list of them`, `got ${got}`, "name at least one file, for example 'logs/*.gz'")

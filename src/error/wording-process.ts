/**
 * The wording of what goes wrong with child processes and signals. Called by connector/process/ and connector/signal/.
 */
import { IoError } from './io-error.ts'
import { argumentError } from './pipeline-error.ts'
import { systemCode } from './wording-files.ts'

/** How much of what a child has said is put into a message, in characters. */
const SAID = 500

const why = (file: string, cwd: string | undefined, cause: unknown): string => {
  const code = systemCode(cause)
  if (code === 'ENOENT') {
    return file.includes('/') ? `there is no such file (${code})` : `no such program is on the PATH (${code}). Install it, or give its path`
  }
  if (code === 'EACCES') return `permission denied, or it is no program (${code})`
  if (code === 'E2BIG') return `its arguments are too long (${code}). Send them through its standard input`
  if (code === 'ENOTDIR') return `the folder to run it in, ${cwd ?? process.cwd()}, is not one (${code})`
  return cause instanceof Error ? cause.message : String(cause)
}

export const cannotStart = (file: string, cwd: string | undefined, cause: unknown): IoError =>
  new IoError('ERR_MILLRACE_CHILD_NOT_STARTED', `command '${file}': could not be started: ${why(file, cwd, cause)}`, systemCode(cause), cause)

/** A working directory that is missing looks, to the system, like a program that is. */
export const noSuchFolder = (file: string, cwd: string): IoError =>
  new IoError('ERR_MILLRACE_CHILD_NOT_STARTED', `command '${file}': could not be started: there is no folder ${cwd} to run it in. See the option cwd`, 'ENOENT')

/** How a child ended. */
export interface ChildEnd {
  readonly code: number | null
  readonly signal: string | null
  readonly stderr: string
}

/** A child that ended as it should not have. */
export class ChildError extends IoError {
  /** The exit code; `null` when a signal ended it. */
  readonly exitCode: number | null
  /** The signal that ended it. */
  readonly signal: string | null
  /** The end of what it wrote to its standard error, where that was kept. */
  readonly stderr: string

  constructor(file: string, { code, signal, stderr }: ChildEnd) {
    const how = signal === null ? `exited with code ${String(code)}` : `was ended by ${signal}`
    const said = stderr.trim() === '' ? '' : `. It said: ${stderr.trim().slice(-SAID)}`
    const remedy = signal === null ? `. If that is no failure, allow it: { allow: [${String(code)}] }` : ''
    super('ERR_MILLRACE_CHILD_FAILED', `command '${file}' ${how}${said}${remedy}`)
    this.name = 'ChildError'
    this.exitCode = code
    this.signal = signal
    this.stderr = stderr
  }
}

/** A stream of a child that was not asked for. */
export const notPiped = (file: string, stream: 'stdin' | 'stdout' | 'stderr', is: string): Error =>
  argumentError('type', `command '${file}': its ${stream} is not here`, `the option ${stream} is '${is}'`, `give { ${stream}: 'pipe' }`)

export const notASignal = (call: string, got: unknown): Error =>
  argumentError('range', `${call}: needs names of signals that can be listened to`, `got ${String(got)}`, "give names such as 'SIGHUP'; SIGKILL and SIGSTOP are heard by nobody")

export const signalsInWorker = (call: string): IoError =>
  new IoError('ERR_MILLRACE_IN_WORKER', `${call}: signals come to the main thread only, and this is a worker. Listen there, and tell the worker`)

/** How a child process is started and how it may end: options, checked at declaration. Called by command.ts. */
import type { OptionNames } from '../../error/known-options.ts'
import { argumentError } from '../../error/pipeline-error.ts'
import { optionsObject, wholeNumber } from '../../operator/check.ts'

/** What becomes of a standard stream of a child that is not in the pipeline. */
export type Elsewhere = 'pipe' | 'inherit' | 'ignore'

export interface CommandOptions {
  /** Name of the stage. Default: `command`. */
  readonly name?: string | undefined
  /** The folder to run it in. Default: this process's. */
  readonly cwd?: string | URL | undefined
  /** Its environment, whole. Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /**
   * Exit codes that are no failures, besides 0; `'any'` for all of them, and for ends by signals.
   */
  readonly allow?: readonly number[] | 'any' | undefined
  /**
   * What becomes of its standard error: `'keep'` (default) reads it and keeps the end of it for messages; `'pipe'` makes it a source of the
   * spawned child, which must be read; `'inherit'` shows it, `'ignore'` throws it away.
   */
  readonly stderr?: 'keep' | Elsewhere | undefined
  /** Of a child that is spawned, or started as a sink. Default: `'pipe'` for `spawn`, `'inherit'` for `sink`. */
  readonly stdout?: Elsewhere | undefined
  /** Of a child that is spawned. Default `'pipe'`. */
  readonly stdin?: Elsewhere | undefined
  /** How it is asked to end. Default SIGTERM. */
  readonly killSignal?: NodeJS.Signals | undefined
  /** One that has not ended so long after it was asked is ended by SIGKILL, in milliseconds. Default 300. */
  readonly graceMs?: number | undefined
  /** Whether a spawned child ends when it is disposed of; otherwise it goes on by itself. Default true. */
  readonly killOnDispose?: boolean | undefined
}

const NAMES: OptionNames<CommandOptions> = {
  name: 1, cwd: 1, env: 1, allow: 1, stderr: 1, stdout: 1, stdin: 1, killSignal: 1, graceMs: 1, killOnDispose: 1
}

const words = (name: string, value: unknown, allowed: readonly string[]): void => {
  if (value === undefined || (typeof value === 'string' && allowed.includes(value))) return
  const got = typeof value === 'string' ? value : typeof value
  throw argumentError('range', `command: ${name} must be one of ${allowed.join(', ')}`, `got ${got}`, 'correct the option')
}

const ELSEWHERE = ['pipe', 'inherit', 'ignore']

export const checkedOptions = (options: CommandOptions): CommandOptions => {
  optionsObject('command', options, NAMES)
  words('stdin', options.stdin, ELSEWHERE)
  words('stdout', options.stdout, ELSEWHERE)
  words('stderr', options.stderr, ['keep', ...ELSEWHERE])
  if (options.graceMs !== undefined) wholeNumber('command', 'graceMs', options.graceMs, 0)
  const { allow } = options
  if (allow !== undefined && allow !== 'any' && !(Array.isArray(allow) && allow.every((code) => Number.isInteger(code)))) {
    throw argumentError('type', "command: allow must be a list of exit codes, or 'any'", `got ${String(allow)}`, 'correct the option')
  }
  return Object.freeze({ ...options })
}

/** The file and its arguments: texts, none of which a shell will see. */
export const checkedArguments = (file: unknown, args: unknown): void => {
  if (typeof file !== 'string' || file === '' || file.includes('\0')) {
    throw argumentError(
      'type',
      'command: file must be the name or the path of a program',
      `got ${file === '' ? 'an empty text' : typeof file}`,
      "give the program, and its arguments as a list: command('grep', ['x'])"
    )
  }
  if (!Array.isArray(args) || !args.every((arg) => typeof arg === 'string' && !arg.includes('\0'))) {
    throw argumentError(
      'type',
      'command: args must be a list of texts',
      `got ${Array.isArray(args) ? 'something else in it' : typeof args}`,
      "give the arguments one by one: command('grep', ['-c', 'x'])"
    )
  }
}

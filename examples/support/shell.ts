/**
 * Manners of a program at a terminal: exit codes, what Ctrl-C does, what happens when nobody reads the output any more.
 *
 *   exit code   0 done, or drained, or nobody reads any more    1 failed    2 wrong option    130 Ctrl-C    143 SIGTERM
 *   Ctrl-C      1st: the input ends, what has been read is finished    2nd: stops now    3rd: does not wait for that
 *
 * Touches signals and the standard streams of this process. Called by the examples; the library itself installs nothing.
 */
import { mkdir } from 'node:fs/promises'
import type { Outputs, Report, Run } from 'millrace'
import { showProgress, type Seen } from './progress.ts'
import { UsageError } from './usage.ts'

export interface Attended {
  readonly report: Report
  /** The input was ended early. */
  readonly drained: boolean
}

/** What a program may ask of its surroundings. */
export interface Shell {
  /** The words behind the program's name. */
  readonly words: readonly string[]
  /** Aborted when the program should stop now. Give it to whatever takes time. */
  readonly signal: AbortSignal
  /** Writes to standard output. */
  print(text: string): void
  /** Waits for a run, with progress; the first Ctrl-C drains it. */
  attend(run: Run<Outputs>, look: () => Seen, noun: string): Promise<Attended>
}

/** `npm start` passes on the Ctrl-C that the terminal has sent already: two within so many milliseconds are one. */
const SAME_KEY_MS = 200

/** Why the program stops, and with which exit code. */
class Stop extends Error {
  readonly code: number
  constructor(message: string, code: number) {
    super(message)
    this.code = code
  }
}

const complain = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

/** What a failed run says: the message says what, where and what to do; what was seen after it is counted. */
const explained = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const { code, errors } = error as Error & { readonly code?: unknown; readonly errors?: readonly unknown[] }
  const more = Array.isArray(errors) && errors.length > 0 ? ` (and ${errors.length} more)` : ''
  return `${typeof code === 'string' && code.startsWith('ERR_MILLRACE_') ? `${code}: ` : ''}${error.message}${more}`
}

/** Makes the folder of option `--out`. */
export const makeFolder = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new Error(`--out: cannot make the folder ${folder}: ${(cause as Error).message}. Name a folder, or a place for one`, { cause })
  })
}

/** Runs a program to its exit code. */
export const program = async (usageHint: string, main: (shell: Shell) => Promise<void>): Promise<void> => {
  const stopping = new AbortController()
  let draining: (() => void) | undefined
  let presses = 0
  let last = -Infinity
  const interrupted = (): void => {
    const now = performance.now()
    if (now - last < SAME_KEY_MS) return
    last = now
    presses++
    if (presses === 1 && draining !== undefined) draining()
    else if (presses < 3 && !stopping.signal.aborted) stopping.abort(new Stop('stopped by Ctrl-C', 130))
    else process.exit(130)
  }
  const terminated = (): void => {
    stopping.abort(new Stop('stopped by SIGTERM', 143))
  }
  process.on('SIGINT', interrupted)
  process.on('SIGTERM', terminated)
  // A reader that has gone away (`| head`) is no error of ours; without progress (stderr) one can do.
  process.stderr.on('error', () => undefined)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') stopping.abort(new Stop('nobody reads the output any more', 0))
    else {
      // Said here and now: the program may have ended already.
      complain(`standard output: ${error.message}`)
      stopping.abort(new Stop('standard output cannot be written', 1))
      process.exitCode = 1
    }
  })

  const attend = async (run: Run<Outputs>, look: () => Seen, noun: string): Promise<Attended> => {
    const progress = showProgress(look, noun)
    let drained = false
    draining = () => {
      drained = true
      progress.say('draining: what has been read is finished, then the program ends; Ctrl-C again stops it now')
      run.drain().catch(() => undefined) // `done` below tells
    }
    try {
      return { report: await run.done, drained }
    } finally {
      draining = undefined
      progress.stop()
    }
  }

  const shell: Shell = {
    words: process.argv.slice(2),
    signal: stopping.signal,
    print: (text) => {
      process.stdout.write(text)
    },
    attend
  }
  try {
    await main(shell)
    process.exitCode ??= 0
  } catch (error) {
    if (stopping.signal.aborted) {
      const { code, message } = stopping.signal.reason as Stop
      if (code > 1) complain(message)
      process.exitCode = code
    } else if (error instanceof UsageError) {
      complain(`${error.message}\n${usageHint}`)
      process.exitCode = 2
    } else {
      complain(explained(error))
      process.exitCode = 1
    }
  } finally {
    process.off('SIGINT', interrupted)
    process.off('SIGTERM', terminated)
  }
}

/**
 * Progress of a run on stderr: on a terminal one line that is rewritten, elsewhere (a file, a CI log) a line every few seconds.
 *
 * Reads the run's counters and nothing else, so the run does not notice. The timer does not hold the process.
 * Called by the examples.
 */
import { count, duration, size } from './format.ts'

/** What is known so far. */
export interface Seen {
  readonly ms: number
  readonly items: number
  readonly bytesDone: number
  /** Undefined for inputs that do not know their size. */
  readonly bytesTotal: number | undefined
}

/** Times between two looks. */
const TERMINAL_MS = 200
const LOG_MS = 3000

const rate = (amount: number, ms: number): number => (ms <= 0 ? 0 : (amount * 1000) / ms)

/** `42 %  4,213,377 lines  1,322,817 lines/s  226.1 MB/s  3 s left` */
export const progressLine = ({ ms, items, bytesDone, bytesTotal }: Seen, noun: string): string => {
  const parts: string[] = []
  const known = bytesTotal !== undefined && bytesTotal > 0 && bytesDone > 0
  if (known) parts.push(`${Math.min(100, Math.floor((bytesDone / bytesTotal) * 100))} %`)
  parts.push(`${count(items)} ${noun}`, `${count(Math.round(rate(items, ms)))} ${noun}/s`)
  if (bytesDone > 0) parts.push(`${size(Math.round(rate(bytesDone, ms)))}/s`)
  if (known && ms >= 1000) parts.push(`${duration((ms / bytesDone) * Math.max(0, bytesTotal - bytesDone))} left`)
  return parts.join('  ')
}

/** Where progress is written: `process.stderr`. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
}

/** A terminal that has not been told its size says 0. */
const widthOf = ({ columns = 0 }: ProgressStream): number => (columns > 0 ? columns : 80)

export interface Progress {
  /** Writes a line of its own, above the progress. */
  say(text: string): void
  /** Ends it; on a terminal the line is gone. */
  stop(): void
}

/** Shows progress until it is stopped. */
export const showProgress = (look: () => Seen, noun: string, stream: ProgressStream = process.stderr): Progress => {
  const terminal = stream.isTTY === true
  const clear = terminal ? '\r\u001b[K' : ''
  const show = (): void => {
    const line = progressLine(look(), noun)
    stream.write(terminal ? `${clear}${line.slice(0, widthOf(stream) - 1)}` : `${line}\n`)
  }
  const timer = setInterval(show, terminal ? TERMINAL_MS : LOG_MS)
  timer.unref()
  return {
    say: (text) => {
      stream.write(`${clear}${text}\n`)
    },
    stop: () => {
      clearInterval(timer)
      if (terminal) stream.write(clear)
    }
  }
}

/**
 * The report for people: what the log says, and how long it took to find out. Pure: numbers in, text out.
 * Called by ../access-log.ts.
 */
import { count, counted, duration, printable, size } from '../support/format.ts'
import type { Summary } from './summary.ts'

export interface Work {
  readonly lines: number
  readonly deadLetters: number
  readonly wallMs: number
  readonly cpuMs: number
  /** Share of the time that the main thread was busy. */
  readonly loopUtilization: number
  /** Threads that took part; 0: the caller's loop alone. */
  readonly workers: number
  /** Bytes read, where that is known. */
  readonly bytesRead: number | undefined
  /** The input was ended early. */
  readonly drained: boolean
  readonly recordsFile: string
  readonly deadLettersFile: string
}

const WIDTH = 60
const BUSIEST = 5
const MARKS = '▁▂▃▄▅▆▇█'

const percent = (part: number, whole: number): string => `${whole === 0 ? '0.0' : ((part / whole) * 100).toFixed(1)} %`

const section = (title: string, lines: readonly string[]): string => [`\n${title}`, ...lines.map((line) => `  ${line}`)].join('\n')

/** Rows of a name and a number, numbers right-aligned in front. */
const ranked = (rows: readonly (readonly [string, number])[]): readonly string[] => {
  const width = Math.max(0, ...rows.map(([, n]) => count(n).length))
  return rows.map(([name, n]) => `${count(n).padStart(width)}  ${printable(name, 90)}`)
}

const minutesOf = (iso: string): number => Date.parse(iso) / 60_000

/** Requests over time in at most {@link WIDTH} marks; a mark is as high as its minutes are busy on average. */
export const sparkline = (perMinute: Summary['perMinute']): { readonly marks: string; readonly minutesPerMark: number } => {
  if (perMinute.length === 0) return { marks: '', minutesPerMark: 0 }
  const first = minutesOf(perMinute[0]![0])
  const last = minutesOf(perMinute.at(-1)![0])
  const minutesPerMark = Math.ceil((last - first + 1) / WIDTH)
  const sums = new Array<number>(Math.ceil((last - first + 1) / minutesPerMark)).fill(0)
  for (const [minute, requests] of perMinute) sums[Math.floor((minutesOf(minute) - first) / minutesPerMark)]! += requests
  const most = sums.reduce((a, b) => Math.max(a, b), 0)
  const marks = sums.map((sum) => (sum === 0 ? ' ' : MARKS[Math.min(MARKS.length - 1, Math.floor((sum / most) * MARKS.length))]!)).join('')
  return { marks, minutesPerMark }
}

const classes = ({ statusClasses, parsed }: Summary): readonly string[] =>
  Object.entries(statusClasses).map(([name, n]) => {
    const bar = '█'.repeat(Math.round((n / parsed) * 40))
    return `${name}  ${count(n).padStart(count(parsed).length)}  ${percent(n, parsed).padStart(7)}  ${bar}`.trimEnd()
  })

const overTime = ({ perMinute }: Summary): readonly string[] => {
  if (perMinute.length === 0) return ['no requests']
  const { marks, minutesPerMark } = sparkline(perMinute)
  const busiest = [...perMinute].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, BUSIEST)
  return [
    `${perMinute[0]![0]}  to  ${perMinute.at(-1)![0]}, one mark is ${minutesPerMark} min`,
    `│${marks}│`,
    `busiest: ${busiest.map(([minute, n]) => `${minute} ${count(n)}`).join(', ')}`
  ]
}

const speed = ({ lines, wallMs, cpuMs, loopUtilization, workers, bytesRead }: Work): string => {
  const perSecond = (n: number): number => Math.round((n * 1000) / Math.max(1, wallMs))
  const rates = [`${count(perSecond(lines))} lines/s`, ...(bytesRead === undefined ? [] : [`${size(perSecond(bytesRead))}/s`])]
  const where = workers === 0 ? "on the caller's loop" : `on ${counted(workers, 'worker')}, the main thread busy for ${percent(loopUtilization, 1)}`
  return `${counted(lines, 'line')} in ${duration(wallMs)} (${duration(cpuMs)} of CPU) ${where}: ${rates.join(', ')}`
}

/** The whole report, without a line end. */
export const reportText = (summary: Summary, work: Work): string =>
  [
    speed(work),
    ...(work.drained ? ['ended early, as asked: these are the counts of the lines that were read'] : []),
    `${counted(summary.parsed, 'request')} of ${counted(summary.clients, 'client')} for ${counted(summary.paths, 'path')}, ` +
      `${size(summary.bytes)} served`,
    `${counted(work.deadLetters, 'line')} (${percent(work.deadLetters, work.lines)}) could not be parsed`,
    section('status', classes(summary)),
    `  ${Object.entries(summary.statuses).map(([status, n]) => `${status}: ${count(n)}`).join('  ')}`,
    section('requests over time', overTime(summary)),
    section('top paths', ranked(summary.topPaths)),
    section('top clients', ranked(summary.topClients)),
    `\nrecords       ${work.recordsFile}`,
    `dead letters  ${work.deadLettersFile}`
  ].join('\n')

/** The answer as plain data: what `--json` prints. */
export interface Answer extends Omit<Summary, 'parsed'> {
  readonly lines: number
  readonly parsed: number
  readonly deadLetters: number
}

export const answerOf = ({ parsed, bytes, ...rest }: Summary, { lines, deadLetters }: Pick<Work, 'lines' | 'deadLetters'>): Answer => ({
  lines,
  parsed,
  deadLetters,
  bytes,
  ...rest
})

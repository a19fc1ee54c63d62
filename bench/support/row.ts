/**
 * What the benchmarks answer: rows, the medians and spreads in them, and a row as a line of text. Plain values, no clocks.
 *
 * Called by every benchmark, by main.ts, and by report.ts, which reads rows back from a file.
 */

/** A row of the machine-readable answer. `ratio` above 1: ours is better, be it faster or smaller. */
export interface Row {
  readonly bench: string
  readonly work: string
  readonly against: string
  readonly ours: number
  readonly theirs: number
  readonly unit: string
  readonly ratio: number
  readonly target: number | null
  readonly met: boolean | null
  readonly rounds: number
  /** Interquartile range over median of our own figures. */
  readonly spread: number
}

export const median = (xs: readonly number[]): number => {
  const sorted = [...xs].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

export const spreadOf = (xs: readonly number[]): number => {
  const sorted = [...xs].sort((a, b) => a - b)
  const at = (q: number): number => sorted[Math.floor(q * (sorted.length - 1))]!
  return (at(0.75) - at(0.25)) / median(xs)
}

/** One comparison: figures of ours and of theirs, a figure per round. */
export interface Figures {
  readonly bench: string
  readonly work: string
  readonly against: string
  readonly unit: string
  readonly ours: readonly number[]
  readonly theirs: readonly number[]
  /** Rates are better when they are more, times and sizes when they are less. */
  readonly better: 'more' | 'less'
  readonly target?: number | undefined
}

export const rowOf = ({ bench, work, against, unit, ours, theirs, better, target }: Figures): Row => {
  const [mine, other] = [median(ours), median(theirs)]
  const ratio = better === 'more' ? mine / other : other / mine
  return {
    bench,
    work,
    against,
    ours: mine,
    theirs: other,
    unit,
    ratio,
    target: target ?? null,
    met: target === undefined ? null : ratio >= target,
    rounds: ours.length,
    spread: spreadOf(ours)
  }
}

/** A figure of ours that must stay below a limit; the limit stands where the rival would. */
export const limitRow = (figures: Omit<Figures, 'theirs' | 'against' | 'better' | 'target'> & { readonly limit: number }): Row =>
  rowOf({ ...figures, against: `the limit of ${figures.limit} ${figures.unit}`, theirs: [figures.limit], better: 'less', target: 1 })

export const figure = (n: number): string =>
  n >= 1e6 ? `${(n / 1e6).toFixed(2)} M` : n >= 1e3 ? `${(n / 1e3).toFixed(1)} k` : n >= 10 ? n.toFixed(1) : n.toFixed(2)

export const show = (row: Row): string => {
  const goal = row.target === null ? '' : ` (to reach ${row.target.toFixed(2)}: ${row.met === true ? 'yes' : 'NO'})`
  const ours = `${figure(row.ours).padStart(9)} ${row.unit}`
  const theirs = `vs ${row.against.padEnd(32)} ${figure(row.theirs).padStart(9)}`
  return `${row.bench.padEnd(14)} ${row.work.padEnd(52)} ${ours}  ${theirs}  x${row.ratio.toFixed(2)}${goal}  spread ${(row.spread * 100).toFixed(0)} %`
}

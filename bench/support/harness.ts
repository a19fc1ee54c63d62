/**
 * The benchmark harness: contenders run the same work interleaved, every answer is checked, medians are compared.
 *
 * Machines are noisy and drift; so a round runs every contender once, in an order that changes from round to round, and
 * what is reported is the ratio of medians, with the spread (interquartile range over median) of our own times.
 */

/** One way to do the work. `run` answers what it computed; the harness compares it with what is expected. */
export interface Contender {
  readonly name: string
  readonly run: () => unknown
}

export interface Work {
  /** Name of the benchmark, as on the command line. */
  readonly bench: string
  /** What is done, with its size. */
  readonly work: string
  /** Units of work per run, for the rate. */
  readonly units: number
  readonly unit: string
  /** Ours; the first one. */
  readonly ours: Contender
  readonly others: readonly (Contender & { /** Ratio to reach: theirs over ours. */ readonly target?: number })[]
  readonly expected: unknown
  readonly rounds?: number
}

/** A row of the machine-readable answer. `ratio` above 1: ours is faster. */
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
  readonly spread: number
}

export const median = (xs: readonly number[]): number => {
  const sorted = [...xs].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

const spreadOf = (xs: readonly number[]): number => {
  const sorted = [...xs].sort((a, b) => a - b)
  const at = (q: number): number => sorted[Math.floor(q * (sorted.length - 1))]!
  return (at(0.75) - at(0.25)) / median(xs)
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const timed = async (contender: Contender, expected: unknown): Promise<number> => {
  const began = performance.now()
  const answer = await contender.run()
  const ms = performance.now() - began
  if (!same(answer, expected)) {
    throw new Error(`${contender.name} answered ${JSON.stringify(answer)?.slice(0, 200)}, not ${JSON.stringify(expected)?.slice(0, 200)}`)
  }
  return ms
}

/** Runs one work; the first round warms up and is not counted. */
export const compare = async (work: Work, quick: boolean): Promise<readonly Row[]> => {
  const contenders = [work.ours, ...work.others]
  const times = new Map(contenders.map((contender) => [contender.name, [] as number[]]))
  const rounds = quick ? 3 : (work.rounds ?? 7)
  for (let round = -1; round < rounds; round++) {
    const turn = contenders.map((_, i) => contenders[(i + round + 1) % contenders.length]!)
    for (const contender of turn) {
      const ms = await timed(contender, work.expected)
      if (round >= 0) times.get(contender.name)!.push(ms)
    }
  }
  const rate = (name: string): number => work.units / (median(times.get(name)!) / 1000)
  const ours = rate(work.ours.name)
  return work.others.map(({ name, target }) => {
    const theirs = rate(name)
    const ratio = ours / theirs
    return {
      bench: work.bench,
      work: work.work,
      against: name,
      ours,
      theirs,
      unit: work.unit,
      ratio,
      target: target ?? null,
      met: target === undefined ? null : ratio >= target,
      rounds,
      spread: spreadOf(times.get(work.ours.name)!)
    }
  })
}

const number = (n: number): string => (n >= 1e6 ? `${(n / 1e6).toFixed(2)} M` : n >= 1e3 ? `${(n / 1e3).toFixed(1)} k` : n.toFixed(1))

export const show = (row: Row): string => {
  const goal = row.target === null ? '' : ` (to reach ${row.target.toFixed(2)}: ${row.met === true ? 'yes' : 'NO'})`
  return `${row.bench.padEnd(14)} ${row.work.padEnd(52)} ${number(row.ours).padStart(9)} ${row.unit}  vs ${row.against.padEnd(32)} ${number(row.theirs).padStart(9)}  x${row.ratio.toFixed(2)}${goal}  spread ${(row.spread * 100).toFixed(0)} %`
}

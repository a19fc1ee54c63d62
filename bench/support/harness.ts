/**
 * The benchmark harness: contenders run the same work interleaved, every answer is checked, medians are compared.
 *
 * Machines are noisy and drift; so a round runs every contender once, in an order that changes from round to round, and
 * what is reported is the ratio of medians, with the spread (interquartile range over median) of our own figures.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { rowOf, type Row } from './row.ts'

export type { Row } from './row.ts'

/**
 * How much is done, how often: `full` is what is published, `quick` the same in minutes, `smoke` so little that only the answers mean
 * anything (no warming up, one round), for CI.
 */
export interface Size {
  readonly kind: 'full' | 'quick' | 'smoke'
  readonly rounds: number
}

export const sizes: Readonly<Record<Size['kind'], Size>> = {
  full: { kind: 'full', rounds: 7 },
  quick: { kind: 'quick', rounds: 3 },
  smoke: { kind: 'smoke', rounds: 1 }
}

export const sized = <A>({ kind }: Size, full: A, quick: A, smoke: A): A => (kind === 'full' ? full : kind === 'quick' ? quick : smoke)

/** One way to do the work. `run` answers what it computed; the harness compares it with what is expected. */
export interface Contender {
  readonly name: string
  readonly run: () => unknown
  /** For a contender so slow that it does less of the same work: how much, and what its answer is then. Rates are compared. */
  readonly units?: number | undefined
  readonly expected?: unknown
}

/** A contender to be compared with; `target` is the ratio to reach, ours over theirs. */
export type Rival = Contender & { readonly target?: number | undefined }

export interface Work {
  /** Name of the benchmark, as on the command line. */
  readonly bench: string
  /** What is done, with its size. */
  readonly work: string
  /** Units of work per run, for the rate. */
  readonly units: number
  readonly unit: string
  readonly ours: Contender
  readonly others: readonly Rival[]
  readonly expected: unknown
  /** More of them than the size says. */
  readonly rounds?: number
}

const text = (answer: unknown): string => JSON.stringify(answer)

export const check = (name: string, answer: unknown, expected: unknown): void => {
  if (text(answer) === text(expected)) return
  throw new Error(`${name} answered ${text(answer).slice(0, 200)}, not ${text(expected).slice(0, 200)}`)
}

/** After each contender, in milliseconds: what it has left behind (threads that give memory back) is not to be in the figures of the next. */
const REST_MS = 50

/**
 * Runs every contender once a round, each round beginning with another one, every other round backwards: so none always comes behind the same
 * one. Answers what they measured, in the order of `contenders`. The round that warms up is not counted.
 */
export const interleave = async <A>(contenders: readonly (() => A | Promise<A>)[], size: Size, atLeast = 0): Promise<readonly (readonly A[])[]> => {
  const found = contenders.map((): A[] => [])
  const rounds = size.kind === 'full' ? Math.max(size.rounds, atLeast) : size.rounds
  for (let round = size.kind === 'smoke' ? 0 : -1; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const step = round % 2 === 0 ? turn : contenders.length - 1 - turn
      const at = (step + round + 1) % contenders.length
      const value = await contenders[at]!()
      if (round >= 0) found[at]!.push(value)
      if (size.kind !== 'smoke') await sleep(REST_MS)
    }
  }
  return found
}

/** Compares ours with each of the others, by the rate. */
export const compare = async (work: Work, size: Size): Promise<readonly Row[]> => {
  const rate = (contender: Contender) => async (): Promise<number> => {
    const began = performance.now()
    const answer = await contender.run()
    const ms = performance.now() - began
    check(contender.name, answer, 'expected' in contender ? contender.expected : work.expected)
    return (contender.units ?? work.units) / (ms / 1000)
  }
  const [ours, ...theirs] = await interleave([work.ours, ...work.others].map(rate), size, work.rounds)
  const { bench, unit } = work
  return work.others.map(({ name, target }, i) =>
    rowOf({ bench, work: work.work, against: name, unit, ours: ours!, theirs: theirs[i]!, better: 'more', target })
  )
}

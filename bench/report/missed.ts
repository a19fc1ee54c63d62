/**
 * Why a target was not reached, and what would reach it: what profiles have shown (`--cpu-prof`). report.ts puts the first
 * entry that fits below a row that missed. An entry whose row is met stays unused, and can go.
 */
import type { Row } from '../support/row.ts'

export interface Missed {
  readonly bench: string
  /** Which rows of it, by their work and rival. */
  readonly fits: RegExp
  readonly why: string
  readonly remedy: string
}

const missed: readonly Missed[] = []

export const reasonFor = (row: Row): Missed | undefined =>
  missed.find(({ bench, fits }) => bench === row.bench && fits.test(`${row.work} vs ${row.against}`))

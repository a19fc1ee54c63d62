/**
 * The counts of a log, gathered in parts: each worker has a state of its own, and the states are put together when
 * they are large and at the end, so that each key is held once, however many there are.
 *
 *     records ── addRecord ──▶ state (one per worker) ── combineStates ──▶ state ── finishSummary ──▶ summary
 *
 * A state is what crosses threads, so it is small and plain: maps from key to place, and numbers. Minutes are whole numbers
 * and keys are bytes until `finishSummary`, which makes times and text of the few that are shown. The answer is the same for
 * any way to cut the records into parts and any order to put the parts together.
 * Imported by workers: loads nothing else. Called by ../access-log.ts.
 */
import type { Combiner } from 'millrace'
import { portable } from 'millrace/portable'
import type { AccessRecord } from './line.ts'
import { addText, emptyTally, mergeTally, textAt, type Tally } from './tally.ts'
import { toText } from './text.ts'

export interface State {
  parsed: number
  bytes: number
  /** By status, 0 to 999. */
  readonly statuses: number[]
  /** By minutes since 1970. */
  readonly minutes: Map<number, number>
  readonly clients: Tally
  readonly paths: Tally
}

/** The answer. Lists are in the order in which they are shown; all text is text. */
export interface Summary {
  readonly parsed: number
  readonly bytes: number
  readonly statuses: Readonly<Record<string, number>>
  readonly statusClasses: Readonly<Record<string, number>>
  /** How many different ones. */
  readonly clients: number
  readonly paths: number
  readonly topPaths: readonly (readonly [path: string, requests: number])[]
  readonly topClients: readonly (readonly [host: string, requests: number])[]
  readonly perMinute: readonly (readonly [minute: string, requests: number])[]
}

/** Length of the lists of the most frequent. */
const TOP = 10

export const emptyState = portable(import.meta, 'emptyState', (): State => ({
  parsed: 0,
  bytes: 0,
  statuses: new Array<number>(1000).fill(0),
  minutes: new Map<number, number>(),
  clients: emptyTally(),
  paths: emptyTally()
}))

export const addRecord = portable(import.meta, 'addRecord', (state: State, record: AccessRecord): State => {
  state.parsed++
  state.bytes += record.bytes
  state.statuses[record.status]!++
  const minute = Math.floor(record.time / 60)
  state.minutes.set(minute, (state.minutes.get(minute) ?? 0) + 1)
  addText(state.clients, record.host)
  addText(state.paths, record.path)
  return state
})

export const combineStates = portable(import.meta, 'combineStates', (a: State, b: State): State => {
  a.parsed += b.parsed
  a.bytes += b.bytes
  b.statuses.forEach((count, status) => {
    a.statuses[status]! += count
  })
  for (const [minute, count] of b.minutes) a.minutes.set(minute, (a.minutes.get(minute) ?? 0) + count)
  mergeTally(a.clients, b.clients)
  mergeTally(a.paths, b.paths)
  return a
})

/** Keys of a state, for parts to leave before they are large. */
export const sizeOfState = portable(import.meta, 'sizeOfState', (state: State): number => state.clients.n + state.paths.n + state.minutes.size)

/** The most frequent texts: by count, ties by name in the order of code units. */
const top = (tally: Tally): readonly (readonly [string, number])[] => {
  const counts = tally.counts.subarray(0, tally.n)
  const least = counts.slice().sort().at(-TOP) ?? 0
  const most: (readonly [string, number])[] = []
  counts.forEach((count, place) => {
    if (count >= least) most.push([toText(textAt(tally, place)), count])
  })
  return most.sort(([a, n], [b, m]) => m - n || (a < b ? -1 : a > b ? 1 : 0)).slice(0, TOP)
}

/** `2015-05-17T10:05Z` */
const isoMinute = (minute: number): string => new Date(minute * 60_000).toISOString().replace(/:00\.000Z$/, 'Z')

const named = (counts: readonly number[], name: (i: number) => string): Record<string, number> => {
  const seen: Record<string, number> = {}
  counts.forEach((count, i) => {
    if (count > 0) seen[name(i)] = (seen[name(i)] ?? 0) + count
  })
  return seen
}

export const finishSummary = portable(import.meta, 'finishSummary', (state: State): Summary => ({
  parsed: state.parsed,
  bytes: state.bytes,
  statuses: named(state.statuses, (status) => String(status).padStart(3, '0')),
  statusClasses: named(state.statuses, (status) => `${Math.floor(status / 100)}xx`),
  clients: state.clients.n,
  paths: state.paths.n,
  topPaths: top(state.paths),
  topClients: top(state.clients),
  perMinute: [...state.minutes].sort(([a], [b]) => a - b).map(([minute, count]) => [isoMinute(minute), count] as const)
}))

/** For `aggregate`. */
export const summaryOf = {
  create: emptyState,
  add: addRecord,
  combine: combineStates,
  size: sizeOfState,
  finish: finishSummary
} satisfies Combiner<AccessRecord, State, Summary>

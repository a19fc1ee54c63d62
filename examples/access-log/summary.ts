/**
 * The counts of a log, gathered in parts: each worker has a state of its own, and the states are put together at the end.
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
import { ownText, type AccessRecord } from './line.ts'
import { toText } from './text.ts'

/** How often each key was seen: `counts[places.get(key)]`. One look-up per item, and no object per key. */
export interface Tally<K> {
  readonly places: Map<K, number>
  readonly counts: number[]
}

export interface State {
  parsed: number
  bytes: number
  /** By status, 0 to 999. */
  readonly statuses: number[]
  /** By minutes since 1970. */
  readonly minutes: Tally<number>
  readonly clients: Tally<string>
  readonly paths: Tally<string>
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

const emptyTally = <K>(): Tally<K> => ({ places: new Map(), counts: [] })

const put = <K>({ places, counts }: Tally<K>, key: K, count: number): void => {
  places.set(key, counts.length)
  counts.push(count)
}

const merge = <K>(into: Tally<K>, from: Tally<K>): void => {
  for (const [key, place] of from.places) {
    const mine = into.places.get(key)
    if (mine === undefined) put(into, key, from.counts[place]!)
    else into.counts[mine]! += from.counts[place]!
  }
}

export const emptyState = portable(import.meta, 'emptyState', (): State => ({
  parsed: 0,
  bytes: 0,
  statuses: new Array<number>(1000).fill(0),
  minutes: emptyTally(),
  clients: emptyTally(),
  paths: emptyTally()
}))

export const addRecord = portable(import.meta, 'addRecord', (state: State, record: AccessRecord): State => {
  state.parsed++
  state.bytes += record.bytes
  state.statuses[record.status]!++
  const minute = Math.floor(record.time / 60)
  const m = state.minutes.places.get(minute)
  if (m === undefined) put(state.minutes, minute, 1)
  else state.minutes.counts[m]!++
  const c = state.clients.places.get(record.host)
  if (c === undefined) put(state.clients, ownText(record.host), 1)
  else state.clients.counts[c]!++
  const p = state.paths.places.get(record.path)
  if (p === undefined) put(state.paths, ownText(record.path), 1)
  else state.paths.counts[p]!++
  return state
})

export const combineStates = portable(import.meta, 'combineStates', (a: State, b: State): State => {
  a.parsed += b.parsed
  a.bytes += b.bytes
  b.statuses.forEach((count, status) => {
    a.statuses[status]! += count
  })
  merge(a.minutes, b.minutes)
  merge(a.clients, b.clients)
  merge(a.paths, b.paths)
  return a
})

/** The most frequent keys as text: by count, ties by name in the order of code units. */
const top = ({ places, counts }: Tally<string>): readonly (readonly [string, number])[] => {
  const least = [...counts].sort((a, b) => b - a)[TOP - 1] ?? 0
  return [...places]
    .filter(([, place]) => counts[place]! >= least)
    .map(([key, place]) => [toText(key), counts[place]!] as const)
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : a > b ? 1 : 0))
    .slice(0, TOP)
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
  clients: state.clients.places.size,
  paths: state.paths.places.size,
  topPaths: top(state.paths),
  topClients: top(state.clients),
  perMinute: [...state.minutes.places]
    .sort(([a], [b]) => a - b)
    .map(([minute, place]) => [isoMinute(minute), state.minutes.counts[place]!] as const)
}))

/** For `aggregate`. */
export const summaryOf = {
  create: emptyState,
  add: addRecord,
  combine: combineStates,
  finish: finishSummary
} satisfies Combiner<AccessRecord, State, Summary>

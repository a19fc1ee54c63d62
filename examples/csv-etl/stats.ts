/**
 * Sums and means of numbers by key, gathered in parts that can be combined; and the aggregate for rows of which nothing
 * is known: one group per column of numbers. Imported by workers: loads nothing but `portable`. Called by the codec modules.
 */
import type { Combiner } from 'millrace'
import { portable } from 'millrace/portable'

export interface Stats {
  count: number
  sum: number
  min: number
  max: number
}

export type Groups = Map<string, Stats>

/** One row of the answer. */
export interface Figures extends Readonly<Stats> {
  readonly mean: number
}

export type Table = Readonly<Record<string, Figures>>

export const addTo = (groups: Groups, key: string, value: number): void => {
  const stats = groups.get(key)
  if (stats === undefined) {
    groups.set(key, { count: 1, sum: value, min: value, max: value })
    return
  }
  stats.count++
  stats.sum += value
  if (value < stats.min) stats.min = value
  if (value > stats.max) stats.max = value
}

export const emptyGroups = portable(import.meta, 'emptyGroups', (): Groups => new Map())

export const combineGroups = portable(import.meta, 'combineGroups', (a: Groups, b: Groups): Groups => {
  for (const [key, theirs] of b) {
    const mine = a.get(key)
    if (mine === undefined) a.set(key, theirs)
    else {
      mine.count += theirs.count
      mine.sum += theirs.sum
      mine.min = Math.min(mine.min, theirs.min)
      mine.max = Math.max(mine.max, theirs.max)
    }
  }
  return a
})

/** By key, in the order of code units. */
export const tableOf = portable(import.meta, 'tableOf', (groups: Groups): Table =>
  Object.fromEntries(
    [...groups]
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, stats]) => [key, { ...stats, mean: stats.sum / stats.count }])
  )
)

export const addColumns = portable(import.meta, 'addColumns', (groups: Groups, row: object): Groups => {
  for (const [column, value] of Object.entries(row)) if (typeof value === 'number') addTo(groups, column, value)
  return groups
})

/** For codecs that say no better: the figures of every column of numbers. */
export const columnsOfNumbers = {
  create: emptyGroups,
  add: addColumns,
  combine: combineGroups,
  finish: tableOf
} satisfies Combiner<object, Groups, Table>

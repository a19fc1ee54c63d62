/**
 * Codec module for comic characters (https://github.com/fivethirtyeight/data, comic-characters/marvel-wikia-data.csv): rows without a
 * number of appearances or a year are dead letters; the aggregate is the appearances by year of the first one.
 */
import * as t from 'io-ts'
import type { Combiner } from 'millrace'
import { portable } from 'millrace/portable'
import { Count, Filled, optional } from './fields.ts'
import { addTo, combineGroups, emptyGroups, tableOf, type Groups, type Table } from './stats.ts'

const Maybe = optional(Filled)

export const row = portable(import.meta, 'row', t.type({
  page_id: Count,
  name: Filled,
  urlslug: Filled,
  ID: Maybe,
  ALIGN: Maybe,
  EYE: Maybe,
  HAIR: Maybe,
  SEX: Maybe,
  GSM: Maybe,
  ALIVE: Maybe,
  APPEARANCES: Count,
  'FIRST APPEARANCE': Maybe,
  Year: Count
}))

export type Row = t.TypeOf<typeof row>

const addCharacter = portable(import.meta, 'addCharacter', (groups: Groups, { Year, APPEARANCES }: Row): Groups => {
  addTo(groups, String(Year), APPEARANCES)
  return groups
})

/** Appearances by year of the first one. */
export const aggregate = {
  create: emptyGroups,
  add: addCharacter,
  combine: combineGroups,
  finish: tableOf
} satisfies Combiner<Row, Groups, Table>

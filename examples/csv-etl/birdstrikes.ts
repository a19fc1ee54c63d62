/**
 * Codec module for the FAA's bird strikes (https://github.com/vega/vega-datasets, birdstrikes.csv): rows without a speed, or with
 * a damage that the form does not know, are dead letters; the aggregate is the speed by phase of flight.
 */
import * as t from 'io-ts'
import type { Combiner } from 'millrace'
import { portable } from 'millrace/portable'
import { Count, Day, Filled, oneOf } from './fields.ts'
import { addTo, combineGroups, emptyGroups, tableOf, type Groups, type Table } from './stats.ts'

export const row = portable(import.meta, 'row', t.type({
  'Airport Name': Filled,
  'Aircraft Make Model': Filled,
  'Effect Amount of damage': oneOf('None', 'Minor', 'Medium', 'Substantial'),
  'Flight Date': Day,
  'Aircraft Airline Operator': Filled,
  'Origin State': Filled,
  'Phase of flight': Filled,
  'Wildlife Size': Filled,
  'Wildlife Species': Filled,
  'Time of day': Filled,
  'Cost Other': Count,
  'Cost Repair': Count,
  'Cost Total $': Count,
  'Speed IAS in knots': Count
}))

export type Row = t.TypeOf<typeof row>

const addSpeed = portable(import.meta, 'addSpeed', (groups: Groups, strike: Row): Groups => {
  addTo(groups, strike['Phase of flight'], strike['Speed IAS in knots'])
  return groups
})

/** Speed in knots by phase of flight. */
export const aggregate = {
  create: emptyGroups,
  add: addSpeed,
  combine: combineGroups,
  finish: tableOf
} satisfies Combiner<Row, Groups, Table>

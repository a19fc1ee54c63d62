/**
 * The orders of a shop that does not exist: the codec of a row, revenue by region, and a generator of such a file.
 *
 * A codec module exports `row`, an io-ts codec of an object of the row's fields by column, and may export `aggregate`. Workers
 * import it. Default of ../csv-etl.ts.
 */
import * as t from 'io-ts'
import type { Combiner } from 'millrace'
import { portable } from 'millrace/portable'
import { draws } from '../support/random.ts'
import { Cents, Count, Day, Filled, oneOf, optional } from './fields.ts'
import { addTo, combineGroups, emptyGroups, tableOf, type Groups, type Table } from './stats.ts'

const REGIONS = ['north', 'east', 'south', 'west'] as const

export const row = portable(import.meta, 'row', t.type({
  order: Count,
  day: Day,
  region: oneOf(...REGIONS),
  product: Filled,
  quantity: Count,
  price: Cents,
  customer: Filled,
  note: optional(Filled)
}))

export type Row = t.TypeOf<typeof row>

const addSale = portable(import.meta, 'addSale', (groups: Groups, { region, quantity, price }: Row): Groups => {
  addTo(groups, region, quantity * price)
  return groups
})

/** Revenue by region, in cents. */
export const aggregate = {
  create: emptyGroups,
  add: addSale,
  combine: combineGroups,
  finish: tableOf
} satisfies Combiner<Row, Groups, Table>

const PRODUCTS = ['wheel', 'sluice', 'bucket, small', 'bucket, large', 'grindstone 90 cm', 'grindstone "Swan"']
const CUSTOMERS = ['Anna Müller', 'Smith, Bob', 'Chloé O\'Neil', '水車 商店', 'Dee "Dee" Ray', 'Bäckerei Korn & Söhne']
const NOTES = ['', '', '', '', 'call before delivery', 'first line\nsecond line', 'says "now, please"']

/** A field as CSV wants it (RFC 4180). */
const field = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** Lines of the file, each ended; about one row in a hundred is wrong in one of five ways. */
export function* salesLines(rows: number, seed: number): Generator<string, void, undefined> {
  const draw = draws(seed)
  const pick = (list: readonly string[]): string => list[draw(list.length)]!
  yield 'order,day,region,product,quantity,price,customer,note\n'
  for (let order = 1; order <= rows; order++) {
    const day = new Date(Date.UTC(2025, 0, 1 + draw(365))).toISOString().slice(0, 10)
    const fields = [
      String(order), day, pick(REGIONS), pick(PRODUCTS), String(1 + draw(9)), (draw(90_000) / 100).toFixed(2), pick(CUSTOMERS), pick(NOTES)
    ]
    switch (draw(500)) {
      case 0:
        fields[1] = '2025-02-30'
        break
      case 1:
        fields[2] = 'nowhere'
        break
      case 2:
        fields[4] = '-1'
        break
      case 3:
        fields[5] = ''
        break
      case 4:
        fields[4] = 'two'
        fields[6] = ''
        break
    }
    yield `${fields.map(field).join(',')}\n`
  }
}

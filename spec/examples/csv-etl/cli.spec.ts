/** The CSV example as a program: good rows converted, bad ones named by row, field and reason, an aggregate that adds up. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { BadRow } from '../../../examples/csv-etl/bad-row.ts'
import type { Row } from '../../../examples/csv-etl/sales.ts'
import type { Table } from '../../../examples/csv-etl/stats.ts'
import { suite } from '../../support/suite.ts'
import { ndjson, runExample, sharedData, tempDir, type Ended } from '../support/example.ts'

interface Answer {
  readonly rows: number
  readonly good: number
  readonly bad: number
  readonly aggregate: Table
}

const answered = ({ code, stdout, stderr }: Ended): Answer => {
  assert.is(code, 0, stdout + stderr)
  return JSON.parse(stdout) as Answer
}

const fieldsOf = (letters: readonly BadRow[], field: string): number =>
  letters.filter(({ reasons }) => reasons.some((reason) => reason.field === field)).length

suite('csv etl: program', (it) => {
  for (const workers of ['0', '2']) {
    it(`converts the rows of the shop, with ${workers} workers`, async ({ defer }) => {
      const out = tempDir(defer)
      const answer = answered(await runExample(defer, 'csv-etl', ['--json', '--rows', '5000', '--workers', workers, '--out', out]))
      const rows = ndjson(join(out, 'rows.ndjson')) as readonly Row[]
      const letters = ndjson(join(out, 'bad-rows.ndjson')) as readonly BadRow[]
      assert.equal([answer.rows, answer.good, answer.bad], [5000, rows.length, letters.length])
      assert.ok(letters.length > 20 && letters.length < 100, `${letters.length} bad rows`)
      assert.equal(new Set([...rows.map(({ order }) => order), ...letters.map(({ fields }) => Number((fields as { order: string }).order))]).size, 5000)
      assert.type(rows[0]!.quantity, 'number')
      assert.ok(rows.some(({ note }) => note === 'first line\nsecond line') && rows.some(({ note }) => note === null) && rows.some(({ customer }) => customer === 'Smith, Bob'))
      const north = rows.filter(({ region }) => region === 'north').map(({ quantity, price }) => quantity * price)
      const sum = north.reduce((a, b) => a + b, 0)
      assert.equal(answer.aggregate['north'], { count: north.length, sum, min: Math.min(...north), max: Math.max(...north), mean: sum / north.length })
      assert.equal(Object.keys(answer.aggregate), ['east', 'north', 'south', 'west'])
      const csv = readFileSync(join(out, 'sales.csv'), 'utf8').split('\n')
      for (const { row, reasons, fields, file } of letters) {
        assert.is(file, join(out, 'sales.csv'))
        assert.ok(csv[row - 1]!.startsWith(`${(fields as { order: string }).order},`), `line ${row} of the file is not the row`)
        for (const { field, reason } of reasons) {
          assert.ok(['day', 'region', 'quantity', 'price', 'customer'].includes(field), field)
          assert.match(reason, /^expected .*, got /)
        }
      }
      assert.ok(letters.some(({ reasons }) => reasons.length === 2), 'a row with two wrong fields names both')
    })
  }

  it('prints a table for people', async ({ defer }) => {
    const ended = await runExample(defer, 'csv-etl', ['--rows', '200', '--out', tempDir(defer)])
    assert.is(ended.code, 0, ended.stderr)
    assert.match(ended.stdout, /^plan: /)
    assert.match(ended.stdout, /200 rows in /)
    assert.match(ended.stdout, /north/)
  })

  it('takes a codec module of the user\'s own, and sums every column of numbers by default', async ({ defer }) => {
    const dir = tempDir(defer)
    writeFileSync(join(dir, 'a.csv'), 'name,n\nx,1\ny,2\nz,three\nalone\n')
    const fields = new URL('../../../examples/csv-etl/fields.ts', import.meta.url).href
    const io = import.meta.resolve('io-ts')
    const portable = import.meta.resolve('millrace/portable')
    writeFileSync(join(dir, 'codec.ts'), `import * as t from '${io}'
import { portable } from '${portable}'
import { Count } from '${fields}'
export const row = portable(import.meta, 'row', t.type({ name: t.string, n: Count }))
`)
    const answer = answered(await runExample(defer, 'csv-etl', ['--json', '--out', dir, '--codec', join(dir, 'codec.ts'), join(dir, 'a.csv')]))
    assert.equal(answer, { rows: 4, good: 2, bad: 2, aggregate: { n: { count: 2, sum: 3, min: 1, max: 2, mean: 1.5 } } })
    const [wrong, ragged] = ndjson(join(dir, 'bad-rows.ndjson')) as readonly BadRow[]
    assert.equal([ragged!.row, ragged!.fields, ragged!.reasons.length], [5, 'alone', 1])
    assert.match(ragged!.reasons[0]!.reason, /1 field/)
    assert.equal([wrong], [
      { file: join(dir, 'a.csv'), row: 4, reasons: [{ field: 'n', reason: 'expected a whole number from 0, got "three"' }], fields: { name: 'z', n: 'three' } }
    ])
  })

  it('refuses a module without a codec, and one that is not there', async ({ defer }) => {
    const dir = tempDir(defer)
    writeFileSync(join(dir, 'a.csv'), 'n\n1\n')
    writeFileSync(join(dir, 'codec.mjs'), 'export const row = 7\n')
    for (const [module, said] of [['codec.mjs', /no export 'row'/], ['none.mjs', /cannot import/]] as const) {
      const ended = await runExample(defer, 'csv-etl', ['--out', dir, '--codec', join(dir, module), join(dir, 'a.csv')])
      assert.is(ended.code, 2, ended.stderr)
      assert.match(ended.stderr, said)
    }
  })

  it('names a file that is not there and exits with 1', async ({ defer }) => {
    const ended = await runExample(defer, 'csv-etl', ['--out', tempDir(defer), 'no-such.csv'])
    assert.is(ended.code, 1)
    assert.match(ended.stderr, /ERR_MILLRACE_\w+: .*no-such\.csv/)
  })

  it('answers right for the real table of bird strikes', async ({ defer }) => {
    const file = sharedData('csv/birdstrikes.csv')
    if (file === undefined) return
    for (const workers of ['0', '2']) {
      const out = tempDir(defer)
      const answer = answered(await runExample(defer, 'csv-etl', ['--json', '--workers', workers, '--out', out, '--codec', 'examples/csv-etl/birdstrikes.ts', file]))
      const letters = ndjson(join(out, 'bad-rows.ndjson')) as readonly BadRow[]
      assert.is(answer.rows, 10_000)
      assert.is(fieldsOf(letters, 'Speed IAS in knots'), 2836)
      assert.is(fieldsOf(letters, 'Effect Amount of damage'), 15)
      assert.equal([answer.bad, letters.length, answer.good], [2850, 2850, 7150]) // one row has both
      assert.is(Object.values(answer.aggregate).reduce((sum, { count }) => sum + count, 0), 7150)
    }
  })

  it('answers right for the real table of comic characters', async ({ defer }) => {
    const file = sharedData('csv/marvel-wikia-data.csv')
    if (file === undefined) return
    for (const workers of ['0', '2']) {
      const out = tempDir(defer)
      const answer = answered(await runExample(defer, 'csv-etl', ['--json', '--workers', workers, '--out', out, '--codec', 'examples/csv-etl/marvel.ts', file]))
      const letters = ndjson(join(out, 'bad-rows.ndjson')) as readonly BadRow[]
      const without = (field: string, rows: readonly BadRow[]): readonly BadRow[] => rows.filter(({ reasons }) => !reasons.some((reason) => reason.field === field))
      assert.is(answer.rows, 16_376)
      assert.is(fieldsOf(letters, 'APPEARANCES'), 1096)
      assert.is(fieldsOf(without('APPEARANCES', letters), 'Year'), 615)
      assert.equal([answer.good, answer.bad], [16_376 - 1711, 1711])
      assert.is((ndjson(join(out, 'rows.ndjson')) as readonly { name: string }[])[2]!.name, 'Wolverine (James \\"Logan\\" Howlett)')
    }
  })
}, 30_000)

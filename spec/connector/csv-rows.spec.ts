/** CSV text to rows: against csv-parse on well-formed text, and by hand on the rest. */
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { CsvRows, MAX_RECORD, type BadRow, type CsvFormat, type Rows } from '../../src/connector/fs/csv-rows.ts'
import { suite } from '../support/suite.ts'

const plain: CsvFormat = { delimiter: ',', header: false, comment: '', trim: false }

/** Reads text in blocks of whole lines, as the reader does. */
const read = (text: string, format: Partial<CsvFormat> = {}, linesPerBlock = Infinity): Rows & { readonly counted: number } => {
  const rows = { items: [] as unknown[], lines: [] as number[] }
  const csv = new CsvRows({ ...plain, ...format }, (line, what) => Object.assign(new Error(what), { line }))
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n')
  if (text !== '') for (let i = 0; i < lines.length; i += linesPerBlock) csv.block(lines.slice(i, i + linesPerBlock).join('\n'), rows)
  csv.end(rows)
  return { ...rows, counted: csv.line }
}

/** Rows as they are, bad ones as their line and text. */
const outline = (text: string): readonly unknown[] =>
  read(text).items.map((item) => ('bad' in (item as object) ? [(item as BadRow).line, (item as BadRow).text] : item))

const fieldArb = fc.array(fc.constantFrom('a', 'b c', '"', ',', '\n', '\r\n', ' ', 'ü', '漢', ';', '#'), { maxLength: 5 }).map((parts) => parts.join(''))

const written = (fields: readonly string[], quoteAll: boolean): string =>
  fields.map((f) => (quoteAll || /[",\r\n;#]/.test(f) || f === '' ? `"${f.replaceAll('"', '""')}"` : f)).join(',')

suite('csv rows', (it) => {
  it('equal what csv-parse reads, with the lines where rows begin, whatever the blocks', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }).chain((width) => fc.array(fc.tuple(fc.array(fieldArb, { minLength: width, maxLength: width }), fc.boolean()), { maxLength: 12 })),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.integer({ min: 1, max: 5 }),
        (rows, end, last, linesPerBlock) => {
          const texts = rows.map(([fields, all]) => written(fields, all))
          const text = texts.join(end) + (last && texts.length > 0 ? end : '')
          const { items, lines, counted } = read(text, {}, linesPerBlock)
          assert.equal(items, parse(text, { record_delimiter: ['\r\n', '\n'] }))
          assert.equal(items, rows.map(([fields]) => fields))
          let line = 1
          assert.equal(lines, texts.map((t) => ((line += t.split('\n').length), line - t.split('\n').length)))
          assert.is(counted, line - 1)
        }
      ),
      { numRuns: 500 }
    )
  })

  it('have names, safely', () => {
    assert.equal(read('a,b\n1,2\n', { header: true }).items, [{ a: '1', b: '2' }])
    assert.equal(read('1,2\n', { header: ['x', 'y'] }).items, [{ x: '1', y: '2' }])
    const [row] = read('__proto__,constructor,"a""b\n",bad\n1,2,3,true\n', { header: true }).items as [object]
    assert.is(Object.getPrototypeOf(row), Object.prototype)
    assert.equal(Object.entries(row), [['__proto__', '1'], ['constructor', '2'], ['a"b\n', '3'], ['bad', 'true']])
    assert.throws(() => read('a,b,a\n', { header: true }), /'a' twice/)
    assert.throws(() => read('a,b"\n', { header: true }), /header cannot be read/)
    assert.equal(read('', { header: true }).items, [])
    assert.equal(read('a,b\n', { header: true }).items, [])
  })

  it('are strict about the number of fields', () => {
    const { items } = read('a,b\n1,2\n3\n4,5,6\n7,8\n', { header: true })
    assert.equal(items[0], { a: '1', b: '2' })
    assert.equal(items[1], { bad: true, line: 3, reason: 'it has 1 field, the header has 2', text: '3', fields: ['3'] })
    assert.equal(items[2], { bad: true, line: 4, reason: 'it has 3 fields, the header has 2', text: '4,5,6', fields: ['4', '5', '6'] })
    assert.equal(items[3], { a: '7', b: '8' })
    assert.equal(outline('1,2\n"x\ny"\n3,4\n'), [['1', '2'], [2, '"x\ny"'], ['3', '4']])
  })

  it('are strict about quotes, and go on with the next line', () => {
    assert.equal(outline('1,2\na"b,3\n4,5\n'), [['1', '2'], [2, 'a"b,3'], ['4', '5']])
    assert.equal(outline('1,2\n"a"b,3\n4,5\n'), [['1', '2'], [2, '"a"b,3'], ['4', '5']])
    assert.equal(outline('1,2\n"a,3\n4,5\n6,7'), [['1', '2'], [2, '"a,3'], ['4', '5'], ['6', '7']])
    assert.equal(outline('1,2\r\n"a,3\r\n4,5\r\n'), [['1', '2'], [2, '"a,3'], ['4', '5']])
    assert.equal(outline('1,2\n ""3,x\n'), [['1', '2'], [2, ' ""3,x']])
  })

  it('give up on a quote that is never closed, in bounded memory', () => {
    const rows = { items: [] as unknown[], lines: [] as number[] }
    const csv = new CsvRows(plain, () => new Error('no'))
    csv.block('1,2\n"open,3', rows)
    const block = `${'x,y\n'.repeat(100_000)}x,y`
    let blocks = 0
    for (; rows.items.length < 2 && blocks < 100; blocks++) csv.block(block, rows)
    assert.ok(blocks * block.length <= MAX_RECORD + 2 * block.length)
    assert.is((rows.items[1] as BadRow).line, 2)
    csv.end(rows)
    assert.is(rows.items.length, 2 + blocks * 100_001)
  })

  it('know comments, trimming, other delimiters and empty lines', () => {
    assert.equal(read('#x\n1,2\n#"y\n3,4', { comment: '#' }).items, [['1', '2'], ['3', '4']])
    assert.equal(read('#x\n1,2\n#y\n3,4', { comment: '#' }).lines, [2, 4])
    assert.equal(read(' 1 ,\t"2 "\t\n', { trim: true }).items, [['1', '2 ']])
    assert.equal(read('1;2,3\n', { delimiter: ';' }).items, [['1', '2,3']])
    assert.equal(read('1||"2||3"||4\n', { delimiter: '||' }).items, [['1', '2||3', '4']])
    assert.equal(read('\n1,2\n\n\r\n3,4\n\n').items, [['1', '2'], ['3', '4']])
    assert.equal(read('\n1,2\n\n\r\n3,4\n\n').lines, [2, 5])
    assert.equal(read('a\n1\n\n2\n', { header: true }).items, [{ a: '1' }, { a: '' }, { a: '2' }])
    assert.equal(read('"",""\n').items, [['', '']])
  })

  it('take time that grows with the text, not with its square', () => {
    const began = performance.now()
    read('"a"\n'.repeat(60_000), { delimiter: ';' })
    read('"a\n'.repeat(60_001))
    assert.ok(performance.now() - began < 2000, `${performance.now() - began} ms`)
  })
}, 10_000)

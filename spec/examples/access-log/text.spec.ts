/** Fields become text at the edge, and a record becomes a line of JSON that means the same. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { AccessRecord } from '../../../examples/access-log/line.ts'
import { recordJson, type RecordLine } from '../../../examples/access-log/record-json.ts'
import { toText } from '../../../examples/access-log/text.ts'
import { suite } from '../../support/suite.ts'

const seed = Number(process.env['MILLRACE_SEED'] ?? Date.now() % 1_000_000_007)

const bytes = fc.array(fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(34, 92, 32, 65)), { maxLength: 20 })
  .map((codes) => String.fromCharCode(...codes))
const utf8 = fc.string({ unit: 'grapheme', maxLength: 12 }).map((s) => Buffer.from(s).toString('latin1'))
const field = fc.oneof(bytes, utf8, fc.constant('-'))

const asText = ({ time, ...rest }: AccessRecord): RecordLine => ({
  ...rest,
  host: toText(rest.host),
  user: toText(rest.user),
  path: toText(rest.path),
  referrer: toText(rest.referrer),
  agent: toText(rest.agent),
  time: new Date(time * 1000).toISOString().replace('.000Z', 'Z')
})

suite('access log: text', (it) => {
  it('takes valid UTF-8 as the text that it is', () => {
    for (const text of ['', 'plain', 'Mühle/1.0 (水車)', '🚀', '\u0000\u007f', 'ÿ']) assert.is(toText(Buffer.from(text).toString('latin1')), text)
  })

  it('keeps every byte of what is not UTF-8', () => {
    for (const text of ['\u00ff', 'caf\u00e9', '\u00c3', '\u00ed\u00a0\u0080', '\u00c0\u00af']) assert.is(toText(text), text)
  })

  it(`makes JSON that means the record (seed ${seed})`, () => {
    const record: fc.Arbitrary<AccessRecord> = fc.record({
      host: field, user: field, path: field, referrer: field, agent: field,
      time: fc.integer({ min: -1e10, max: 1e11 }), method: fc.constantFrom('GET', 'POST'), protocol: fc.constantFrom('HTTP/1.1', 'HTTP/2.0'),
      status: fc.integer({ min: 0, max: 999 }), bytes: fc.nat()
    })
    fc.assert(
      fc.property(record, (r) => {
        const line = recordJson(r)
        assert.not.match(line, /[\n\r]/)
        assert.equal(JSON.parse(line), asText(r))
      }),
      { numRuns: 1500, seed }
    )
  })
})

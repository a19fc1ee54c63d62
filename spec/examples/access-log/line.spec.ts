/**
 * The scanner of access-log lines accepts what the regular expression accepts and makes the same record of it: on lines of the
 * generator, on lines put together at random, and on such lines with a few random edits.
 */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { logLines } from '../../../examples/access-log/generate.ts'
import { parseLine, scan } from '../../../examples/access-log/line.ts'
import { suite } from '../../support/suite.ts'
import { byRegex } from './by-regex.ts'

const seed = Number(process.env['MILLRACE_SEED'] ?? Date.now() % 1_000_000_007)

const agree = (line: string): void => {
  const found = scan(line)
  assert.equal(typeof found === 'string' ? undefined : found, byRegex(line), JSON.stringify(line))
  if (typeof found === 'string') assert.ok(found.length > 0, 'a bad line has a reason')
}

/** Characters that mean something to the grammar, and bytes that a JavaScript expression would take for white space. */
const odd = fc.constantFrom(...' "\\-?/:[]+.09aZ\t\n\r\v\f\u0000\u001f\u0085\u00a0\u00c3\u00ff')
const char = fc.oneof(odd, fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)))
const text = (max: number): fc.Arbitrary<string> => fc.array(char, { maxLength: max }).map((chars) => chars.join(''))
const digits = (length: number): fc.Arbitrary<string> =>
  fc.integer({ min: 0, max: 10 ** length - 1 }).map((n) => String(n).padStart(length, '0'))
const word = fc.oneof(fc.constant('-'), text(12).map((chars) => chars.replaceAll(/[ \t-\r]/g, '') || 'x'))
const month = fc.constantFrom('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec', 'jan', 'Foo', 'M_1')
const quoted = text(12).map((chars) => ` "${chars.replaceAll(/["\\]/g, (c) => `\\${c}`)}"`)
const recent = fc.tuple(fc.constantFrom('29', '30'), fc.constantFrom('01', '02'), digits(2)).map(([d, m, s]) => `${d}/Mar/2025:12:${m}:${s}`)
const anyTime = fc
  .tuple(digits(2), month, digits(4), digits(2), digits(2), digits(2))
  .map(([day, name, year, h, m, s]) => `${day}/${name}/${year}:${h}:${m}:${s}`)
const zone = fc.oneof(fc.constantFrom('+0000', '+0100', '-0500'), fc.tuple(fc.constantFrom('+', '-'), digits(4)).map((parts) => parts.join('')))
const method = fc.constantFrom('GET', 'POST', 'HEAD', 'G', 'GETS', 'PROPFIND', 'get')
const target = text(20).map((chars) => `/${chars.replaceAll(/[ "]/g, '?')}`)
const sent = fc.oneof(fc.constantFrom('-', '0', '99999999999999999999'), fc.nat().map(String))

const wellFormed: fc.Arbitrary<string> = fc
  .record({
    host: word, ident: word, user: word, time: fc.oneof(recent, anyTime), zone, method, target, n: digits(2), status: digits(3), sent,
    rest: fc.array(quoted, { maxLength: 4 })
  })
  .map((p) =>
    `${p.host} ${p.ident} ${p.user} [${p.time} ${p.zone}] "${p.method} ${p.target} HTTP/${p.n[0]!}.${p.n[1]!}" ${p.status} ${p.sent}${p.rest.join('')}`
  )

/** One edit at a place that is a share of the line's length. */
const edit = fc.record({ kind: fc.constantFrom('replace', 'insert', 'delete', 'cut', 'double'), place: fc.double({ min: 0, max: 1, noNaN: true }), char })

const edited = fc.tuple(wellFormed, fc.array(edit, { minLength: 1, maxLength: 3 })).map(([line, edits]) =>
  edits.reduce((now, { kind, place, char: c }) => {
    const at = Math.floor(place * now.length)
    if (kind === 'replace') return now.slice(0, at) + c + now.slice(at + 1)
    if (kind === 'insert') return now.slice(0, at) + c + now.slice(at)
    if (kind === 'delete') return now.slice(0, at) + now.slice(at + 1)
    if (kind === 'cut') return now.slice(0, at)
    return now.slice(0, at) + now.slice(Math.max(0, at - 3))
  }, line)
)

suite('access log: line', (it) => {
  it('agrees with the regular expression on the generator\'s lines', () => {
    let good = 0
    for (const line of logLines(5000, 11)) {
      agree(line)
      if (typeof scan(line) !== 'string') good++
    }
    assert.ok(good > 4950 && good < 5000, `${good} good lines`)
  })

  it(`agrees with it on lines put together at random (seed ${seed})`, () => {
    let good = 0
    fc.assert(
      fc.property(wellFormed, (line) => {
        agree(line)
        if (byRegex(line) !== undefined) good++
      }),
      { numRuns: 4000, seed }
    )
    assert.ok(good > 1000, `only ${good} good lines: the property would prove nothing`)
  })

  it(`agrees with it on lines with random edits (seed ${seed})`, () => {
    fc.assert(fc.property(edited, agree), { numRuns: 8000, seed })
  })

  it('agrees with it on every single edit of a few lines, whether the line before had the same time or another one', () => {
    const chars = [...' "\\-?/[]:+.05Zaz\t\r\u00a0\u0160']
    const lines = [
      'h i u [17/May/2015:10:05:03 +0000] "G / HTTP/1.1" 200 -',
      '::1 - - [07/Feb/2015:10:05:03 -0130] "GET /a?b HTTP/2.0" 304 12 "-" "a \\"b"'
    ]
    for (const line of lines) {
      const other = line.replace('10:05', '11:06')
      for (let at = 0; at <= line.length; at++) {
        const head = line.slice(0, at)
        const edits = chars.flatMap((c) => [head + c + line.slice(at + 1), head + c + line.slice(at)])
        for (const edit of [head, head + line.slice(at + 1), ...edits]) {
          for (const before of [line, other]) {
            scan(before)
            agree(edit)
          }
        }
      }
    }
    agree('h i u [17/L\u0161r/2015:10:05:03 +0000] "G / HTTP/1.1" 200 -') // its bits are those of Mar
  })

  it('takes every byte but the white space of ASCII as part of a word', () => {
    for (let code = 0; code < 256; code++) {
      const host = `a${String.fromCharCode(code)}b`
      const found = scan(`${host} - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1`)
      if (code === 32 || (code >= 9 && code <= 13)) assert.type(found, 'string')
      else assert.is((found as { host: string }).host, host)
    }
  })

  it('gives the time in UTC, across a change of the zone and beyond the end of a month', () => {
    const at = (stamp: string): unknown => (scan(`h - - [${stamp}] "GET / HTTP/1.1" 200 -`) as { time: number }).time
    assert.is(at('30/Mar/2025:01:59:59 +0100'), Date.UTC(2025, 2, 30, 0, 59, 59) / 1000)
    assert.is(at('30/Mar/2025:03:00:00 +0200'), Date.UTC(2025, 2, 30, 1, 0, 0) / 1000)
    assert.is(at('30/Mar/2025:03:00:00 -0230'), Date.UTC(2025, 2, 30, 5, 30, 0) / 1000)
    assert.is(at('29/Feb/2024:00:00:00 +0000'), Date.UTC(2024, 1, 29) / 1000)
    assert.is(at('29/Feb/2025:00:00:00 +0000'), Date.UTC(2025, 2, 1) / 1000)
  })

  it('cuts the path at the first question mark, and keeps quotes and escapes of quoted fields as they stand', () => {
    assert.equal(scan('::1 - bob [17/May/2015:10:05:03 +0000] "POST /a?b?c HTTP/2.0" 204 - "-" "a \\"b\\" \\\\" "third"'), {
      host: '::1', user: 'bob', time: Date.UTC(2015, 4, 17, 10, 5, 3) / 1000, method: 'POST', path: '/a', protocol: 'HTTP/2.0', status: 204,
      bytes: 0, referrer: '-', agent: 'a \\"b\\" \\\\'
    })
  })

  it('says what is wrong and where', () => {
    const reason = (line: string): unknown => (parseLine(line) as { left: string }).left
    assert.is(reason(''), 'an empty line')
    assert.match(String(reason('198.18.0.1 - - [29/Foo/2025:12:00:00 +0100] "GET / HTTP/1.1" 200 1')), /month.*column 20$/)
    const cut = '198.18.0.1 - - [29/Mar/2025:12:00:00 +0100] "GET / HTTP/1.1" 200 1 "-" "Mo'
    assert.is(reason(cut), `a quoted field does not end at column ${cut.lastIndexOf('"') + 1}`)
    assert.is(parseLine('h - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1')._tag, 'Right')
  })
}, 20_000)

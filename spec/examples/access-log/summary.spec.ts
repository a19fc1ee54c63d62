/**
 * The counts of a log do not depend on how its records are cut into parts, nor on the order in which the parts are combined; a
 * state survives the crossing between threads; and the answer is what counting by hand gives.
 */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { AccessRecord } from '../../../examples/access-log/line.ts'
import { summaryOf, type State, type Summary } from '../../../examples/access-log/summary.ts'
import { suite } from '../../support/suite.ts'

const seed = Number(process.env['MILLRACE_SEED'] ?? Date.now() % 1_000_000_007)

const record = (part: Partial<AccessRecord>): AccessRecord => ({
  host: 'h', user: '-', time: 0, method: 'GET', path: '/', protocol: 'HTTP/1.1', status: 200, bytes: 0, referrer: '', agent: '', ...part
})

/** Few different keys, so that they collide; some longer than 13 characters, some not UTF-8. */
const key = fc.oneof(
  fc.integer({ min: 0, max: 12 }).map((n) => `k${n}`),
  fc.constantFrom('/a/path/of/more/than/thirteen', '\u00c3\u00a9t\u00c3\u00a9', '\u00e9t\u00e9', '__proto__', 'constructor', '')
)
const records = fc.array(
  fc.record({
    host: key,
    path: key,
    time: fc.integer({ min: -200, max: 4000 }),
    status: fc.constantFrom(0, 7, 200, 204, 404, 999),
    bytes: fc.nat({ max: 1e9 })
  }).map(record),
  { maxLength: 60 }
)

const { create, add, combine, finish } = summaryOf

const stateOf = (items: readonly AccessRecord[]): State => items.reduce(add, create())

const answer = (items: readonly AccessRecord[]): Summary => finish(stateOf(items))

/** Counting by hand. */
const tally = (keys: readonly string[]): Record<string, number> => {
  const counts = new Map<string, number>()
  for (const k of keys) counts.set(k, (counts.get(k) ?? 0) + 1)
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}

suite('access log: summary', (it) => {
  it(`is the same for every way to cut and every order to combine (seed ${seed})`, () => {
    fc.assert(
      fc.property(records, fc.array(fc.nat({ max: 5 }), { minLength: 60, maxLength: 60 }), fc.boolean(), (items, part, left) => {
        const parts = Array.from({ length: 6 }, (_, p) => items.filter((_item, i) => part[i] === p))
        const states = parts.map((p) => structuredClone(stateOf(p)))
        const total = left ? states.reduce(combine) : states.reduceRight(combine)
        assert.equal(finish(total), answer(items))
      }),
      { numRuns: 300, seed }
    )
  })

  it(`takes a part that saw nothing as nothing (seed ${seed})`, () => {
    fc.assert(
      fc.property(records, (items) => {
        const whole = answer(items)
        assert.equal(finish(combine(create(), stateOf(items))), whole)
        assert.equal(finish(combine(stateOf(items), create())), whole)
      }),
      { numRuns: 100, seed }
    )
  })

  it('combines without changing what the second part counts', () => {
    const b = stateOf([record({ host: 'b', path: '/b' })])
    const before = structuredClone(b)
    const ab = combine(stateOf([record({ host: 'a' })]), b)
    add(ab, record({ host: 'b', path: '/b' }))
    assert.equal(b, before)
  })

  it(`counts what counting by hand counts (seed ${seed})`, () => {
    fc.assert(
      fc.property(records, (items) => {
        const { parsed, bytes, statuses, statusClasses, clients, paths, perMinute } = answer(items)
        assert.is(parsed, items.length)
        assert.is(bytes, items.reduce((sum, item) => sum + item.bytes, 0))
        assert.equal(Object.fromEntries(Object.entries(statuses).sort()), tally(items.map((item) => String(item.status).padStart(3, '0'))))
        assert.equal(Object.fromEntries(Object.entries(statusClasses).sort()), tally(items.map((item) => `${Math.floor(item.status / 100)}xx`)))
        assert.is(clients, new Set(items.map((item) => item.host)).size)
        assert.is(paths, new Set(items.map((item) => item.path)).size)
        assert.equal(perMinute.map(([, n]) => n).reduce((a, b) => a + b, 0), items.length)
        assert.equal(perMinute.map(([minute]) => minute), [...perMinute.map(([minute]) => minute)].sort())
      }),
      { numRuns: 200, seed }
    )
  })

  it('lists the ten most frequent, ties by name in the order of code units', () => {
    const items = Array.from({ length: 24 }, (_, i) => record({ path: `/${String.fromCharCode(97 + (i % 12))}` }))
    const { topPaths, paths } = answer([...items, record({ path: '/z' }), record({ path: '/z' }), record({ path: '/z' })])
    assert.is(paths, 13)
    assert.equal(topPaths, [['/z', 3], ...'abcdefghi'.split('').map((c) => [`/${c}`, 2])])
  })

  it('tells keys apart by their bytes, and shows them as text where the bytes are UTF-8', () => {
    const { paths, topPaths } = answer([record({ path: '/\u00e9' }), record({ path: '/\u00c3\u00a9' }), record({ path: '/\u00e6\u00b0\u00b4' })])
    assert.is(paths, 3)
    assert.equal(topPaths, [['/é', 1], ['/é', 1], ['/水', 1]])
  })

  it('gives minutes in UTC', () => {
    const time = Date.UTC(2015, 4, 17, 10, 5, 59) / 1000
    assert.equal(answer([record({ time }), record({ time: time + 1 }), record({ time: time - 59 })]).perMinute, [['2015-05-17T10:05Z', 2], ['2015-05-17T10:06Z', 1]])
  })
})

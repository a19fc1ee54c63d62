import * as assert from 'uvu/assert'
import { DecodeError, issueLines, MAX_ISSUES, renderValue, type DecodeIssue } from '../../src/error/decode-error.ts'
import { decodeError, encodeError } from '../../src/error/wire.ts'
import { suite } from '../support/suite.ts'

const issue = (path: string, expected = 'number', actual = '"x"'): DecodeIssue => ({ path, expected, actual })

suite('DecodeError', (it) => {
  it('names the first places in its message and says how many more there are', () => {
    const { message, code, name } = new DecodeError(['a', 'b', 'c', 'd', 'e'].map((path) => issue(path)))
    assert.is(code, 'ERR_MILLRACE_DECODE')
    assert.is(name, 'DecodeError')
    assert.match(message, /a: expected number, got "x"; b: .*; c: .*2 other places/)
    assert.not.match(message, /d: /)
  })

  it('keeps so many issues and no more', () => {
    const { issues, message } = new DecodeError(Array.from({ length: 5000 }, (_, i) => issue(`[${i}]`)))
    assert.is(issues.length, MAX_ISSUES)
    assert.match(message, /97 or more other places/)
  })

  it('arrives whole on the other side of a thread', () => {
    const error = new DecodeError([issue('a.b'), { ...issue('c'), message: 'give a number' }])
    const arrived = decodeError(structuredClone(encodeError(error))) as DecodeError
    assert.instance(arrived, DecodeError)
    assert.equal(arrived.issues, error.issues)
    assert.is(arrived.code, error.code)
    assert.is(arrived.message, error.message)
  })

  it('changes nothing about the stacks of other errors', () => {
    const limit = Error.stackTraceLimit
    new DecodeError([])
    assert.is(Error.stackTraceLimit, limit)
  })
})

suite('issueLines', (it) => {
  it('puts what was wanted in one place on one line', () => {
    assert.equal(issueLines([issue('id', 'string', 'null'), issue('id', 'number', 'null'), issue('a', 'string', '1')]), [
      'id: expected string or number, got null',
      'a: expected string, got 1'
    ])
  })

  it('calls the root the value, prefers what the codec says, and clips long names', () => {
    assert.equal(issueLines([issue('')]), ['the value: expected number, got "x"'])
    assert.equal(issueLines([{ ...issue('a'), message: 'give a number' }]), ['a: give a number'])
    assert.ok(issueLines([issue('a', 'x'.repeat(1000))])[0]!.length < 150)
  })
})

suite('renderValue', (it) => {
  it('says in a few words what a value is, whatever it is', () => {
    const cases: readonly (readonly [value: unknown, text: string])[] = [
      ['a"b', '"a\\"b"'], [1.5, '1.5'], [-0, '-0'], [NaN, 'NaN'], [3n, '3n'], [null, 'null'], [undefined, 'undefined'], [true, 'true'],
      [Symbol('s'), 'Symbol(s)'], [() => 1, 'a function'], [[1, 2], 'an array of 2'], [{}, 'an empty object'],
      [{ a: 1, b: 2 }, 'an object with a, b'], [{ a: 1, b: 2, c: 3, d: 4, e: 5 }, 'an object with a, b, c, d, …'],
      [Object.create(null), 'an empty object'], [new Date(0), '1970-01-01T00:00:00.000Z'], [new Date(NaN), 'an invalid date'], [new Map(), 'a value of class Map']
    ]
    for (const [value, text] of cases) assert.is(renderValue(value), text)
    assert.ok(renderValue('x'.repeat(1_000_000)).length < 60)
    assert.ok(renderValue({ ['k'.repeat(10_000)]: 1 }).length < 100)
    const hostile = new Proxy({}, { ownKeys: () => { throw new Error('no') } }) // prettier-ignore
    assert.is(renderValue(hostile), 'an object')
  })
})

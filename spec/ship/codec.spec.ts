import * as t from 'io-ts'
import * as assert from 'uvu/assert'
import { DecodeError, type DecodeIssue } from '../../src/error/decode-error.ts'
import { reportErrors, type Checker } from '../../src/ship/check.ts'
import { validatorOf } from '../../src/ship/codec.ts'
import { thrown } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

const issues = (check: Checker, value: unknown): readonly DecodeIssue[] => {
  const answer = check(value)
  if (answer._tag === 'Right') throw new Error('it fits')
  assert.instance(answer.left, DecodeError)
  return answer.left.issues
}

const errorsOf = (codec: t.Mixed, value: unknown): t.Errors => {
  const answer = codec.decode(value)
  if (answer._tag === 'Right') throw new Error('it fits')
  return answer.left
}

const Positive = t.refinement(t.number, (n) => n > 0, 'Positive')
const Trimmed = new t.Type<string, string>('Trimmed', t.string.is, (u, c) => (typeof u === 'string' ? t.success(u.trim()) : t.failure(u, c, 'give a text')), t.identity)

suite('validatorOf', (it) => {
  it('asks the codec itself, and answers what it answers', () => {
    assert.equal(validatorOf(Trimmed)(' a '), { _tag: 'Right', right: 'a' })
    assert.equal(issues(validatorOf(t.type({ a: Positive })), { a: -1 }), [{ path: 'a', expected: 'Positive', actual: '-1' }])
  })

  it("keeps a codec's own message", () => {
    assert.equal(issues(validatorOf(t.array(Trimmed)), [1]), [{ path: '[0]', expected: 'Trimmed', actual: '1', message: 'give a text' }])
  })

  it('tells paths of the value, without the positions in unions and intersections, wherever these are wrapped', () => {
    const Deep = t.recursion<unknown>('Deep', (): t.Mixed => t.exact(t.intersection([t.type({ a: t.readonly(t.union([t.type({ b: t.tuple([t.string]) }), t.null])) }), t.partial({ c: Positive })])))
    assert.equal(issues(validatorOf(Deep), { a: { b: [1] }, c: 0 }).map(({ path, expected }) => [path, expected]), [
      ['a.b[0]', 'string'],
      ['a', 'null'],
      ['c', 'Positive']
    ])
  })

  it('takes a codec that has validate only, and codecs whose errors are of another form', () => {
    assert.is(validatorOf({ validate: t.string.validate })('a')._tag, 'Right')
    assert.is(issues(validatorOf({ validate: t.string.validate, name: 'text' }), 1)[0]?.path, '')
    const other = { name: 'Other', decode: (input: unknown) => (input === 1 ? { _tag: 'Right', right: 1 } : { _tag: 'Left', left: { some: 'tree' } }) }
    assert.is(validatorOf(other)(1)._tag, 'Right')
    assert.equal(issues(validatorOf(other), 'x'), [{ path: '', expected: 'Other', actual: '"x"' }])
  })

  it('refuses what is no codec', () => {
    assert.is(thrown(() => validatorOf({})).code, 'ERR_MILLRACE_ARGUMENT')
  })
})

suite('reportErrors', (it) => {
  it('reads the errors of io-ts and those of a dead letter alike', () => {
    const User = t.type({ id: t.union([t.string, t.number]), tags: t.array(t.string) })
    const wrong = { id: null, tags: ['a', 1] }
    const lines = ['id: expected string or number, got null', 'tags[1]: expected string, got 1']
    assert.equal(reportErrors(errorsOf(User, wrong)), lines)
    const answer = validatorOf(User)(wrong)
    assert.equal(answer._tag === 'Left' && reportErrors(answer.left), lines)
    assert.equal(reportErrors(errorsOf(User, 5)), [`the value: expected ${User.name}, got 5`])
    assert.equal(reportErrors(errorsOf(t.type({ t: Trimmed }), {})), ['t: give a text'])
  })
})

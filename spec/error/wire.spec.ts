/** Errors that cross a thread keep what structured clone drops. */
import { deserialize, serialize } from 'node:v8'
import * as assert from 'uvu/assert'
import { PipelineError } from '../../src/error/pipeline-error.ts'
import { decodeError, encodeError } from '../../src/error/wire.ts'
import { suite } from '../support/suite.ts'

const across = (error: unknown): unknown => decodeError(deserialize(serialize(encodeError(error))) as ReturnType<typeof encodeError>)

class HttpError extends Error {
  readonly code = 'E_HTTP'
  readonly status: number
  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

suite('errors across threads', (it) => {
  it('keep class, message, stack, code, cause and own fields', () => {
    const cause = new RangeError('deep')
    const error = Object.assign(new TypeError('bad', { cause }), { code: 'E_BAD', where: { line: 3 } })
    const got = across(error) as typeof error
    assert.instance(got, TypeError)
    assert.is(got.message, 'bad')
    assert.is(got.stack, error.stack)
    assert.is(got.code, 'E_BAD')
    assert.equal(got.where, { line: 3 })
    assert.instance(got.cause, RangeError)
  })

  it('of an unknown class keep its name', () => {
    const got = across(new HttpError('no', 503)) as HttpError
    assert.is(got.name, 'HttpError')
    assert.is(got.status, 503)
    assert.is(got.code, 'E_HTTP')
  })

  it('keep the list of an AggregateError, and a PipelineError its place', () => {
    const many = across(new AggregateError([new Error('a'), 'b'], 'many')) as AggregateError
    assert.instance(many, AggregateError)
    assert.is((many.errors[0] as Error).message, 'a')
    assert.is(many.errors[1], 'b')
    const got = across(new PipelineError({ code: 'ERR_MILLRACE_X', message: 'm', stage: 's', position: { index: 4, line: 2 } })) as PipelineError
    assert.instance(got, PipelineError)
    assert.equal([got.code, got.stage, got.position], ['ERR_MILLRACE_X', 's', { index: 4, line: 2 }])
  })

  it('an AbortError stays one', () => {
    const got = across(new DOMException('gone', 'AbortError')) as DOMException
    assert.instance(got, DOMException)
    assert.is(got.name, 'AbortError')
  })

  it('any value may be thrown; what cannot be cloned arrives as a preview', () => {
    assert.is(across(undefined), undefined)
    assert.equal(across({ a: 1 }), { a: 1 })
    assert.type(across(() => 1), 'string')
    assert.type((across(Object.assign(new Error('x'), { fn: () => 1 })) as { fn: unknown }).fn, 'string')
  })

  it('a cycle of causes ends', () => {
    const error = new Error('self') as Error & { cause?: unknown }
    error.cause = error
    assert.is((across(error) as Error).message, 'self')
  })
})

/** Whatever is thrown can be said, and nothing that is said of it fails in turn. */
import * as assert from 'uvu/assert'
import { from, map } from '../../src/index.ts'
import { say } from '../../src/error/say.ts'
import { rejection } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

/** Throws something that is no Error, as libraries do. */
const hurl = (thrown: unknown): never => {
  throw thrown
}

suite('say', (it) => {
  it('errors by name and message, plain objects by their message or by what is in them', () => {
    assert.is(say(new RangeError('no')), 'RangeError: no')
    assert.is(say({ name: 'HttpError', message: 'status 500' }), 'HttpError: status 500')
    assert.is(say({ message: 'gone' }), 'gone')
    assert.is(say({ status: 404 }), '{"status":404}')
    assert.is(say('text'), 'text')
    assert.is(say(undefined), 'undefined')
    assert.is(say(Symbol('s')), 'Symbol(s)')
  })

  it('what cannot be looked at is said, too', () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    const bare: unknown = Object.create(null)
    const trap = new Proxy({}, { get: () => hurl(new Error('inner')) })
    for (const thrown of [circle, bare, trap]) assert.type(say(thrown), 'string')
    assert.ok(say({ text: 'x'.repeat(10_000) }).length < 400)
  })

  it('a stage that throws a plain object fails with what is in it', async () => {
    const error = await rejection(from([1]).pipe(map(() => hurl({ status: 404 }), { lane: 'async' })).toArray())
    assert.is(error.code, 'ERR_MILLRACE_STAGE_FAILED')
    assert.match(error.message, '{"status":404}')
  })

  it('a stage that throws an object without a prototype fails as a stage', async () => {
    const error = await rejection(from([1]).pipe(map(() => hurl(Object.create(null)), { name: 'odd', lane: 'async' })).toArray())
    assert.is(error.code, 'ERR_MILLRACE_STAGE_FAILED')
    assert.is(error.stage, 'odd')
  })
})

/** Many runs may go by one signal, as those of a program that is to shut down do. */
import { getEventListeners } from 'node:events'
import * as assert from 'uvu/assert'
import { interval } from '../../src/index.ts'
import { rejection } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

suite('one signal', (it) => {
  it('has one listener for all of its runs, which warns of no leak, and none when they have ended', async () => {
    const controller = new AbortController()
    const runs = Array.from({ length: 20 }, () => rejection(interval(1).toArray({ signal: controller.signal })))
    await Promise.resolve()
    assert.is(getEventListeners(controller.signal, 'abort').length, 1)
    controller.abort(new Error('stop'))
    for (const error of await Promise.all(runs)) {
      assert.is(error.code, 'ERR_MILLRACE_CANCELLED')
      assert.is((error.cause as Error).message, 'stop')
    }
    assert.is(getEventListeners(controller.signal, 'abort').length, 0)
  })
})

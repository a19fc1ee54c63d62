/** Waits that can be given up leave nothing behind. */
import * as assert from 'uvu/assert'
import { Interruptible } from '../../src/prelude/interruptible.ts'
import { suite } from '../support/suite.ts'

suite('interruptible', (it) => {
  it('answers and rejects as the promise does', async () => {
    const wait = new Interruptible()
    assert.is(await wait.wait(Promise.resolve(5)), 5)
    assert.is(await wait.wait(Promise.reject(new Error('no'))).catch((e: unknown) => (e as Error).message), 'no')
  })

  it('gives up what goes on, and what comes later', async () => {
    const wait = new Interruptible()
    const never = new Promise<number>(() => undefined)
    const waiting = wait.wait(never)
    wait.interrupt()
    assert.is(await waiting, undefined)
    assert.is(await wait.wait(never), undefined)
  })

  it('a promise that rejects after the wait was given up is nobody\'s business', async () => {
    const wait = new Interruptible()
    let fail: (error: Error) => void = () => undefined
    const waiting = wait.wait(new Promise((_, reject) => (fail = reject)))
    wait.interrupt()
    assert.is(await waiting, undefined)
    fail(new Error('late'))
    await new Promise((resolve) => setImmediate(resolve))
  })
})

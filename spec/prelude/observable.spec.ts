import { Observable, isObservable, lastValueFrom, map } from 'rxjs'
import * as assert from 'uvu/assert'
import { observable } from '../../src/prelude/observable.ts'
import { suite } from '../support/suite.ts'

suite('prelude/observable', (it) => {
  const three = observable<number>((subscriber) => {
    for (let i = 1; i <= 3; i++) subscriber.next(i)
    subscriber.complete()
  })

  it('makes what the front door of rxjs calls an Observable', async () => {
    assert.ok(three instanceof Observable)
    assert.ok(isObservable(three))
    assert.is(await lastValueFrom(three.pipe(map((n) => n * 2))), 6)
  })
})

import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { DONE, OPEN, placeOf, type Place } from '../../../src/operator/waiting/calls.ts'
import { Places } from '../../../src/operator/waiting/places.ts'
import { seed } from '../../support/seed.ts'
import { suite } from '../../support/suite.ts'

suite('operator/places', (it) => {
  it('are taken in order, each once its call has come to its end, however many there are', () => {
    const step = fc.oneof({ arbitrary: fc.constant('push' as const), weight: 3 }, fc.constant('end' as const), { arbitrary: fc.constant('take' as const), weight: 2 })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.nat(), (steps, which) => {
        const places = new Places()
        const model: Place[] = []
        for (const [k, what] of steps.entries()) {
          if (what === 'push') {
            const place = placeOf(k, k)
            places.push(place)
            model.push(place)
          } else if (what === 'end') {
            const open = model.filter(({ state }) => state === OPEN)
            if (open.length > 0) open[which % open.length]!.state = DONE
          } else {
            const expected = model[0]?.state === DONE ? model.shift() : undefined
            assert.is(places.settled(), expected)
          }
          assert.is(places.size, model.length)
        }
      }),
      { seed, numRuns: 200 }
    )
  })
})

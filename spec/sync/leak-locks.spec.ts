/** A hundred thousand of each kind, locks, that have travelled: made, used and dropped they leave the memory as it was. */
import { far } from '../support/forms.ts'
import { CYCLES, leavesNothing } from '../support/rounds.ts'
import { suite } from '../support/suite.ts'
import { semaphore, mutex, rwLock } from './leak-uses.ts'

suite('leaks, travelled', (it) => {
  for (const [name, use] of Object.entries({ semaphore, mutex, rwLock })) {
    it(`${name}: ${CYCLES} made, used and dropped leave the memory as it was`, () => leavesNothing(() => use(far)))
  }
}, 60_000)

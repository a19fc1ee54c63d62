/**
 * A hundred thousand of each kind, made, used and dropped in one thread: the memory is as before. (Travelled: the files beside it)
 *
 * FORBIDDEN   anything that is kept of what was dropped: waits in lists, listeners of signals, names of shared things, shared memory
 */
import type { Traveller } from '../../src/prelude/travel.ts'
import { CYCLES, leavesNothing } from '../support/rounds.ts'
import { suite } from '../support/suite.ts'
import * as uses from './leak-uses.ts'

const near = <T extends Traveller>(thing: T): T => thing

suite('leaks, in one thread', (it) => {
  for (const [name, use] of Object.entries(uses)) {
    it(`${name}: ${CYCLES} made, used and dropped leave the memory as it was`, () => leavesNothing(() => use(near)))
  }
}, 60_000)

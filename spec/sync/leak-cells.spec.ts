/** A hundred thousand of each kind, cells, that have travelled: made, used and dropped they leave the memory as it was. */
import { OnceCell } from '../../src/sync.ts'
import { far } from '../support/forms.ts'
import { CYCLES, leavesNothing } from '../support/rounds.ts'
import { suite } from '../support/suite.ts'
import { onceCell, type Use } from './leak-uses.ts'

/** With a value that has no room among the words of a cell, and one that has. */
const largeValues: Use = (form) => {
  const cell = form(new OnceCell<string>())
  cell.set('x'.repeat(5000))
  cell.take()
  cell.set('x')
  cell.get()
}

suite('leaks, travelled', (it) => {
  for (const [name, use] of Object.entries({ onceCell, largeValues })) {
    it(`${name}: ${CYCLES} made, used and dropped leave the memory as it was`, () => leavesNothing(() => use(far)))
  }
}, 60_000)

/** Runs a suite twice: with things of one thread, and with the same after they have travelled (src/prelude/travel.ts), still used in one. */
import { pack, type Traveller } from '../../src/prelude/travel.ts'
import { suite, type It } from './suite.ts'

/** Makes of a thing what the suite is about. */
export type Form = <T extends Traveller>(thing: T) => T

const near: Form = (thing) => thing

/** As when the handle was sent: its state is in shared memory from now on. */
export const far: Form = (thing) => {
  pack(thing)
  return thing
}

export const bothForms = (name: string, body: (it: It, form: Form) => void, deadlineMs?: number): void => {
  suite(name, (it) => { body(it, near) }, deadlineMs)
  suite(`${name}, after it has travelled`, (it) => { body(it, far) }, deadlineMs)
}

/**
 * What of the shared things of a program lives in this thread: one object for each, however many handles of it have arrived.
 *
 * A handle that is sent twice, or comes back to where it was made, is the same thing: its waits are in one line, and what is compared
 * by identity is equal. Held weakly. Called by whatever travels.
 */
import { program, unique } from '../atomic/threads.ts'
import { strangeProgram } from '../error/wording-sync.ts'
import { perThread } from '../prelude/per-thread.ts'

/** What a shared thing is called in all threads of its program. */
export interface Name {
  readonly program: number
  readonly number: number
}

const residents = perThread('residents.1', () => new Map<number, WeakRef<object>>())

const gone = new FinalizationRegistry<number>((number) => {
  if (residents.get(number)?.deref() === undefined) residents.delete(number)
})

/** A name for a thing that is about to be shared; in this thread, `object` is it. */
export const reside = (object: object): Name => {
  const number = unique()
  keep(number, object)
  return { program: program(), number }
}

const keep = (number: number, object: object): void => {
  residents.set(number, new WeakRef(object))
  gone.register(object, number)
}

/** The object of this thread for a shared thing: the one that is here, or the one that `make` makes. `kind` is for the error. */
export const resident = <T extends object>(kind: string, { program: from, number }: Name, make: () => T): T => {
  if (from !== program()) throw strangeProgram(kind)
  const known = residents.get(number)?.deref()
  if (known !== undefined) return known as T
  const made = make()
  keep(number, made)
  return made
}

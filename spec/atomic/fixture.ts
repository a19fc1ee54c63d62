/** What the threads of spec/atomic do. */
import { deaths, here, invite, parked, sleepHere, sleepHereAsync, wake } from '../../src/atomic/threads.ts'

export const whereAmI = () => ({ seat: here().seat, id: here().id, mayBlock: here().mayBlock })

/** Blocks until it is woken; tells that it is about to by a word, and the number of deaths it sees after. */
export const sleepsUntilWoken = (words: Int32Array, waker: number): number => {
  const seen = parked()
  words[0] = 1
  wake(waker)
  sleepHere(seen)
  return deaths()
}

export const sleepsWithoutBlocking = async (waker: number): Promise<string> => {
  const seen = parked()
  const sleeping = sleepHereAsync(seen)
  wake(waker)
  const hold = setInterval(() => undefined, 1000)
  const how = await sleeping
  clearInterval(hold)
  return String(how)
}

export const throws = (): never => {
  throw new RangeError('on purpose')
}

export const blocksForEver = (): void => {
  for (;;) sleepHere(parked())
}

/** Invites somebody who never comes; answers where it would sit. */
export const invites = (): { readonly seat: number; readonly id: number } => {
  const { seat, id } = invite(true)
  return { seat, id }
}

/** How a receiver is read by `for await`: until the channel ends, and no further once the loop is left. */
import { Closed } from '../sync/outcome.ts'

/** Items from `recv` until `Closed`; leaving the loop calls `leave`, so that nobody sends to a reader that is gone. */
export const iterate = <A>(recv: () => Promise<A | Closed>, leave: () => void): AsyncIterableIterator<A> => ({
  next: async () => {
    const item = await recv()
    return item === Closed ? { done: true, value: undefined } : { done: false, value: item }
  },
  return: () => {
    leave()
    return Promise.resolve({ done: true, value: undefined })
  },
  [Symbol.asyncIterator]() {
    return this
  }
})

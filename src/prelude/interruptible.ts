/**
 * Waits that can be given up, one at a time.
 *
 * `Promise.race` with a promise that settles at the end of a run would do, but a promise keeps the reactions of every race it
 * was in for as long as it lives: a source of 10^8 batches would leave as many behind. Called by exec/ and sinks.
 */
export class Interruptible {
  #over = false
  #giveUp: (() => void) | undefined

  /** What `promise` resolves to, or `undefined` when {@link interrupt} is called first; it rejects as `promise` does. */
  wait<A>(promise: PromiseLike<A>): Promise<A | undefined> {
    return new Promise((resolve, reject) => {
      this.#giveUp = () => {
        resolve(undefined)
      }
      promise.then(resolve, reject)
      if (this.#over) resolve(undefined)
    })
  }

  /** Gives up the wait that goes on, and all later ones at once. */
  interrupt(): void {
    this.#over = true
    this.#giveUp?.()
  }
}

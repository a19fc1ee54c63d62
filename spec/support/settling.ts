/** Whether promises have settled, without waiting for them: for assertions that something still waits. */

export type Fate<A> = { readonly is: 'pending' } | { readonly is: 'value'; readonly value: A } | { readonly is: 'reason'; readonly reason: unknown }

/** Lets the event loop turn: whatever can settle without the outside has settled then. */
export const turn = async (): Promise<void> => {
  // twice, since a channel may put off an answer to the next turn (sync/budget.ts)
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** A promise under observation; a rejection is handled by being observed. */
export const observe = <A>(promise: Promise<A>): { readonly fate: () => Fate<A> } => {
  let fate: Fate<A> = { is: 'pending' }
  promise.then(
    (value) => {
      fate = { is: 'value', value }
    },
    (reason: unknown) => {
      fate = { is: 'reason', reason }
    }
  )
  return { fate: () => fate }
}

/** What has become of a promise after the event loop has turned. */
export const fateOf = async <A>(promise: Promise<A>): Promise<Fate<A>> => {
  const observed = observe(promise)
  await turn()
  return observed.fate()
}

/** Whether a promise still waits after the event loop has turned. */
export const waits = async (promise: Promise<unknown>): Promise<boolean> => (await fateOf(promise)).is === 'pending'

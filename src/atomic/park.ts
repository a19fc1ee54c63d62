/**
 * Sleeping on a word of shared memory, and waking who sleeps there.
 *
 * `wait` blocks the thread: it belongs to workers. A thread with an event loop that must go on uses `waitAsync`, which
 * by itself does not keep a process alive. Neither can miss a `notify`: the comparison with `expected` and falling
 * asleep are one step, so a waker changes the word first and notifies after.
 */

/** Why {@link wait} returned. */
export type Waited = 'ok' | 'not-equal' | 'timed-out'

interface WaitAsync {
  waitAsync(words: Int32Array, index: number, expected: number, timeoutMs: number): (
    | { readonly async: false; readonly value: 'not-equal' | 'timed-out' }
    | { readonly async: true; readonly value: Promise<'ok' | 'timed-out'> }
  )
}

/** Blocks this thread while the word holds `expected`, until notified, for at most `timeoutMs` (default: forever). */
export const wait = (words: Int32Array, index: number, expected: number, timeoutMs = Infinity): Waited =>
  Atomics.wait(words, index, expected, timeoutMs)

/** Wakes at most `count` (default: all) of those who sleep on the word; answers how many. */
export const notify = (words: Int32Array, index: number, count = Infinity): number => Atomics.notify(words, index, count)

/**
 * As {@link wait}, without blocking: a promise while there is something to wait for, `undefined` when the word does not
 * hold `expected`.
 */
export const waitAsync = (
  words: Int32Array,
  index: number,
  expected: number,
  timeoutMs = Infinity
): Promise<Waited> | undefined => {
  const waiting = (Atomics as unknown as WaitAsync).waitAsync(words, index, expected, timeoutMs)
  return waiting.async ? waiting.value : undefined
}

/** Reads a word that another thread writes, sequentially consistent. */
export const load = (words: Int32Array, index: number): number => Atomics.load(words, index)

/** Writes a word that another thread reads, sequentially consistent. */
export const store = (words: Int32Array, index: number, value: number): void => {
  Atomics.store(words, index, value)
}

/** Blocks this thread for so many milliseconds; for workers. */
export const sleep = (ms: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

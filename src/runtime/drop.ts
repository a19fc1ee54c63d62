/**
 * Letting go of the channel ends that a call was given: like a value that was moved into a closure, they end with it. So a
 * channel whose senders were handed to jobs ends when the jobs have ended, or were never begun.
 *
 * An end is a handle that can be closed and disposed of; locks and counters cannot, and stay. Called by hands.ts,
 * async-worker.ts and parcel.ts, and for pipelines' `env` by src/worker.ts.
 */
import { isTraveller } from '../prelude/travel.ts'

const isEnd = (value: object): value is Disposable =>
  typeof (value as Partial<Disposable>)[Symbol.dispose] === 'function' && typeof (value as { close?: unknown }).close === 'function'

/** Closes the ends in a value: where `unpack` puts them, in plain objects and arrays. */
export const dropEnds = (value: unknown, seen = new Set<unknown>()): void => {
  if (typeof value !== 'object' || value === null || seen.has(value)) return
  seen.add(value)
  if (isTraveller(value)) {
    if (isEnd(value)) value[Symbol.dispose]()
    return
  }
  const proto = Object.getPrototypeOf(value) as object | null
  if (!Array.isArray(value) && proto !== null && proto !== Object.prototype) return
  for (const part of Object.values(value)) dropEnds(part, seen)
}

/** The instant of an item, as a user's `at` answers it. Called by windows, keyedProcess, and the spread before them. Loaded by workers. */
import { settled } from './loop/promised.ts'

export const checkInstant = (operator: string, at: unknown): number => {
  if (typeof at === 'number' && Number.isFinite(at)) return at
  const got = typeof at === 'number' ? String(at) : typeof settled(at)
  throw new TypeError(`${operator}: at must answer milliseconds since the epoch, a finite number, and this is ${got}`)
}

/** Checks of plain arguments of channel/ and sync/: every refusal names the call, the argument and what would do. */
import { argumentError } from '../error/pipeline-error.ts'

/** The most permits of a semaphore, and the largest capacity: what a 32-bit word holds. */
export const MOST = 2 ** 31 - 1

/** A whole number from `least` to `most`. */
export const wholeNumber = (call: string, name: string, value: unknown, least: number, most = MOST): number => {
  const range = `a whole number from ${least} to ${most}`
  if (typeof value !== 'number') {
    throw argumentError('type', `${call}: ${name} must be a number`, `got ${typeof value}`, `give ${range}`)
  }
  if (!Number.isInteger(value) || value < least || value > most) {
    throw argumentError('range', `${call}: ${name} must be ${range}`, `got ${value}`, 'correct the argument')
  }
  return value
}

/** Checks of times that are given: every refusal names the call, the argument and what would do. Called by task/time/. */
import { argumentError } from '../../error/pipeline-error.ts'

const number = (call: string, name: string, value: unknown, want: string): number => {
  if (typeof value !== 'number') {
    throw argumentError('type', `${call}: ${name} must be a number`, `got ${value === null ? 'null' : typeof value}`, `give ${want}`)
  }
  if (Number.isNaN(value)) throw argumentError('range', `${call}: ${name} must be ${want}`, 'got NaN', 'correct the argument')
  return value
}

/** Milliseconds from 0 to Infinity; parts of one count. */
export const duration = (call: string, name: string, value: unknown): number => {
  const ms = number(call, name, value, 'milliseconds >= 0')
  if (ms < 0) throw argumentError('range', `${call}: ${name} must be milliseconds >= 0`, `got ${ms}`, 'correct the argument')
  return ms
}

/** A point in time, past or to come. */
export const instant = (call: string, name: string, value: unknown): number =>
  number(call, name, value, 'an instant: milliseconds on the clock of time.now()')

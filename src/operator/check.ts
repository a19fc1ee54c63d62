/** Checks of plain arguments, at declaration; every refusal names the operator, the argument and what would do. */
import { argumentError } from '../error/pipeline-error.ts'

/** A whole number of at least `least`. */
export const wholeNumber = (operator: string, name: string, value: unknown, least: number): number => {
  if (typeof value !== 'number') {
    throw argumentError('type', `${operator}: ${name} must be a number`, `got ${typeof value}`, `give a whole number >= ${least}`)
  }
  if (!Number.isSafeInteger(value) || value < least) {
    throw argumentError('range', `${operator}: ${name} must be a whole number >= ${least}`, `got ${value}`, 'correct the argument')
  }
  return value
}

/** A number of at least `least`, whole or not. */
export const numberFrom = (operator: string, name: string, value: unknown, least: number): number => {
  if (typeof value !== 'number' || Number.isNaN(value) || value < least) {
    throw argumentError('range', `${operator}: ${name} must be a number >= ${least}`, `got ${String(value)}`, 'correct the argument')
  }
  return value
}

/** One of the words of a list. */
export const oneOf = <W extends string>(operator: string, name: string, value: unknown, words: readonly W[]): W => {
  if (!words.includes(value as W)) {
    throw argumentError('range', `${operator}: ${name} must be one of ${words.join(', ')}`, `got ${String(value)}`, 'correct the argument')
  }
  return value as W
}

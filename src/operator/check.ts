/** Checks of plain arguments, at declaration; every refusal names the operator, the argument and what would do. */
import { knownOptions } from '../error/known-options.ts'
import { argumentError } from '../error/pipeline-error.ts'
import type { OnError, Retry } from '../graph/options.ts'
import { optionNames } from './option-names.ts'

const kindOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value)

/** A whole number of at least `least`. */
export const wholeNumber = (operator: string, name: string, value: unknown, least: number): number => {
  if (typeof value !== 'number') {
    throw argumentError(
      'type',
      `${operator}: ${name} must be a number`,
      `got ${kindOf(value)}`,
      `give a whole number >= ${least}`
    )
  }
  if (!Number.isSafeInteger(value) || value < least) {
    throw argumentError(
      'range',
      `${operator}: ${name} must be a whole number >= ${least}`,
      `got ${value}`,
      'correct the argument'
    )
  }
  return value
}

/** A number of at least `least`, whole or not. */
export const numberFrom = (operator: string, name: string, value: unknown, least: number): number => {
  if (typeof value !== 'number') {
    throw argumentError('type', `${operator}: ${name} must be a number`, `got ${kindOf(value)}`, `give a number >= ${least}`)
  }
  if (Number.isNaN(value) || value < least) {
    throw argumentError('range', `${operator}: ${name} must be a number >= ${least}`, `got ${value}`, 'correct the argument')
  }
  return value
}

/** The longest wait that a timer takes, in milliseconds: a longer one would fire at once. */
export const LONGEST_MS = 2 ** 31 - 1

/** A time in milliseconds that a timer can wait. */
export const milliseconds = (operator: string, name: string, value: unknown, least: number): number => {
  const ms = numberFrom(operator, name, value, least)
  if (ms > LONGEST_MS) {
    throw argumentError(
      'range',
      `${operator}: ${name} must be at most ${LONGEST_MS} (24 days)`,
      `got ${ms}`,
      'correct the argument'
    )
  }
  return ms
}

/** True or false, or nothing, which is false. */
export const flag = (operator: string, name: string, value: unknown): boolean => {
  if (value === undefined || typeof value === 'boolean') return value === true
  throw argumentError('type', `${operator}: ${name} must be true or false`, `got ${kindOf(value)}`, 'correct the argument')
}

/** One of the words of a list. */
export const oneOf = <W extends string>(operator: string, name: string, value: unknown, words: readonly W[]): W => {
  if (!words.includes(value as W)) {
    throw argumentError(
      'range',
      `${operator}: ${name} must be one of ${words.join(', ')}`,
      `got ${String(value)}`,
      'correct the argument'
    )
  }
  return value as W
}

/** A function. */
export const callable = (operator: string, name: string, value: unknown): void => {
  if (typeof value !== 'function') {
    throw argumentError(
      'type',
      `${operator}: ${name} must be a function`,
      `got ${kindOf(value)}`,
      'pass a function'
    )
  }
}

/**
 * A copy of a value that a stage begins with. Each run begins with a copy of its own, so that a function may change what it is
 * given; a value that a copy would not be equal to (an instance of a class, a function) is refused here.
 */
export const beginning = <S>(operator: string, name: string, value: S): S => {
  const remedy = `give a plain value, or use aggregate, whose create() makes one`
  let copy: S
  try {
    copy = structuredClone(value)
  } catch (cause) {
    throw argumentError(
      'type',
      `${operator}: ${name} must survive structured clone`,
      cause instanceof Error ? cause.message : 'it does not',
      remedy
    )
  }
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) !== Object.getPrototypeOf(copy)) {
    const made = (value as { constructor?: { name?: string } }).constructor?.name ?? 'no class'
    throw argumentError(
      'type',
      `${operator}: ${name} must survive structured clone`,
      `an object of ${made} would lose its class`,
      remedy
    )
  }
  return copy
}

/** Options: an object, with the names that the operator has (option-names.ts, or those given). */
export const optionsObject = (operator: string, options: unknown, names = optionNames(operator)): void => {
  if (typeof options !== 'object' || options === null) {
    throw argumentError(
      'type',
      `${operator}: options must be an object`,
      `got ${kindOf(options)}`,
      'pass an object, or leave it out where there are defaults'
    )
  }
  if (names !== undefined) knownOptions(operator, options, names)
}

/** The options of a stage: an object, whose name, if it has one, is a text. */
export const stageOptions = (operator: string, options: { readonly name?: unknown }, names = optionNames(operator)): void => {
  optionsObject(operator, options, names)
  const { name } = options
  if (name === undefined || (typeof name === 'string' && name !== '')) return
  throw argumentError(
    'type',
    `${operator}: name must be a text that is not empty`,
    `got ${name === '' ? 'an empty one' : kindOf(name)}`,
    'leave it out for the default'
  )
}

/** Sources, as the operators that combine them take them. */
export const sources = (operator: string, given: readonly unknown[], least: number, most = Infinity): void => {
  if (given.length < least || given.length > most) {
    const want = most === Infinity ? `at least ${least}` : `${least} to ${most}`
    throw argumentError('range', `${operator}: it takes ${want} sources`, `got ${given.length}`, 'correct the arguments')
  }
  given.forEach((source, i) => {
    if (typeof (source as { port?: { stage?: unknown } } | null | undefined)?.port?.stage === 'object') return
    throw argumentError(
      'type',
      `${operator}: argument ${i + 1} must be a Source`,
      `got ${kindOf(source)}`,
      'make one of it with from()'
    )
  })
}

export const AFTERWARDS = ['fail', 'skip', 'deadLetter', 'stop'] as const

/** A retry policy whose fields are all there and make sense. */
export const checkRetry = (operator: string, retry: Retry): Retry => {
  wholeNumber(operator, 'times', retry.times, 1)
  milliseconds(operator, 'initialMs', retry.initialMs, 0)
  numberFrom(operator, 'factor', retry.factor, 1)
  milliseconds(operator, 'maxMs', retry.maxMs, 0)
  if (numberFrom(operator, 'jitter', retry.jitter, 0) > 1) {
    throw argumentError(
      'range',
      `${operator}: jitter must be a number from 0 to 1`,
      `got ${retry.jitter}`,
      'give the part of each wait that is random'
    )
  }
  oneOf(operator, 'then', retry.then, AFTERWARDS)
  if (retry.decide !== undefined) callable(operator, 'decide', retry.decide)
  return retry
}

/** The policy for items that fail; default `'fail'`. */
export const policyOf = (operator: string, onError: OnError | undefined): OnError => {
  if (onError === undefined) return 'fail'
  if (typeof onError === 'object' && (onError as unknown) !== null) return checkRetry(`${operator}: onError`, onError)
  if (!AFTERWARDS.includes(onError as 'fail')) {
    throw argumentError(
      'range',
      `${operator}: onError must be one of ${AFTERWARDS.join(', ')}, or retry({ … })`,
      `got ${typeof onError === 'string' ? onError : kindOf(onError)}`,
      'correct the argument'
    )
  }
  return onError
}

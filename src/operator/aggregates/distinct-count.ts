/**
 * How many different values there are, exactly for a few and closely for many.
 *
 *     a--b--a--|  aggregate(distinctCount())  ---------2|        state a set, then 2^precision bytes        combine union
 */
import { argumentError } from '../../error/pipeline-error.ts'
import { own } from '../../prelude/own-string.ts'
import { optionsObject, wholeNumber } from '../check.ts'
import type { Aggregate } from '../combiner.ts'
import { refuseKey, type Key } from '../keyed/keys.ts'
import type { Args, Core } from './core.ts'
import { addKey, estimate, mergeRegisters } from './hyper-log-log.ts'
import { ready } from './ready.ts'

export interface DistinctCountOptions {
  /**
   * 2^precision bytes for many values; the standard error is 1.04 / sqrt(2^precision). A whole number from 4 to 18; default 14:
   * 16 KiB, 0.81 %.
   */
  readonly precision?: number | undefined
}

/** So many values are counted exactly. */
export const EXACT = 256

interface Distinct {
  /** The values themselves, while they are few. */
  few: Set<Key> | undefined
  registers: Uint8Array | undefined
}

const precisionOf = (args: Args): number => args['precision'] as number

const addTo = (state: Distinct, key: Key, args: Args): void => {
  if (state.few === undefined) addKey(state.registers!, precisionOf(args), key)
  else if (!state.few.has(key)) {
    state.few.add(own(key))
    if (state.few.size > EXACT) toRegisters(state, args)
  }
}

const toRegisters = (state: Distinct, args: Args): void => {
  const registers = new Uint8Array(2 ** precisionOf(args))
  for (const key of state.few!) addKey(registers, precisionOf(args), key)
  state.registers = registers
  state.few = undefined
}

export const distinctCountCore: Core<Distinct> = {
  name: 'distinctCount',
  create: () => ({ few: new Set(), registers: undefined }),
  check: (value) => refuseKey('distinctCount', value),
  add: (state, value, _, args) => {
    addTo(state, value as Key, args)
    return state
  },
  combine: (a, b, args) => {
    if (b.few !== undefined) for (const key of b.few) addTo(a, key, args)
    else {
      if (a.few !== undefined) toRegisters(a, args)
      mergeRegisters(a.registers!, b.registers!)
    }
    return a
  },
  finish: ({ few, registers }) => few?.size ?? estimate(registers!)
}

/**
 * How many different items there are, or different answers of `by`: exactly up to 256, beyond that an estimate whose standard error
 * is 0.81 % (see `precision`): two of three estimates are nearer to the truth than that, and 99 of 100 nearer than 2.1 %.
 *
 * **Cost**    a look-up in a set; beyond 256 a hash of the value
 * **Errors**  a value that is no key (an object, a function) is refused
 * **Memory**  256 values, then 2^precision bytes, whatever the number of items
 * **Source**  HyperLogLog, Flajolet and others 2007; estimate by Ertl 2017
 * @example
 * await from(['a', 'b', 'a']).pipe(aggregate(distinctCount())).toArray() // => [2]
 */
export function distinctCount<A extends Key>(): Aggregate<A, number>
export function distinctCount<A, E = unknown>(by: (item: A, env: E) => Key, options?: DistinctCountOptions): Aggregate<A, number, E>
export function distinctCount(by?: (item: never, env: never) => Key, options: DistinctCountOptions = {}): Aggregate<never, number, never> {
  optionsObject('distinctCount', options)
  const precision = wholeNumber('distinctCount', 'precision', options.precision ?? 14, 4)
  if (precision > 18) {
    throw argumentError('range', 'distinctCount: precision must be at most 18', `got ${precision}`, 'correct the argument')
  }
  return ready(distinctCountCore, { precision }, by)
}

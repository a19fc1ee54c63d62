/**
 * What the conformance specs (spec/operator/every-*.spec.ts) know of an operator: how to make it over numbers, and what it answers.
 *
 * Every function of an entry names nothing but its parameters, so that it travels to workers, and throws on the item 13 where the
 * entry says `throws`; 13 is in no other input.
 */
import type { Lane, Source } from '../../../src/index.ts'

export const BAD = 13

/** What is done with an item that a function throws on, besides ending the run. */
export type Policy = 'skip' | 'deadLetter'

/** Options that a case gives to the operator; each takes those that it has. */
export interface Given {
  readonly name: string
  /** For operators that travel. */
  readonly lane?: Lane | undefined
  /** For operators that call a function. */
  readonly onError?: Policy | undefined
}

export interface Entry {
  /** The operator behind a source of numbers, as one source. */
  readonly make: (source: Source<number>, given: Given) => Source<unknown>
  /** The naive model: what comes out for these items. */
  readonly model: (items: readonly number[]) => readonly unknown[]
  /** `'bag'`: in any order. A function: what is promised when the model depends on who is faster; throws. Default: equal, in order. */
  readonly compare?: 'bag' | ((out: readonly unknown[], items: readonly number[]) => void) | undefined
  /** It calls a function, which throws on {@link BAD}: the policies that it takes besides `'fail'`. */
  readonly throws?: readonly Policy[] | undefined
  /** Its failure has no position: the function sees more than one item. */
  readonly nowhere?: true | undefined
  /** With several workers a position is the place among the items of a partition of the keys. */
  readonly partitioned?: true | undefined
  /** Its function sees the newest item only: the one that it throws on comes last. */
  readonly newest?: true | undefined
  /** Says nothing before its input has ended: behind an endless one, `take` waits for ever. */
  readonly atEnd?: true | undefined
}

/** The entries of a module of the table. */
export type Entries = Readonly<Record<string, Entry>>

export const BOTH: readonly Policy[] = ['skip', 'deadLetter']
export const NONE: readonly Policy[] = []

/** Runs of `size` items of a list, each beginning `every` items after the one before. */
export const runsOf = <A>(items: readonly A[], size: number, every = size): readonly (readonly A[])[] => {
  const out: (readonly A[])[] = []
  for (let i = 0; i < items.length; i += every) out.push(items.slice(i, i + size))
  return out
}

export const sumOf = (items: readonly number[]): number => items.reduce((a, b) => a + b, 0)

/** One list per key, in the order in which the keys came. */
export const groupsOf = <K>(items: readonly number[], key: (n: number) => K): ReadonlyMap<K, readonly number[]> => {
  const groups = new Map<K, number[]>()
  for (const n of items) {
    const group = groups.get(key(n))
    if (group === undefined) groups.set(key(n), [n])
    else group.push(n)
  }
  return groups
}

/** What a fold has been after each item. */
export const scanned = <S>(items: readonly number[], fn: (state: S, n: number) => S, initial: S): readonly S[] => {
  let state = initial
  return items.map((n) => (state = fn(state, n)))
}

/** Says nothing, and ends when it is left. */
export const never: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => {
    let end: () => void = () => undefined
    return {
      next: () => new Promise((resolve) => { end = () => { resolve({ done: true, value: undefined }) } }),
      return: () => {
        end()
        return Promise.resolve({ done: true, value: undefined })
      }
    }
  }
}

/**
 * Hostile weather for kernels, in the manner of Jet's TestSupport: the same items all at once, one by one, and in odd pieces;
 * with pauses after every result; with the state copied by structured clone between any two batches and a new instance going
 * on with the copy. Whatever the weather, what leaves, what is refused and what was counted must be the same.
 */
import * as assert from 'uvu/assert'
import type { FunctionOptions } from '../../src/graph/options.ts'
import type { Flow, Source } from '../../src/graph/source.ts'
import { retry } from '../../src/operator/retry.ts'
import { runGraph, type DriveOptions, type Outcome } from './run-kernel.ts'

/** What is the same in any weather; a failure is told by where and what, not by the error's identity. */
const essence = ({ outs, letters, skipped, dropped, failure, counts, closed }: Outcome): unknown => {
  const tell = (refused: Outcome['failure']): unknown =>
    refused === undefined ? undefined : { ...refused, cause: refused.cause instanceof Error ? `${refused.cause.name}: ${refused.cause.message}` : refused.cause }
  return { outs, letters: letters.map(tell), skipped: skipped.map(tell), dropped, failure: tell(failure), counts, closed }
}

/** One batch each; an empty one when there are none, since only a run can say that no more is wanted. */
const one = <A>(items: readonly A[]): readonly (readonly A[])[] => (items.length === 0 ? [[]] : items.map((item) => [item]))

/** Pieces of 1, 2, 3 … items, with empty ones between. */
const odd = <A>(items: readonly A[]): readonly (readonly A[])[] => {
  const pieces: (readonly A[])[] = [[]]
  for (let at = 0, size = 1; at < items.length; at += size, size++) pieces.push(items.slice(at, at + size), [])
  return pieces
}

/** Runs a graph in all weathers, and answers the outcome, which was always the same. */
export const verifyGraph = async <A>(
  build: (source: Source<A>) => readonly Source<unknown>[],
  items: readonly A[],
  options: DriveOptions = {}
): Promise<Outcome> => {
  const fair = await runGraph(build, [items], options)
  const weathers: readonly (readonly [string, readonly (readonly A[])[], DriveOptions])[] = [
    ['one by one', one(items), {}],
    ['in odd pieces', odd(items), {}],
    ['with pauses everywhere', [items], { pauseAt: 1 }],
    ['one by one with pauses', one(items), { pauseAt: 1 }],
    ['moved after every item', one(items), { restore: true }],
    ['moved between odd pieces, with pauses', odd(items), { restore: true, pauseAt: 2 }]
  ]
  for (const [weather, batches, how] of weathers) {
    const outcome = await runGraph(build, batches, { ...options, ...how })
    assert.equal(essence(outcome), essence(fair), weather)
  }
  return fair
}

/** Runs one operator in all weathers, and answers what left it. */
export const verifyOperator = async <A, B>(flow: () => Flow<A, B>, items: readonly A[], options: DriveOptions = {}): Promise<Outcome> =>
  verifyGraph<A>((source) => [source.pipe(flow())], items, options)

/** Policies that every stage takes which can fail on an item. */
export interface PlainPolicy {
  readonly onError?: 'fail' | 'skip' | 'deadLetter' | undefined
}

/** An operator that fails on `bad`, and on nothing else, under every policy but retry. `good` is what leaves without that item. */
export const verifyPlainPolicies = async <A, B>(
  make: (options: PlainPolicy) => Flow<A, B>,
  items: readonly A[],
  bad: A,
  good: readonly unknown[]
): Promise<void> => {
  const index = items.indexOf(bad)
  const failed = await verifyOperator(() => make({}), items)
  assert.equal([failed.failure?.index, failed.failure?.item], [index, bad], 'fail: the position and the item')
  assert.instance(failed.failure?.cause, Error)

  const skipped = await verifyOperator(() => make({ onError: 'skip' }), items)
  assert.equal(skipped.outs[0], good, 'skip: the others')
  assert.equal([skipped.failure, skipped.letters.length, skipped.skipped.map((r) => r.index)], [undefined, 0, [index]])

  const dead = await verifyOperator(() => make({ onError: 'deadLetter' }), items)
  assert.equal(dead.outs[0], good, 'deadLetter: the others')
  assert.equal(dead.letters.map((r) => [r.index, r.item]), [[index, bad]])
}

/** The same for an operator whose function throws on `bad`; retries too. */
export const verifyPolicies = async <A, B>(
  make: (options: FunctionOptions) => Flow<A, B>,
  items: readonly A[],
  bad: A,
  good: readonly unknown[]
): Promise<void> => {
  await verifyPlainPolicies(make, items, bad, good)
  const index = items.indexOf(bad)
  const again = (then: 'fail' | 'skip' | 'deadLetter') => make({ onError: retry({ times: 2, initialMs: 1, jitter: 0, then }) })
  const gaveUp = await verifyOperator(() => again('fail'), items)
  assert.equal([gaveUp.failure?.index, gaveUp.waits], [index, [1, 2]], 'retry: two waits, then it fails')
  const went = await verifyOperator(() => again('skip'), items)
  assert.equal(went.outs[0], good, 'retry, then skip: the others')
  assert.is(went.skipped.length, 1)
  assert.is((await verifyOperator(() => again('deadLetter'), items)).letters.length, 1)
}

/** Declarations that are refused: each is called, and must throw a TypeError or RangeError with the code of arguments. */
export const verifyRefusals = (operator: string, calls: readonly (() => unknown)[]): void => {
  calls.forEach((call, i) => {
    let error: unknown
    try {
      call()
    } catch (thrown) {
      error = thrown
    }
    assert.ok(error instanceof TypeError || error instanceof RangeError, `call ${i} of ${operator} is refused, got ${String(error)}`)
    assert.is((error as { code?: unknown }).code, 'ERR_MILLRACE_ARGUMENT', `call ${i} of ${operator}: ${(error).message}`)
    assert.ok((error).message.startsWith(operator), (error).message)
  })
}

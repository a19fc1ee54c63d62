/**
 * Flows that need an environment, given later: `Reader` over `Flow`.
 *
 *     composeReader(a, b) : (env: R1 & R2) => Flow        provide(env): one that is given its environment, as a Flow
 *
 * Called by users. Only types come from fp-ts.
 */
import type { Reader } from 'fp-ts/lib/Reader.js'
import { argumentError } from '../../error/pipeline-error.ts'
import { compose } from '../../graph/flow.ts'
import type { CpuOptions } from '../../graph/options.ts'
import type { Flow } from '../../graph/source.ts'
import { callable } from '../../operator/check.ts'
import { filter } from '../../operator/filter.ts'
import { map } from '../../operator/map.ts'

/** A flow that needs an `R`: a function, so any that answers a flow will do. */
export type FlowReader<R, A, B> = Reader<R, Flow<A, B>>

/** `env` comes with the environment. */
export type ReaderOptions = Omit<CpuOptions, 'env'>

const plain = <R>(env: R): R => {
  if (env !== undefined) return env
  throw argumentError('type', 'provide: the environment must be a value', 'got undefined', 'give what the flow needs')
}

/**
 * `map` whose function is given the environment as its second argument; it travels to workers with the function.
 *
 * **Source**  fp-ts `Reader.asks`
 * @example
 * const scaled = mapReader((n: number, { by }: { by: number }) => n * by)
 * await range(0, 3).pipe(provide({ by: 10 })(scaled)).toArray() // => [0, 10, 20]
 */
export const mapReader = <A, R, B>(fn: (item: A, env: R) => B, options: ReaderOptions = {}): FlowReader<R, A, B> => {
  callable('mapReader', 'fn', fn)
  return (env) => map(fn, { ...options, env: plain(env) })
}

/**
 * `filter` whose predicate is given the environment as its second argument.
 *
 * @example
 * const above = filterReader((n: number, { least }: { least: number }) => n >= least)
 * await range(0, 5).pipe(provide({ least: 3 })(above)).toArray() // => [3, 4]
 */
export const filterReader = <A, R>(predicate: (item: A, env: R) => boolean, options: ReaderOptions = {}): FlowReader<R, A, A> => {
  callable('filterReader', 'predicate', predicate)
  return (env) => filter(predicate, { ...options, env: plain(env) })
}

/**
 * Several flows as one that needs what any of them needs. A flow that needs nothing is `() => flow`.
 *
 * @example
 * const flow = composeReader(
 *   filterReader((n: number, { least }: { least: number }) => n >= least),
 *   mapReader((n: number, { by }: { by: number }) => n * by)
 * )
 * await range(0, 5).pipe(provide({ least: 3, by: 10 })(flow)).toArray() // => [30, 40]
 */
export function composeReader<R1, R2, A, B, C>(a: FlowReader<R1, A, B>, b: FlowReader<R2, B, C>): FlowReader<R1 & R2, A, C>
export function composeReader<R1, R2, R3, A, B, C, D>(
  a: FlowReader<R1, A, B>, b: FlowReader<R2, B, C>, c: FlowReader<R3, C, D>
): FlowReader<R1 & R2 & R3, A, D>
export function composeReader<R1, R2, R3, R4, A, B, C, D, E>(
  a: FlowReader<R1, A, B>, b: FlowReader<R2, B, C>, c: FlowReader<R3, C, D>, d: FlowReader<R4, D, E>
): FlowReader<R1 & R2 & R3 & R4, A, E>
export function composeReader(...readers: readonly FlowReader<never, never, unknown>[]): FlowReader<never, never, unknown> {
  return (env) => {
    const [first, ...rest] = readers.map((reader) => reader(env)) as [Flow<never, unknown>, ...Flow<unknown, unknown>[]]
    return rest.reduce<Flow<never, unknown>>((all, flow) => compose(all, flow), first)
  }
}

/**
 * Gives a flow its environment.
 *
 * **Source**  Effect `provideService`, fp-ts `Reader.local`
 * @example
 * const greet = mapReader((name: string, { word }: { word: string }) => `${word} ${name}`)
 * await from(['Ada']).pipe(provide({ word: 'hello' })(greet)).toArray() // => ['hello Ada']
 */
export const provide =
  <R>(env: R) =>
  <A, B>(flow: FlowReader<R, A, B>): Flow<A, B> => {
    callable('provide', 'flow', flow)
    return flow(plain(env))
  }

/** Putting flows and sinks together before there is a source. */
import type { Flow, Sink, Source } from './source.ts'

/**
 * Several flows as one.
 *
 * @example
 * const clean = compose(map((s: string) => s.trim()), filter((s) => s !== ''))
 * lines.pipe(clean)
 */
export function compose<A, B>(a: Flow<A, B>): Flow<A, B>
export function compose<A, B, C>(a: Flow<A, B>, b: Flow<B, C>): Flow<A, C>
export function compose<A, B, C, D>(a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>): Flow<A, D>
export function compose<A, B, C, D, E>(a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>): Flow<A, E>
export function compose<A, B, C, D, E, F>(
  a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>
): Flow<A, F>
export function compose<A, B, C, D, E, F, G>(
  a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>
): Flow<A, G>
export function compose(...flows: readonly Flow<never, unknown>[]): Flow<unknown, unknown> {
  return { apply: (source) => flows.reduce<Source<unknown>>((s, flow) => flow.apply(s as Source<never>), source) }
}

/** A flow in front of a sink, as one sink. */
export const sinkThrough = <A, B, R>(flow: Flow<A, B>, sink: Sink<B, R>): Sink<A, R> => ({
  attach: (source) => sink.attach(flow.apply(source))
})

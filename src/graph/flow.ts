/** Putting flows and sinks together before there is a source. */
import { checkFlows, checkSink } from './parts.ts'
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
export function compose<A, B, C, D, E, F>(a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>): Flow<A, F>
export function compose<A, B, C, D, E, F, G>(
  a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>
): Flow<A, G>
export function compose<A, B, C, D, E, F, G, H>(
  a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>, g: Flow<G, H>
): Flow<A, H>
export function compose<A, B, C, D, E, F, G, H, I>(
  a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>, g: Flow<G, H>, h: Flow<H, I>
): Flow<A, I>
export function compose<A, B, C, D, E, F, G, H, I, J>(
  a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>, g: Flow<G, H>, h: Flow<H, I>,
  i: Flow<I, J>
): Flow<A, J>
export function compose<A, B, C, D, E, F, G, H, I, J, K>(
  a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>, g: Flow<G, H>, h: Flow<H, I>,
  i: Flow<I, J>, j: Flow<J, K>
): Flow<A, K>
export function compose<A, B, C, D, E, F, G, H, I, J, K, L>(
  a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>, g: Flow<G, H>, h: Flow<H, I>,
  i: Flow<I, J>, j: Flow<J, K>, k: Flow<K, L>
): Flow<A, L>
export function compose<A, B, C, D, E, F, G, H, I, J, K, L, M>(
  a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>, g: Flow<G, H>, h: Flow<H, I>,
  i: Flow<I, J>, j: Flow<J, K>, k: Flow<K, L>, l: Flow<L, M>
): Flow<A, M>
export function compose(...flows: readonly Flow<never, unknown>[]): Flow<unknown, unknown> {
  checkFlows('compose', flows)
  return { apply: (source) => flows.reduce<Source<unknown>>((s, flow) => flow.apply(s as Source<never>), source) }
}

/** A flow in front of a sink, as one sink. */
export const sinkThrough = <A, B, R>(flow: Flow<A, B>, sink: Sink<B, R>): Sink<A, R> => {
  checkFlows('sinkThrough', [flow])
  checkSink('sinkThrough', sink)
  return { attach: (source) => sink.attach(flow.apply(source)) }
}

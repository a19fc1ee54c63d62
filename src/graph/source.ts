/**
 * Source, Flow and Sink: the immutable values that a pipeline is made of.
 *
 * A source is a graph with one open outlet, a flow with one inlet and one outlet, a sink with one inlet. They are plain
 * wrappers around ports of stages; nothing runs until a pipeline of them is run.
 * The three live in one file because each one's type is written in terms of the others.
 */
import type { Observable } from 'rxjs'
import { checkFlows, checkSink } from './parts.ts'
import { theRunner, type RunOptions } from './runner.ts'
import { makeStage, type Port, type Stage } from './stage.ts'
import type { KernelSpec, ProcessSpec, SinkSpec, SourceSpec } from './spec.ts'
import { observeSpec, type ObserveOptions } from './observe.ts'

/**
 * A step from items of type `A` to items of type `B`: what operators make, and what a library of pipeline pieces exports.
 *
 * @example
 * const words: Flow<string, string> = flatMap((line: string) => line.split(' '))
 */
export interface Flow<A, B> {
  readonly apply: (source: Source<A>) => Source<B>
}

/**
 * An end for items of type `A` that answers with an `R` when the input has ended.
 */
export interface Sink<A, R> {
  readonly attach: (source: Source<A>) => Closed<R>
}

/**
 * A graph with nothing open: one output of a pipeline. `O` is what the output's observable emits.
 */
export interface Closed<out O> {
  /** Tells it from an open source, for the compiler and for `pipeline`. */
  readonly closed: true
  readonly port: Port
  /** Phantom: the type of the output's items. */
  readonly output?: O
}

/** One output of a pipeline whose items are observed: it has no result of its own. */
export interface Observed<out O> extends Closed<O> {
  /** Tells it from an output that a sink ends, for the compiler. */
  readonly observed: true
}

const closedBy = (stage: Stage): Closed<never> => ({ closed: true, port: { stage, outlet: 0 } })

/**
 * A stream of items that has been declared, not started. Immutable: every method makes a new value.
 * Using one source twice is fan-out: it runs once and every reader sees every item.
 */
export class Source<out A> implements AsyncIterable<A> {
  readonly port: Port

  constructor(port: Port) {
    this.port = port
    Object.freeze(this)
  }

  /**
   * The source followed by one or more flows.
   *
   * @example
   * range(0, 10).pipe(filter((n) => n % 2 === 0), map((n) => n * n))
   */
  pipe<B>(a: Flow<A, B>): Source<B>
  pipe<B, C>(a: Flow<A, B>, b: Flow<B, C>): Source<C>
  pipe<B, C, D>(a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>): Source<D>
  pipe<B, C, D, E>(a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>): Source<E>
  pipe<B, C, D, E, F>(a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>): Source<F>
  pipe<B, C, D, E, F, G>(a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>): Source<G>
  pipe<B, C, D, E, F, G, H>(
    a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>, g: Flow<G, H>
  ): Source<H>
  pipe<B, C, D, E, F, G, H, I>(
    a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>, g: Flow<G, H>, h: Flow<H, I>
  ): Source<I>
  pipe<B, C, D, E, F, G, H, I, J>(
    a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>, g: Flow<G, H>, h: Flow<H, I>,
    i: Flow<I, J>
  ): Source<J>
  pipe<B, C, D, E, F, G, H, I, J, K>(
    a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>, g: Flow<G, H>, h: Flow<H, I>,
    i: Flow<I, J>, j: Flow<J, K>
  ): Source<K>
  pipe<B, C, D, E, F, G, H, I, J, K, L>(
    a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>, g: Flow<G, H>, h: Flow<H, I>,
    i: Flow<I, J>, j: Flow<J, K>, k: Flow<K, L>
  ): Source<L>
  pipe<B, C, D, E, F, G, H, I, J, K, L, M>(
    a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>, g: Flow<G, H>, h: Flow<H, I>,
    i: Flow<I, J>, j: Flow<J, K>, k: Flow<K, L>, l: Flow<L, M>
  ): Source<M>
  pipe<B, C, D, E, F, G, H, I, J, K, L, M, N>(
    a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>, g: Flow<G, H>, h: Flow<H, I>,
    i: Flow<I, J>, j: Flow<J, K>, k: Flow<K, L>, l: Flow<L, M>, m: Flow<M, N>
  ): Source<N>
  pipe<B, C, D, E, F, G, H, I, J, K, L, M, N, O>(
    a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>, g: Flow<G, H>, h: Flow<H, I>,
    i: Flow<I, J>, j: Flow<J, K>, k: Flow<K, L>, l: Flow<L, M>, m: Flow<M, N>, n: Flow<N, O>
  ): Source<O>
  pipe<B, C, D, E, F, G, H, I, J, K, L, M, N, O, P>(
    a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>, g: Flow<G, H>, h: Flow<H, I>,
    i: Flow<I, J>, j: Flow<J, K>, k: Flow<K, L>, l: Flow<L, M>, m: Flow<M, N>, n: Flow<N, O>, o: Flow<O, P>
  ): Source<P>
  pipe<B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q>(
    a: Flow<A, B>, b: Flow<B, C>, c: Flow<C, D>, d: Flow<D, E>, e: Flow<E, F>, f: Flow<F, G>, g: Flow<G, H>, h: Flow<H, I>,
    i: Flow<I, J>, j: Flow<J, K>, k: Flow<K, L>, l: Flow<L, M>, m: Flow<M, N>, n: Flow<N, O>, o: Flow<O, P>, p: Flow<P, Q>
  ): Source<Q>
  pipe(...flows: readonly Flow<never, unknown>[]): Source<unknown> {
    checkFlows('pipe', flows)
    return flows.reduce<Source<unknown>>((source, flow) => flow.apply(source as Source<never>), this)
  }

  /** The source ended by a sink: one output of a pipeline. */
  to<R>(sink: Sink<A, R>): Closed<R> {
    checkSink('to', sink)
    return sink.attach(this)
  }

  /**
   * The source as an output that is observed: `run.outputs.NAME` emits its items.
   * Until someone subscribes, and while a subscriber is slow, items wait under the policy of `options`.
   */
  observe(options: ObserveOptions = {}): Observed<A> {
    return { ...closedBy(makeStage(observeSpec(options), [this.port], options.name)), observed: true }
  }

  /** Runs the source and collects its items. Memory: all of them. */
  toArray(options?: RunOptions): Promise<A[]> {
    return theRunner().toArray(this, options)
  }

  /** The source as a cold observable: each subscription is a run; unsubscribing cancels it. */
  toObservable(options?: RunOptions): Observable<A> {
    return theRunner().toObservable(this, options)
  }

  /** Runs the source, item by item, at the pace of the loop that reads; leaving the loop cancels the run. */
  [Symbol.asyncIterator](): AsyncIterableIterator<A> {
    return theRunner().iterate(this)
  }
}

export const sourceOf = <A>(spec: SourceSpec, name?: string): Source<A> =>
  new Source<A>({ stage: makeStage(spec, [], name), outlet: 0 })

/** A flow of one stage with one outlet. */
export const flowOf = <A, B>(spec: KernelSpec | ProcessSpec, name?: string): Flow<A, B> => ({
  apply: (source) => new Source<B>({ stage: makeStage(spec, [source.port], name), outlet: 0 })
})

export const sinkOf = <A, R>(spec: SinkSpec, name?: string): Sink<A, R> => ({
  attach: (source) => closedBy(makeStage(spec, [source.port], name))
})

/**
 * A flow as an RxJS operator, for programs that are RxJS already.
 */
import type { Observable, OperatorFunction } from 'rxjs'
import { observable } from '../../prelude/observable.ts'
import { fromObservable, type FromObservableOptions } from './from.ts'
import type { Flow } from '../../graph/source.ts'

/**
 * Makes an RxJS `OperatorFunction` of a flow: each subscription is a run whose source is the observable.
 * RxJS has no demand signal, so what arrives faster than the flow takes it is held under the policy of `options`.
 *
 * **Errors**  of the observable and of the run go to the subscriber
 * @example
 * of(1, 2, 3).pipe(through(map((n) => n * 2))).subscribe(console.log) // 2, 4, 6
 */
export const through =
  <A, B>(flow: Flow<A, B>, options: FromObservableOptions = {}): OperatorFunction<A, B> =>
  (input: Observable<A>) =>
    observable<B>((subscriber) => fromObservable(input, options).pipe(flow).toObservable().subscribe(subscriber))

/**
 * A flow as an RxJS operator, for programs that are RxJS already.
 */
import type { Observable, OperatorFunction } from 'rxjs'
import { pipeline } from '../../exec/pipeline.ts'
import type { Report } from '../../exec/report.ts'
import type { RunOptions } from '../../graph/runner.ts'
import type { Flow } from '../../graph/source.ts'
import { callable } from '../../operator/check.ts'
import { observable } from '../../prelude/observable.ts'
import { fromObservable, type FromObservableOptions } from './from.ts'

export interface ThroughOptions extends FromObservableOptions {
  /** For the run of each subscription. */
  readonly run?: RunOptions | undefined
  /** Called with the report of each run that has come to its end, before the subscriber is told of it: what was dropped is there. */
  readonly onReport?: ((report: Report) => void) | undefined
}

/**
 * Makes an RxJS `OperatorFunction` of a flow: each subscription is a run whose source is the observable.
 * RxJS has no demand signal, so what arrives faster than the flow takes it is held under the policy of `options`; what is lost is counted
 * in the report, under the name of the stage (`fromObservable`, if it is given none).
 *
 * **Errors**  of the observable and of the run go to the subscriber, and what `onReport` throws
 * @example
 * of(1, 2, 3).pipe(through(map((n) => n * 2))).subscribe(console.log) // 2, 4, 6
 */
export const through = <A, B>(flow: Flow<A, B>, options: ThroughOptions = {}): OperatorFunction<A, B> => {
  const { run: running, onReport, ...source } = options
  if (onReport !== undefined) callable('through', 'onReport', onReport)
  return (input: Observable<A>) =>
    observable<B>((subscriber) => {
      const run = pipeline({ out: fromObservable(input, source).pipe(flow).observe() }).run(running)
      const fail = (error: unknown): void => {
        subscriber.error(error)
      }
      const inner = run.outputs.out.subscribe({
        next: (item) => {
          subscriber.next(item)
        },
        error: fail
      })
      run.done
        .then((report) => {
          onReport?.(report)
          subscriber.complete()
        })
        .catch(fail)
      return () => {
        inner.unsubscribe()
        run.cancel(new Error('unsubscribed'))
      }
    })
}

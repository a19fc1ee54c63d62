/**
 * TaskEither at the ends and in the middle of a pipeline: nothing runs until the task is called, and a `Left` is no exception.
 *
 *     fromTaskEither(te)   ──▶  mapTaskEither(f): Right goes on, Left is a dead letter  ──▶  forEachTaskEither(f): Left ends the run
 *     toTaskEither(source), runTaskEither(pipeline): a run as a TaskEither of what it fails with
 *
 * Only types come from fp-ts.
 */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { PipelineError } from '../../error/pipeline-error.ts'
import type { StageOptions } from '../../graph/options.ts'
import { theRunner, type RunOptions } from '../../graph/runner.ts'
import { sourceOf, type Flow, type Sink, type Source } from '../../graph/source.ts'
import type { SourceCursor } from '../../graph/spec.ts'
import type { Pipeline } from '../../exec/pipeline.ts'
import type { Report } from '../../exec/report.ts'
import type { Outputs } from '../../exec/run.ts'
import type { CallContext } from '../../operator/waiting/calls.ts'
import { callable, stageOptions } from '../../operator/check.ts'
import { mapAsync, type MapAsyncOptions } from '../../operator/map-async.ts'
import { forEach, type ForEachCalls } from '../memory/for-each.ts'
import { STAGE } from '../option-names.ts'
import '../executor-later.ts'

/** The value, or the left one thrown: millrace's stages tell failures by that. */
const rightOf = async <E, A>(task: TaskEither<E, A>): Promise<A> => {
  const either = await task()
  if (either._tag === 'Right') return either.right
  throw either.left // it becomes the cause
}

const asTaskEither = <A>(run: () => Promise<A>): TaskEither<PipelineError, A> => () =>
  run().then(
    (right) => ({ _tag: 'Right' as const, right }),
    (error: unknown) => ({ _tag: 'Left' as const, left: PipelineError.from(error) })
  )

/**
 * A source of the one value of a TaskEither, which each run calls anew.
 *
 * **Errors**  `Left` ends the run, with the left value as cause
 * @example
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * await fromTaskEither(TE.right(7)).toArray() // => [7]
 */
export const fromTaskEither = <E, A>(task: TaskEither<E, A>, options: StageOptions = {}): Source<A> => {
  callable('fromTaskEither', 'task', task)
  stageOptions('fromTaskEither', options, STAGE)
  const open = (): SourceCursor => {
    let called = false
    return {
      pull: async () => {
        if (called) return undefined
        called = true
        return { items: [await rightOf(task)] }
      },
      close: () => undefined
    }
  }
  return sourceOf<A>({ role: 'source', kind: 'fromTaskEither', args: {}, open }, options.name)
}

/**
 * Applies a function that answers a TaskEither to every item, with at most `concurrency` of them under way. What is `Right` goes on; an
 * item whose answer is `Left`, or whose task rejects, is a dead letter with that as its cause, unless `onError` says otherwise.
 * Other options, order, cost and memory are those of `mapAsync`.
 *
 * **Source**  fp-ts `TaskEither.traverseArray`, and `mapEither`
 * @example
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * const half = (n: number) => (n % 2 === 0 ? TE.right(n / 2) : TE.left(`${n} is odd`))
 * await from([2, 3, 4]).pipe(mapTaskEither(half)).toArray() // => [1, 2]
 */
export const mapTaskEither = <A, E, B>(fn: (item: A, context: CallContext) => TaskEither<E, B>, options: MapAsyncOptions = {}): Flow<A, B> => {
  callable('mapTaskEither', 'fn', fn)
  return mapAsync((item: A, context) => rightOf(fn(item, context)), { onError: 'deadLetter', ...options })
}

/**
 * A sink that runs a TaskEither for every item, one after the other, or as many at a time and with the policy that the options say: those
 * of `forEach`. Answers how many items were done.
 *
 * **Errors**  `Left` ends the run, with ERR_MILLRACE_SINK_FAILED and the left value as cause; with the options of calls it is a failure that
 *             `onError` handles
 * **Source**  fp-ts `TaskEither.traverseSeqArray` and `traverseArray`
 * @example
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * const seen: number[] = []
 * const save = (n: number) => TE.fromIO<void, Error>(() => void seen.push(n))
 * await pipeline({ out: range(0, 3).to(forEachTaskEither(save)) }).run().done
 * seen // => [0, 1, 2]
 */
export function forEachTaskEither<A, E>(
  fn: (item: A, context: CallContext) => TaskEither<E, unknown>,
  options: ForEachCalls<NoInfer<A>>
): Sink<A, number>
export function forEachTaskEither<A, E>(fn: (item: A) => TaskEither<E, unknown>, options?: StageOptions): Sink<A, number>
export function forEachTaskEither<A, E>(
  fn: (item: A, context: CallContext) => TaskEither<E, unknown>,
  options: StageOptions | ForEachCalls<A> = {}
): Sink<A, number> {
  callable('forEachTaskEither', 'fn', fn)
  return forEach((item: A, context: CallContext) => rightOf(fn(item, context)), options as ForEachCalls<A>)
}

/**
 * A run of a source that collects its items, as a TaskEither. Memory: all of them.
 *
 * @example
 * await toTaskEither(range(0, 3))() // => { _tag: 'Right', right: [0, 1, 2] }
 */
export const toTaskEither = <A>(source: Source<A>, options?: RunOptions): TaskEither<PipelineError, readonly A[]> =>
  asTaskEither(() => theRunner().toArray(source, options))

/**
 * A run of a pipeline as a TaskEither: each call is a run, and answers its report.
 *
 * @example
 * const task = runTaskEither(pipeline({ out: range(0, 3).to(toArray()) }))
 * const answer = await task()
 * answer._tag // => 'Right'
 */
export const runTaskEither = <O extends Outputs>(pipeline: Pipeline<O>, options?: RunOptions): TaskEither<PipelineError, Report<O>> =>
  asTaskEither(async () => pipeline.run(options).done)

/**
 * `for await` over a source: a sink that hands over one batch at a time and waits until the loop has used it up.
 *
 * Leaving the loop cancels the run and waits until it has stopped. Called by pipeline.ts.
 */
import type { Source } from '../graph/source.ts'
import { sinkOf } from '../graph/source.ts'
import type { Run } from './run.ts'
import { tied } from './tied.ts'

type StartRun = (closed: ReturnType<Source<unknown>['to']>) => Run<{ out: ReturnType<Source<unknown>['to']> }>

export const iterateWith = <A>(source: Source<A>, start: StartRun): AsyncIterableIterator<A> => {
  let batch: readonly A[] = []
  let at = 0
  let used: (() => void) | undefined
  let arrived: (() => void) | undefined
  let over = false
  let run: ReturnType<StartRun> | undefined
  let failure: { readonly error: unknown } | undefined
  const sink = sinkOf<A, undefined>({
    role: 'sink',
    kind: 'iterate',
    args: {},
    accepts: 'items',
    open: () => ({
      write: (items) =>
        new Promise<void>((resolve) => {
          batch = items as readonly A[]
          at = 0
          used = resolve
          arrived?.()
        }),
      finish: () => undefined,
      abort: () => {
        used?.()
      }
    })
  })
  const begin = (): void => {
    run = start(source.to(sink))
    tied(run).then(
      () => undefined,
      (error: unknown) => {
        failure = { error }
      }
    ).finally(() => {
      over = true
      arrived?.()
    })
  }
  const next = async (): Promise<IteratorResult<A>> => {
    if (run === undefined && !over) begin()
    for (;;) {
      if (failure !== undefined) {
        const { error } = failure
        failure = undefined
        batch = []
        throw error
      }
      if (at < batch.length) return { done: false, value: batch[at++]! }
      used?.()
      used = undefined
      if (over) return { done: true, value: undefined }
      await new Promise<void>((resolve) => {
        arrived = resolve
      })
      arrived = undefined
    }
  }
  const stop = async (): Promise<void> => {
    over = true
    batch = []
    if (run === undefined) return
    run.cancel(new Error('the loop was left'))
    used?.()
    await run.done.catch(() => undefined)
    failure = undefined
  }
  // Calls of next() that overlap are answered in their order.
  let last: Promise<unknown> = Promise.resolve()
  return {
    next: () => {
      const answer = last.then(next, next)
      last = answer
      return answer
    },
    return: async (value?: unknown) => {
      await stop()
      return { done: true, value: value as A }
    },
    [Symbol.asyncIterator]() {
      return this
    }
  }
}

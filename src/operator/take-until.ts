/**
 * Emits items until a signal is aborted, or another source has an item; then ends.
 *
 *     in    a--b--c--d--|
 *     stop  -------x        takeUntil(stop)    out  a--b--|
 *     lane async            state none
 */
import type { StageOptions } from '../graph/options.ts'
import { Source, type Flow } from '../graph/source.ts'
import type { ProcessSpec } from '../graph/spec.ts'
import { makeStage } from '../graph/stage.ts'
import { argumentError } from '../error/pipeline-error.ts'
import { atHand } from './waiting/at-hand.ts'
import { sources, stageOptions } from './check.ts'
import { Feed } from './waiting/feed.ts'
import { passesAll, processSpec } from './process.ts'

const run = (stop: AbortSignal | undefined): ProcessSpec['run'] =>
  atHand(async ({ context: { signal, inlets, outlets }, bell }) => {
    const feed = new Feed(inlets[0]!, bell)
    const other = inlets[1] === undefined ? undefined : new Feed(inlets[1], bell)
    const ring = (): void => { bell.ring() }
    stop?.addEventListener('abort', ring)
    try {
      for (;;) {
        signal.throwIfAborted()
        if (stop?.aborted === true || other?.want() === true) return
        if (feed.want()) {
          if (!(await outlets[0]!.push(feed.take(Infinity)))) return
        } else if (feed.over) return
        else await bell.next()
      }
    } finally {
      stop?.removeEventListener('abort', ring)
      inlets[1]?.close()
    }
  })

/**
 * Emits the items of the input until `stop` says so: a signal that is aborted, or a source that has its first item. Then it ends,
 * and what only feeds it is stopped; the run goes on to its end as if the input had ended. A source that ends without an item stops
 * nothing. With a signal that is aborted already nothing is emitted.
 *
 * **Order**   kept
 * **Cost**    one look per batch; the items cross to the event loop
 * **Errors**  when `stop` is a source that fails, the run fails
 * **Memory**  none
 * **Source**  RxJS `takeUntil`; Effect `interruptWhen`
 * @example
 * await range(0, 1e9).pipe(takeUntil(AbortSignal.abort())).toArray() // => []
 */
export const takeUntil = <A>(stop: AbortSignal | Source<unknown>, options: StageOptions = {}): Flow<A, A> => {
  stageOptions('takeUntil', options)
  if (stop instanceof AbortSignal) {
    const spec = passesAll(processSpec('takeUntil', run(stop), options, { stop: 'signal' }))
    return { apply: (source) => new Source<A>({ stage: makeStage(spec, [source.port], options.name), outlet: 0 }) }
  }
  if (typeof (stop as { port?: unknown } | null | undefined)?.port !== 'object') {
    const got = stop === null ? 'null' : typeof stop
    throw argumentError('type', 'takeUntil: stop must be an AbortSignal or a Source', `got ${got}`, 'pass one of them')
  }
  sources('takeUntil', [stop], 1, 1)
  const spec = passesAll(processSpec('takeUntil', run(undefined), options, { stop: 'source' }))
  return { apply: (source) => new Source<A>({ stage: makeStage(spec, [source.port, stop.port], options.name), outlet: 0 }) }
}

/**
 * The one place where the graph looks up to its executor, without importing it.
 *
 * `source.toArray()` has to run a pipeline, but running is exec/'s business and imports go down only. So exec/ hands its
 * entry points in here when it is loaded (every door that makes sources loads it), and the graph's methods call them.
 */
import type { Observable } from 'rxjs'
import type { Source } from './source.ts'

/** How to run things, for the methods of {@link Source} that run. */
export interface RunOptions {
  /** Cancels the run; `run.done` rejects with its reason as cause. */
  readonly signal?: AbortSignal | undefined
  /** Threads of the blocking lane; 0 keeps everything on the caller's loop. Default: `os.availableParallelism()`. */
  readonly workers?: number | undefined
}

export interface Runner {
  toArray<A>(source: Source<A>, options?: RunOptions): Promise<A[]>
  iterate<A>(source: Source<A>, options?: RunOptions): AsyncIterableIterator<A>
  toObservable<A>(source: Source<A>, options?: RunOptions): Observable<A>
}

let bound: Runner | undefined

export const bindRunner = (runner: Runner): void => {
  bound = runner
}

export const theRunner = (): Runner => {
  if (bound === undefined) throw new Error('millrace: no executor is loaded; import from "millrace" or one of its subpaths')
  return bound
}

/**
 * The one place where the graph looks up to its executor, without importing it.
 *
 * `source.toArray()` has to run a pipeline, but running is exec/'s business and imports go down only. So exec/ hands its
 * entry points in here when it is loaded (every door that makes sources loads it, or says how it is loaded when it is needed: modules
 * that workers load should not bring rxjs), and the graph's methods call them.
 */
import type { Observable } from 'rxjs'
import type { OptionNames } from '../error/known-options.ts'
import type { Context } from '../prelude/context.ts'
import type { Source } from './source.ts'
import type { Around } from './spec.ts'

/** How to run things, for the methods of {@link Source} that run. */
export interface RunOptions {
  /** Cancels the run; `run.done` rejects with its reason as cause. */
  readonly signal?: AbortSignal | undefined
  /** Threads of the blocking lane; 0 keeps everything on the caller's loop. Default: `os.availableParallelism()`. */
  readonly workers?: number | undefined
  /**
   * How long an item may wait for company on its way to a worker thread and back, in milliseconds; a number from 0 to 60 000. More
   * makes frames larger where items are rare, less makes them smaller. Default 1.
   */
  readonly maxLatencyMs?: number | undefined
  /**
   * Values by name that go with the run to wherever its functions are called, workers too: `currentContext()` tells them there. Plain data,
   * copied when the run starts.
   */
  readonly context?: Context | undefined
}

export const RUN_OPTIONS: OptionNames<RunOptions> = { signal: 1, workers: 1, maxLatencyMs: 1, context: 1 }

export interface Runner {
  toArray<A>(source: Source<A>, options?: RunOptions): Promise<A[]>
  /** `around`: the run is one inside a stage of another. */
  iterate<A>(source: Source<A>, options?: RunOptions, around?: Around): AsyncIterableIterator<A>
  toObservable<A>(source: Source<A>, options?: RunOptions): Observable<A>
}

let bound: Runner | undefined

export const bindRunner = (runner: Runner): void => {
  bound = runner
}

let loading: (() => Promise<unknown>) | undefined

/** How the executor is loaded when something has to be run, for doors that do without it until then. */
export const bindLater = (load: () => Promise<unknown>): void => {
  loading = load
}

const loaded = async (): Promise<Runner> => {
  await loading?.()
  return bound!
}

const later: Runner = {
  toArray: async (source, options) => (await loaded()).toArray(source, options),
  iterate: async function* (source, options, around) {
    yield* (await loaded()).iterate(source, options, around)
  },
  toObservable: () => {
    throw new Error('millrace: toObservable needs the executor at once, and it is not loaded yet. Import "millrace" in this program, which loads it')
  }
}

export const theRunner = (): Runner => {
  if (bound !== undefined) return bound
  if (loading === undefined) throw new Error('millrace: no executor is loaded; import from "millrace" or one of its subpaths')
  return later
}

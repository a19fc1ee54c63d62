/**
 * Which runtime the code that asks runs in: a property of the asynchronous context.
 *
 * Read by crew.ts, so that pipelines that are started in a runtime run on its threads; set and read by runtime.ts.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Crew } from './crew.ts'

/** A runtime, as far as the context knows it. */
export interface Place {
  /** Its threads; made when they are first asked for. `undefined` when it has none for pipelines. */
  readonly crew: Crew | undefined
  /** How many threads pipelines have. */
  readonly workers: number
  readonly runtime: object
}

const current = new AsyncLocalStorage<Place | undefined>()
/** Nobody has entered one: the storage is not asked, since its first use makes every promise of the process dearer. */
let entered = false

export const currentPlace = (): Place | undefined => (entered ? current.getStore() : undefined)

export const currentCrew = (): Crew | undefined => currentPlace()?.crew

/** Runs `body`, and whatever it starts, in a runtime; or, with `undefined`, in none. */
export const within = <A>(place: Place | undefined, body: () => A): A => {
  if (place === undefined && !entered) return body()
  entered = true
  return current.run(place, body)
}

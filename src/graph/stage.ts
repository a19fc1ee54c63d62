/**
 * A stage in a graph: a spec, a name, a place in the user's program, and the outlets it reads from.
 *
 * Stages are immutable and compared by identity: a stage that several others read from is fan-out.
 * Called by: source.ts, flow.ts, sink.ts, combine operators; read by plan/.
 */
import { captureSite, type Site } from './site.ts'
import type { Spec } from './spec.ts'

export interface Stage {
  /** Creation order in this process; gives plans a stable order. */
  readonly id: number
  readonly spec: Spec
  /** The given name, or the kind; plans number the ones that are not unique. */
  readonly name: string
  readonly named: boolean
  readonly site: Site
  readonly inputs: readonly Port[]
}

/** One outlet of a stage. */
export interface Port {
  readonly stage: Stage
  readonly outlet: number
}

let made = 0

export const makeStage = (spec: Spec, inputs: readonly Port[], name?: string): Stage =>
  Object.freeze({ id: made++, spec, name: name ?? spec.kind, named: name !== undefined, site: captureSite(), inputs: Object.freeze([...inputs]) })

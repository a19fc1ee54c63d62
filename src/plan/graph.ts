/**
 * The planner's working form of a graph: nodes in topological order, with what each pass has found out about them.
 *
 * Passes take nodes and answer nodes; nothing is changed in place. Called by plan.ts; made by collect.ts.
 */
import { mayStop, type Lane } from '../graph/options.ts'
import type { Spec } from '../graph/spec.ts'
import type { Stage } from '../graph/stage.ts'
import type { FnRef } from '../ship/address.ts'
import type { CodecRef } from '../ship/describe.ts'

/** Where a node reads from: an outlet of another node. */
export interface Input {
  readonly node: number
  readonly outlet: number
}

/** How a kernel's functions reach a worker. */
export interface Shipment {
  readonly fns: Readonly<Record<string, FnRef>>
  readonly codec: CodecRef | undefined
}

/**
 * Which nodes may share a task.
 * `loop`: the caller's event loop. `parallel`: blocking lane, any worker, any batch. `serial`: blocking lane, one place.
 */
export type Affinity = 'loop' | 'parallel' | 'serial'

export interface PlanNode {
  /** Index in the list of nodes; inputs come before their readers. */
  readonly id: number
  readonly stage: Stage
  readonly spec: Spec
  readonly name: string
  /** Of a part of a stage: the name of the stage, which its errors and dead letters have. */
  readonly declared?: string
  readonly inputs: readonly Input[]
  /** Filled by the lane pass. */
  readonly lane?: Lane
  readonly why?: string
  readonly affinity?: Affinity
  readonly shipment?: Shipment | undefined
}

/** Whether a failure may end the stage's input, as its policy or the function beside it says. */
export const nodeMayStop = ({ spec }: Pick<PlanNode, 'spec'>): boolean =>
  spec.role === 'kernel' && mayStop(spec.onError, 'decide' in spec.fns)

/**
 * Lanes: sync is CPU and goes to the blocking lane, async is I/O and stays on the event loop; whether a stage's functions
 * can travel is found out here, and a stage that cannot travel says why.
 */
import { functionStays } from '../error/wording-run.ts'
import { DEAD_LETTERS } from '../graph/letters.ts'
import type { KernelSpec } from '../graph/spec.ts'
import type { Affinity, PlanNode, Shipment } from './graph.ts'
import { describeCodec, describeFn, type NotPortable } from '../ship/describe.ts'

type Decision = Pick<PlanNode, 'lane' | 'why' | 'affinity' | 'shipment'>

const onLoop = (why: string): Decision => ({ lane: 'async', why, affinity: 'loop', shipment: undefined })

/** Descriptions of everything the kernel needs, or the first thing that cannot travel. */
const ship = (spec: KernelSpec): Shipment | NotPortable => {
  const fns: Record<string, Shipment['fns'][string]> = {}
  for (const [name, fn] of Object.entries(spec.fns)) {
    const described = describeFn(fn, spec.env === undefined ? {} : { env: spec.env })
    if (described._tag === 'Left') return described.left
    fns[name] = described.right
  }
  if (spec.codec === undefined) return { fns, codec: undefined }
  const codec = describeCodec(spec.codec)
  return codec._tag === 'Left' ? codec.left : { fns, codec: codec.right }
}

const isShipment = (found: Shipment | NotPortable): found is Shipment => 'fns' in found

const affinityOf = (spec: KernelSpec): Affinity => (spec.parallelism === 'serial' ? 'serial' : 'parallel')

/** Nodes whose items are dead letters. */
const ofLetters = (nodes: readonly PlanNode[]): ReadonlySet<number> => {
  const found = new Set<number>()
  for (const { id, spec, inputs } of nodes) if (spec.kind === DEAD_LETTERS || inputs.some((input) => found.has(input.node))) found.add(id)
  return found
}

/** Parts that workers have made are combined on one, if the functions for that travel; others where they are. */
const combining = (node: PlanNode & { readonly spec: KernelSpec }, parts: PlanNode): Decision => {
  const shipment = parts.lane === 'blocking' ? ship(node.spec) : undefined
  if (shipment !== undefined && isShipment(shipment)) return { lane: 'blocking', why: 'combines what workers have gathered', affinity: 'serial', shipment }
  return onLoop(shipment === undefined ? 'combines what is gathered here' : `what combines cannot travel to a worker: ${shipment.reason}`)
}

const decide = (node: PlanNode, before: readonly PlanNode[], workers: number, letters: boolean): Decision => {
  const { spec } = node
  switch (spec.role) {
    case 'source':
      return spec.splits === undefined
        ? onLoop('a source that is pulled by the event loop')
        : { lane: workers === 0 ? 'async' : 'blocking', why: 'independent splits that workers read themselves', affinity: workers === 0 ? 'loop' : 'parallel', shipment: undefined }
    case 'process':
      return onLoop('asynchronous: it waits, it does not compute')
    case 'sink':
      return onLoop('a sink is written by the event loop')
    case 'kernel': {
      if (spec.kind.endsWith('.merge')) return onLoop('makes the answer, once')
      if (spec.kind.endsWith('.combine')) return combining({ ...node, spec }, before[node.inputs[0]!.node]!)
      if (spec.lane === 'async') return onLoop("declared with lane: 'async'")
      if (workers === 0) return onLoop('the run has no workers')
      if (letters && spec.lane === undefined) return onLoop('dead letters are few, and their causes are errors, which stay whole here')
      const shipment = ship(spec)
      if (isShipment(shipment)) {
        const why = spec.lane === 'blocking' ? "declared with lane: 'blocking'" : 'synchronous: it computes'
        return { lane: 'blocking', why, affinity: affinityOf(spec), shipment }
      }
      if (spec.lane === 'blocking') throw functionStays(node.name, node.stage.site.text(), shipment.reason, shipment.remedy)
      return onLoop(`it cannot travel to a worker: ${shipment.reason}`)
    }
  }
}

export const chooseLanes = (nodes: readonly PlanNode[], workers: number): readonly PlanNode[] => {
  const letters = ofLetters(nodes)
  const decided: PlanNode[] = [] // inputs come first
  for (const node of nodes) decided.push({ ...node, ...decide(node, decided, workers, letters.has(node.id)) })
  return decided
}

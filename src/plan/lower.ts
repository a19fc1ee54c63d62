/**
 * Lowering: composite stages become primitive ones. Today that is the aggregations, each split into a combiner beside
 * the items and a merge behind the channel, so that what crosses threads is one state per worker, not every item. One that a failure
 * may stop combines in one place: the parts of several workers would end at different items.
 */
import { nodeMayStop, type PlanNode } from './graph.ts'

export const lower = (nodes: readonly PlanNode[]): readonly PlanNode[] => {
  const out: PlanNode[] = []
  const place: number[] = [] // of the node that answers for an old node's outlets
  for (const node of nodes) {
    const inputs = node.inputs.map(({ node: from, outlet }) => ({ node: place[from]!, outlet }))
    const halves = node.spec.role === 'kernel' ? node.spec.halves : undefined
    if (halves === undefined) {
      place.push(out.length)
      out.push({ ...node, id: out.length, inputs })
      continue
    }
    const partial = out.length
    const combiner = nodeMayStop({ spec: halves.partial }) ? { ...halves.partial, parallelism: 'serial' as const } : halves.partial
    out.push({ ...node, id: partial, spec: combiner, name: `${node.name}.partial`, declared: node.name, inputs })
    out.push({ ...node, id: partial + 1, spec: halves.merge, name: node.name, inputs: [{ node: partial, outlet: 0 }] })
    place.push(partial + 1)
  }
  return out
}

/**
 * Lowering: composite stages become primitive ones. Today that is the aggregations, each split into a combiner beside
 * the items and a merge behind the channel, so that what crosses threads is one state per worker, not every item. Parts that may be many
 * have a kernel between these, which a worker combines them in. One that a failure may stop combines in one place: the parts of several
 * workers would end at different items.
 */
import type { KernelSpec } from '../graph/spec.ts'
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
    const stops = nodeMayStop({ spec: halves.partial })
    const behind = (spec: KernelSpec, name: string): void => {
      out.push({ ...node, id: out.length, spec, name, declared: node.name, inputs: [{ node: out.length - 1, outlet: 0 }] })
    }
    const combiner = stops ? { ...halves.partial, parallelism: 'serial' as const } : halves.partial
    out.push({ ...node, id: out.length, spec: combiner, name: `${node.name}.partial`, declared: node.name, inputs })
    if (halves.combine !== undefined && !stops) behind(halves.combine, `${node.name}.combine`)
    behind(halves.merge, node.name)
    place.push(out.length - 1)
  }
  return out
}

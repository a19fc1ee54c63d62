/**
 * Stages with a state per key run side by side: one copy per worker, each the owner of its share of the keys.
 *
 *     … ──▶ stage ──▶ …      becomes      … ──▶ stage.spread ─┬▶ stage ─┬▶ stage.gather ──▶ …
 *                                                             └▶ stage ─┘
 *
 * Only where there is more than one worker and the stage runs there, and not where a failure may stop it: copies would stop at different items. The copies have one name, and one row in the report.
 * Called by plan.ts, after the lanes are known.
 */
import { nodeMayStop, type PlanNode } from './graph.ts'
import { chooseLanes } from './lane.ts'

export const partition = (nodes: readonly PlanNode[], workers: number): readonly PlanNode[] => {
  const out: PlanNode[] = []
  const place: number[] = [] // of the node that answers for an old node's outlets
  const add = (node: Omit<PlanNode, 'id'>): number => out.push({ ...node, id: out.length }) - 1
  for (const node of nodes) {
    const inputs = node.inputs.map(({ node: from, outlet }) => ({ node: place[from]!, outlet }))
    const keyed = node.spec.role === 'kernel' ? node.spec.keyed : undefined
    if (keyed === undefined || workers < 2 || node.affinity !== 'serial' || nodeMayStop(node)) {
      place.push(add({ ...node, inputs }))
      continue
    }
    const { stage, name } = node
    const spread = add({ stage, name: `${name}.spread`, declared: name, spec: { ...keyed.spread, outlets: workers }, inputs })
    const copies = Array.from({ length: workers }, (_, outlet) => add({ ...node, inputs: [{ node: spread, outlet }] }))
    place.push(add({ stage, name: `${name}.gather`, spec: keyed.gather, inputs: copies.map((copy) => ({ node: copy, outlet: 0 })) }))
  }
  return out.length === nodes.length ? nodes : chooseLanes(out, workers)
}

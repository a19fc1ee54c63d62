/**
 * Stages with a state per key run side by side: one copy per worker, each the owner of its share of the keys.
 *
 *     … ──▶ stage ──▶ …      becomes      … ──▶ stage.spread ─┬▶ stage ─┬▶ stage.gather ──▶ …
 *                                                             └▶ stage ─┘
 *
 * Only where there is more than one worker and the stage runs there, and not where a failure may stop it: copies would stop at different
 * items. The copies have one name, and one row in the report. A stage with several outlets has a gather for each that somebody reads.
 * Called by plan.ts, after the lanes are known.
 */
import { nodeMayStop, type Input, type PlanNode } from './graph.ts'
import { chooseLanes } from './lane.ts'

/** What stands for an outlet of an old node. */
type Place = (outlet: number) => Input

export const partition = (nodes: readonly PlanNode[], workers: number): readonly PlanNode[] => {
  const out: PlanNode[] = []
  const places: Place[] = []
  const add = (node: Omit<PlanNode, 'id'>): number => out.push({ ...node, id: out.length }) - 1

  /** Made for its first reader. */
  const gathering = ({ stage, name, spec }: PlanNode, gather: PlanNode['spec'], copies: readonly number[]): Place => {
    const made: number[] = []
    const called = spec.role === 'kernel' && spec.outlets > 1
    return (outlet) => {
      made[outlet] ??= add({
        stage, name: `${name}.gather${called ? `.${outlet}` : ''}`, spec: gather, inputs: copies.map((node) => ({ node, outlet }))
      })
      return { node: made[outlet], outlet: 0 }
    }
  }

  for (const node of nodes) {
    const inputs = node.inputs.map(({ node: from, outlet }) => places[from]!(outlet))
    const keyed = node.spec.role === 'kernel' ? node.spec.keyed : undefined
    if (keyed === undefined || workers < 2 || node.affinity !== 'serial' || nodeMayStop(node)) {
      const id = add({ ...node, inputs })
      places.push((outlet) => ({ node: id, outlet }))
      continue
    }
    const spread = add({
      stage: node.stage, name: `${node.name}.spread`, declared: node.name, spec: { ...keyed.spread, outlets: workers }, inputs
    })
    const spec = keyed.copy ?? node.spec
    const copies = Array.from({ length: workers }, (_, outlet) => add({ ...node, spec, inputs: [{ node: spread, outlet }] }))
    places.push(gathering(node, keyed.gather, copies))
  }
  return out.length === nodes.length ? nodes : chooseLanes(out, workers)
}

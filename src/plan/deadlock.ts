/**
 * Refuses graphs that would wait for themselves: `concat` reads its inputs one after the other, and `joinTable` its table before its
 * stream, so two of them that share a source would leave that source waiting for a reader whose turn never comes.
 */
import { graphInvalid } from '../error/wording-run.ts'
import type { PlanNode } from './graph.ts'
import { reached } from './reached.ts'

/** Stages that read one input to its end before they look at another. */
const ONE_AFTER_ANOTHER: ReadonlySet<string> = new Set(['concat', 'joinTable'])

const ancestors = (nodes: readonly PlanNode[], start: number): ReadonlySet<number> =>
  reached(start, (id) => nodes[id]!.inputs.map((input) => input.node))

export const checkDeadlock = (nodes: readonly PlanNode[]): void => {
  for (const node of nodes) {
    if (!ONE_AFTER_ANOTHER.has(node.spec.kind)) continue
    const seen = new Set<number>()
    for (const input of node.inputs) {
      for (const id of ancestors(nodes, input.node)) {
        if (seen.has(id)) throw graphInvalid(node.name, node.stage.site.text(), `two inputs of ${node.spec.kind} share stage '${nodes[id]!.name}', which would wait for a reader whose turn never comes`, 'declare the source once for each input')
      }
      for (const id of ancestors(nodes, input.node)) seen.add(id)
    }
  }
}

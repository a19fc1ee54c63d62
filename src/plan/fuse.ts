/**
 * Fusion: neighbours with the same affinity become one task, so that no channel lies between them.
 *
 * A group is a source or the first kernel behind a channel, and every kernel that can be reached from it through kernels
 * of the same affinity. Processes and sinks are groups of their own. A source that the event loop pulls joins the first
 * kernels behind it: the task pulls, and its batches are run where the kernels are.
 */
import type { Affinity, PlanNode } from './graph.ts'

export interface Group {
  readonly id: number
  /** Node ids, inputs first. */
  readonly members: readonly number[]
  readonly affinity: Affinity
}

/** The affinity of the task that a source heads: that of the kernels behind it, the parallel ones first. */
const headAffinity = (source: PlanNode, nodes: readonly PlanNode[]): Affinity => {
  if (source.affinity === 'parallel') return 'parallel'
  const readers = nodes.filter((node) => node.spec.role === 'kernel' && node.inputs.some((input) => input.node === source.id))
  if (readers.some((node) => node.affinity === 'parallel')) return 'parallel'
  return readers.length > 0 && readers.every((node) => node.affinity === 'serial') ? 'serial' : 'loop'
}

export const fuse = (nodes: readonly PlanNode[]): readonly Group[] => {
  const groups: { members: number[]; affinity: Affinity; open: boolean }[] = []
  const groupOf: number[] = []
  for (const node of nodes) {
    const upstream = node.inputs.length === 1 ? groups[groupOf[node.inputs[0]!.node]!] : undefined
    if (node.spec.role === 'kernel' && upstream !== undefined && upstream.open && upstream.affinity === node.affinity) {
      groupOf.push(groupOf[node.inputs[0]!.node]!)
      upstream.members.push(node.id)
      continue
    }
    groupOf.push(groups.length)
    const affinity = node.spec.role === 'source' ? headAffinity(node, nodes) : (node.affinity ?? 'loop')
    groups.push({ members: [node.id], affinity, open: node.spec.role === 'source' || node.spec.role === 'kernel' })
  }
  return groups.map(({ members, affinity }, id) => ({ id, members, affinity }))
}

/**
 * Fusion: neighbours with the same affinity become one task, so that no channel lies between them.
 *
 * A group is a source or the first kernel behind a channel, and every kernel that can be reached from it through kernels
 * of the same affinity. Processes and sinks are groups of their own. A source that the event loop pulls joins the first
 * kernels behind it: the task pulls, and its batches are run where the kernels are.
 *
 * Where a failure may stop a stage of a parallel task, the morsels behind the one in which it does have to count as not run. So that
 * nothing else of them is wanted, ways part behind such a stage only, and no parts of an answer are gathered in its task.
 */
import { nodeMayStop, type Affinity, type PlanNode } from './graph.ts'

/**
 * Stages of one task, at most: the loop of a task is one function, which V8 takes longer to compile, per stage, the more there are, and
 * does not compile at all where thousands of loops are nested. A channel more between so many stages costs nothing beside them.
 */
const MOST_FUSED = 64

export interface Group {
  readonly id: number
  /** Node ids, inputs first. */
  readonly members: readonly number[]
  readonly affinity: Affinity
}

/** The affinity of the task that a source heads: that of the kernels behind it, the parallel ones first. */
const headAffinity = (source: PlanNode, nodes: readonly PlanNode[], single: boolean): Affinity => {
  if (source.affinity === 'parallel') return 'parallel'
  const reads = ({ inputs }: PlanNode): boolean => inputs.some((input) => input.node === source.id)
  const alone = (node: PlanNode): boolean => !single && node.affinity === 'parallel' && nodeMayStop(node)
  const readers = nodes.filter((node) => node.spec.role === 'kernel' && reads(node) && !alone(node))
  if (readers.some((node) => node.affinity === 'parallel')) return 'parallel'
  return readers.length > 0 && readers.every((node) => node.affinity === 'serial') ? 'serial' : 'loop'
}

/** A task in the making. */
interface Growing {
  readonly members: number[]
  readonly affinity: Affinity
  readonly open: boolean
  /** A failure may stop one of its stages. */
  stops: boolean
}

/** Whether a kernel may join the task of what it reads. */
const joins = (node: PlanNode, group: Growing, single: (id: number) => boolean): boolean => {
  if (!group.open || group.affinity !== node.affinity || group.members.length >= MOST_FUSED) return false
  if (node.affinity !== 'parallel' || node.spec.role !== 'kernel') return true
  if (group.stops && node.spec.parallelism === 'partial') return false
  return !nodeMayStop(node) || group.members.every(single)
}

export const fuse = (nodes: readonly PlanNode[]): readonly Group[] => {
  const groups: Growing[] = []
  const groupOf: number[] = []
  const readers = nodes.map(() => 0)
  for (const { inputs } of nodes) for (const { node } of inputs) readers[node]!++
  const single = (id: number): boolean => readers[id]! <= 1
  for (const node of nodes) {
    const upstream = node.inputs.length === 1 ? groups[groupOf[node.inputs[0]!.node]!] : undefined
    if (node.spec.role === 'kernel' && upstream !== undefined && joins(node, upstream, single)) {
      groupOf.push(groupOf[node.inputs[0]!.node]!)
      upstream.members.push(node.id)
      upstream.stops ||= nodeMayStop(node)
      continue
    }
    groupOf.push(groups.length)
    const affinity = node.spec.role === 'source' ? headAffinity(node, nodes, single(node.id)) : (node.affinity ?? 'loop')
    groups.push({ members: [node.id], affinity, open: node.spec.role === 'source' || node.spec.role === 'kernel', stops: nodeMayStop(node) })
  }
  return groups.map(({ members, affinity }, id) => ({ id, members, affinity }))
}

/**
 * The plan of a pipeline, and the list of passes that makes it. Pure: a plan is a value; nothing is started, opened or read.
 *
 *   collect ─ lower ─ lanes (and shippability) ─ partition ─ fuse ─ connect ─ columns ─ place
 *
 * `plan/` never sees a thread. Called by exec/; shown by explain.ts.
 */
import type { Lane } from '../graph/options.ts'
import type { KernelSpec, Spec } from '../graph/spec.ts'
import type { Port } from '../graph/stage.ts'
import { collect } from './collect.ts'
import { knownColumns, type Columns, type KnownColumns } from './columns.ts'
import { connect, type ChannelPlan, type Connections } from './connect.ts'
import { checkDeadlock } from './deadlock.ts'
import { fuse, type Group } from './fuse.ts'
import type { Affinity, PlanNode, Shipment } from './graph.ts'
import { chooseLanes } from './lane.ts'
import { checkLoops } from './loops.ts'
import { lower } from './lower.ts'
import { partition } from './partition.ts'
import { programOf } from './place.ts'
import type { Program } from './program.ts'
import { unboundedStages, type UnboundedStage } from './unbounded.ts'
import { isRemoteOnly } from '../ship/from-module.ts'

export interface PlanOptions {
  /** Threads of the blocking lane; 0 keeps everything on the caller's loop. */
  readonly workers: number
  /** Items per channel. */
  readonly capacity: number
  /** Leaves out fields that nobody reads, where items cross threads. Default true; for specs. */
  readonly project?: boolean | undefined
}

/** A stage as planned. */
export interface PlannedStage {
  readonly name: string
  /** The name that the user knows: that of the stage which this one is a part of. */
  readonly declared: string
  readonly kind: string
  readonly site: string | undefined
  readonly lane: Lane
  readonly why: string
  readonly spec: Spec
  readonly shipment: Shipment | undefined
}

/** A fused chain of stages that runs as one unit. */
export interface TaskPlan {
  readonly id: number
  readonly affinity: Affinity
  readonly lane: Lane
  /** How many copies may run side by side. */
  readonly parallelism: number
  /** Where it begins: `'caller'` moves to the pool once it has used a few milliseconds of CPU; `'pool'` starts there. */
  readonly start: 'caller' | 'pool'
  readonly stages: readonly PlannedStage[]
  /** The source that heads the task, an index into `stages`. */
  readonly head: PlannedStage | undefined
  /** The fused kernels; `nodes[k]` is `kernels[k]`. Absent for processes and sinks. */
  readonly program: Program | undefined
  readonly kernels: readonly PlannedStage[]
  /** The stage that its items come from. */
  readonly from: string
  /** What is known of the items that a chain of kernels reads, apart from splits. */
  readonly input: Columns | undefined
  /** Channels that it reads, by inlet. */
  readonly inlets: readonly number[]
  /** Channels that it writes, by outlet; several: broadcast. */
  readonly outlets: readonly (readonly number[])[]
}

export interface Plan {
  readonly tasks: readonly TaskPlan[]
  readonly channels: readonly ChannelPlan[]
  /** Output name -> the task of its sink. */
  readonly outputs: Readonly<Record<string, number>>
  readonly workers: number
  /** Stages that could not travel, for the process warning. */
  readonly stays: readonly { readonly stage: string; readonly why: string }[]
  /** Stages that remember more and more, one each, however many copies there are of it. */
  readonly unbounded: readonly UnboundedStage[]
}

/** A function that the main thread does not have: it cannot begin on the caller's loop. */
const needsWorker = ({ fns, codec }: KernelSpec): boolean =>
  Object.values(fns).some((fn) => isRemoteOnly(fn)) || (codec !== undefined && isRemoteOnly(codec))

const planned = (node: PlanNode): PlannedStage => ({
  name: node.name,
  declared: node.declared ?? node.name,
  kind: node.spec.kind,
  get site() { return node.stage.site.text() }, // a stack becomes text when it is told, which in most runs it is not
  lane: node.lane ?? 'async',
  why: node.why ?? '',
  spec: node.spec,
  shipment: node.shipment
})

/** The channel with the fields that its frames have: those that the writer's outlet leaves in, or what the reader's task is sent. */
const crossing = (channel: ChannelPlan, tasks: readonly TaskPlan[]): ChannelPlan => {
  const [from, to] = [tasks[channel.from.task]!, tasks[channel.to.task]!]
  const columns = from.lane === 'blocking' ? from.program?.outlets[channel.from.outlet]?.columns : to.input
  return channel.text || columns?.fields === undefined ? channel : { ...channel, fields: columns.fields }
}

/** What is known of what leaves each outlet of a group. */
const outletColumns = (
  nodes: readonly PlanNode[], group: Group, outletOf: Connections['outletOf'], known: KnownColumns
): readonly (Columns | undefined)[] => {
  const columns: (Columns | undefined)[] = []
  const isOutside = (reader: PlanNode): boolean => reader.spec.role !== 'kernel' || !group.members.includes(reader.id)
  for (const id of group.members) {
    const { spec } = nodes[id]!
    const outlets = spec.role === 'kernel' ? spec.outlets : spec.role === 'source' ? 1 : 0
    for (let outlet = 0; outlet < outlets; outlet++) {
      const at = outletOf(id, outlet, false)
      if (at !== undefined) columns[at] = known.leaving(id, outlet, isOutside)
    }
  }
  return columns
}

/** What is known of the items that a group's first kernels read. */
const inputColumns = (nodes: readonly PlanNode[], { members }: Group, known: KnownColumns): Columns | undefined => {
  const first = nodes[members[0]!]!
  if (first.spec.role === 'source') return known.leaving(first.id, 0, () => true)
  if (first.spec.role !== 'kernel') return undefined
  const { node, outlet } = first.inputs[0]!
  return known.leaving(node, outlet, (reader) => reader.id === first.id)
}

/** Plans a closed graph, given by its named outputs. Throws a PipelineError when the graph cannot run. */
export const plan = (outputs: Readonly<Record<string, Port>>, { workers, capacity, project = true }: PlanOptions): Plan => {
  const nodes = partition(chooseLanes(lower(collect(Object.values(outputs))), workers), workers)
  checkDeadlock(nodes)
  checkLoops(nodes)
  const groups = fuse(nodes)
  const { channels, inlets, outlets, outletOf } = connect(nodes, groups, capacity)
  const known = knownColumns(nodes, project)
  const tasks = groups.map((group): TaskPlan => {
    const members = group.members.map((id) => nodes[id]!)
    const stages = members.map(planned)
    const kernels = members.filter((node) => node.spec.role === 'kernel')
    const first = members[0]!
    const isChain = first.spec.role === 'source' || first.spec.role === 'kernel'
    const blocking = group.affinity !== 'loop'
    const columns = outletColumns(nodes, group, outletOf, known)
    const program = isChain ? programOf(nodes, group, channels, outletOf) : undefined
    const forced = kernels.some((node) => node.spec.role === 'kernel' && (node.spec.lane === 'blocking' || needsWorker(node.spec)))
    return {
      id: group.id,
      affinity: group.affinity,
      lane: blocking ? 'blocking' : 'async',
      parallelism: group.affinity === 'parallel' ? workers : 1,
      start: blocking && forced ? 'pool' : 'caller',
      stages,
      head: first.spec.role === 'source' ? stages[0] : undefined,
      program: program && { ...program, outlets: program.outlets.map((outlet, o) => (columns[o] === undefined ? outlet : { ...outlet, columns: columns[o] })) },
      from: first.inputs.length === 0 ? first.name : nodes[first.inputs[0]!.node]!.name,
      input: blocking && isChain ? inputColumns(nodes, group, known) : undefined,
      kernels: kernels.map(planned),
      inlets: inlets[group.id]!,
      outlets: outlets[group.id]!
    }
  })
  const taskOf = (port: Port): number => {
    const node = nodes.findLast((n) => n.stage === port.stage)!
    return groups.find((group) => group.members.includes(node.id))!.id
  }
  return {
    tasks,
    channels: channels.map((channel) => crossing(channel, tasks)),
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, port]) => [name, taskOf(port)])),
    workers,
    stays: nodes.filter((node) => node.why?.startsWith('it cannot travel')).map((node) => ({ stage: node.name, why: node.why! })),
    unbounded: unboundedStages(nodes)
  }
}

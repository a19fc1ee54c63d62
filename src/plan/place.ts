/**
 * From a group of fused nodes to the program that a thread compiles: numbers instead of references, plain data only.
 */
import type { ChannelPlan, Connections } from './connect.ts'
import type { Group } from './fuse.ts'
import type { PlanNode } from './graph.ts'
import type { Program, ProgramNode, ProgramOutlet, Target } from './program.ts'

const outletRead = (readers: readonly ChannelPlan[]): ProgramOutlet => ({
  text: readers.some(({ text }) => text),
  ...(readers.length > 0 && readers.every(({ patient }) => patient === true) ? { patient: true } : {})
})

export const programOf = (
  nodes: readonly PlanNode[],
  group: Group,
  channels: readonly ChannelPlan[],
  outletOf: Connections['outletOf']
): Program => {
  const members = group.members.map((id) => nodes[id]!)
  const kernels = members.filter((node) => node.spec.role === 'kernel')
  const index = new Map(kernels.map((node, k) => [node.id, k]))
  const targetsOf = (node: number, outlet: number): readonly Target[] => {
    const inside = kernels
      .filter((reader) => reader.inputs[0]!.node === node && reader.inputs[0]!.outlet === outlet)
      .map((reader): Target => ({ node: index.get(reader.id)! }))
    const outside = [false, true]
      .map((text) => outletOf(node, outlet, text))
      .filter((o) => o !== undefined)
      .map((o): Target => ({ outlet: o }))
    return [...inside, ...outside]
  }
  const programNode = (node: PlanNode): ProgramNode => {
    if (node.spec.role !== 'kernel') throw new Error('millrace: only kernels are fused')
    const { kind, args, fns, env, codec, onError, outlets } = node.spec
    return {
      kind,
      stage: node.name,
      get site() { return node.stage.site.text() },
      args,
      fns: Object.keys(fns),
      hasEnv: env !== undefined,
      hasCodec: codec !== undefined,
      onError,
      targets: Array.from({ length: outlets }, (_, outlet) => targetsOf(node.id, outlet))
    }
  }
  const own = channels.filter((channel) => channel.from.task === group.id)
  const outlets = own.reduce((n, channel) => Math.max(n, channel.from.outlet + 1), 0)
  const first = members[0]!
  return {
    nodes: kernels.map(programNode),
    roots: first.spec.role === 'source' ? targetsOf(first.id, 0) : [{ node: 0 }],
    outlets: Array.from({ length: outlets }, (_, outlet) => outletRead(own.filter((c) => c.from.outlet === outlet)))
  }
}

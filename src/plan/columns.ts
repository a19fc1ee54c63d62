/**
 * What is known of the items on a channel before there are any: which of their fields are read, and what codec they have passed.
 *
 *   from(rows) ──▶ distinct('id') ──▶ pick('host', 'bytes') ──▶ sink
 *              id, host, bytes     host, bytes              all
 *
 * Found out from declared facts alone (`reads` and `passes` of a spec), never from what a function looks like: a stage that calls a
 * user's function, a sink, and an operator that says nothing read everything. So does a stage that sets items aside, because
 * a dead letter shows the item as it was; that is why `decode` reads everything, whatever its codec keeps.
 * Leaving out what nobody reads must not be seen. Only the encoders do it (frame/project.ts): on one loop items stay what they are.
 * Pure; called by plan.ts.
 */
import type { OnError } from '../graph/options.ts'
import { describeCodec } from '../ship/describe.ts'
import type { Shape } from '../ship/shape.ts'
import type { PlanNode } from './graph.ts'

/** What an encoder is told; plain data. */
export interface Columns {
  /** The only fields that are read downstream; absent: all may be. */
  readonly fields?: readonly string[] | undefined
  /** The description of the codec that the items have passed. */
  readonly codec?: Shape | undefined
  /** The only fields of these that the items still have. */
  readonly only?: readonly string[] | undefined
}

/** Fields that are read; `'all'` when that is not known. */
type Demand = ReadonlySet<string> | 'all'

const NOTHING: Demand = new Set()

const both = (a: Demand, b: Demand): Demand => (a === 'all' || b === 'all' ? 'all' : new Set([...a, ...b]))

const setsAside = (policy: OnError): boolean => policy === 'deadLetter' || (typeof policy === 'object' && policy.then === 'deadLetter')

/** The stages that read an outlet of a node. */
const readersOf = (nodes: readonly PlanNode[], id: number, outlet: number): readonly PlanNode[] =>
  nodes.filter((node) => node.inputs.some((input) => input.node === id && input.outlet === outlet))

/** What each node reads of its items, for itself and for those behind it. */
const demands = (nodes: readonly PlanNode[]): readonly Demand[] => {
  const of: Demand[] = []
  for (const { id, spec } of [...nodes].reverse()) { // readers come first
    if (spec.role === 'source' || spec.role === 'sink' || spec.reads === undefined || setsAside(spec.onError)) of[id] = 'all'
    else {
      const below = spec.passes === 'items' ? nodes.flatMap((reader) => (reader.inputs.some(({ node }) => node === id) ? [of[reader.id]!] : [])) : []
      of[id] = [new Set(spec.reads), ...below].reduce(both, NOTHING)
    }
  }
  return of
}

/** The codec that items leaving a node have passed, and which of its fields they still have. */
const passed = (nodes: readonly PlanNode[], id: number): Pick<Columns, 'codec' | 'only'> => {
  const { spec, inputs } = nodes[id]!
  if (spec.role === 'kernel' && spec.codec !== undefined) {
    const described = describeCodec(spec.codec)
    return described._tag === 'Right' && 'shape' in described.right ? { codec: described.right.shape } : {}
  }
  if ((spec.role !== 'kernel' && spec.role !== 'process') || spec.passes === undefined || inputs.length !== 1) return {}
  const before = passed(nodes, inputs[0]!.node)
  if (before.codec === undefined || spec.passes === 'items') return before
  return { codec: before.codec, only: (spec.reads ?? []).filter((key) => before.only?.includes(key) !== false) }
}

/** The fields that items leaving a node have at most, where a stage has left out the others. */
const left = (nodes: readonly PlanNode[], id: number): readonly string[] | undefined => {
  const { spec, inputs } = nodes[id]!
  if (spec.role !== 'kernel' && spec.role !== 'process') return undefined
  if (spec.passes === 'fields') return spec.reads
  return spec.passes === 'items' && inputs.length === 1 ? left(nodes, inputs[0]!.node) : undefined
}

export interface KnownColumns {
  /** Of what leaves an outlet of a node for the readers that `towards` holds for. */
  leaving(node: number, outlet: number, towards: (reader: PlanNode) => boolean): Columns | undefined
}

export const knownColumns = (nodes: readonly PlanNode[], project: boolean): KnownColumns => {
  const of = demands(nodes)
  return {
    leaving: (node, outlet, towards) => {
      const demand = readersOf(nodes, node, outlet).filter(towards).map((reader) => of[reader.id]!).reduce(both, NOTHING)
      const there = left(nodes, node)
      const isLess = project && demand !== 'all' && !(there?.every((key) => demand.has(key)) ?? false)
      const { codec, only } = passed(nodes, node)
      if (!isLess && codec === undefined) return undefined
      return { fields: isLess ? [...demand] : undefined, codec, only }
    }
  }
}

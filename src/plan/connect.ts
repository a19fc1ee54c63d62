/**
 * Channels: every edge that is left between two tasks gets a bounded one; several readers of one outlet make it a
 * broadcast, which waits for its slowest reader.
 */
import type { Group } from './fuse.ts'
import type { PlanNode } from './graph.ts'

/** Items that a channel holds before its sender waits, unless the pipeline says otherwise. */
export const CHANNEL_ITEMS = 4096
/** Bytes of frames that a channel holds before its sender waits. */
export const CHANNEL_BYTES = 4 * 1024 * 1024

/**
 * Behind a `buffer`, whose capacity is the user's, and behind stages whose answer depends on what their reader does meanwhile: one
 * batch at a time, or the channel would be a second buffer behind them.
 */
const HANDED_OVER = 1
const HAND_OVER: ReadonlySet<string> = new Set(['balance', 'buffer', 'conflate', 'debounce', 'expand', 'sample'])

export interface ChannelPlan {
  readonly id: number
  readonly from: { readonly task: number; readonly outlet: number; readonly stage: string }
  readonly to: { readonly task: number; readonly inlet: number; readonly stage: string }
  readonly kind: 'mpsc' | 'broadcast'
  /** Bound in items. */
  readonly capacity: number
  /** Bound in bytes, for frames. */
  readonly bytes: number
  /** Both ends on the event loop, or one on the pool (then items cross in frames of shared memory). */
  readonly crossing: 'loop' | 'frames'
  /** The reader wants joined lines. */
  readonly text: boolean
  /** It is a text sink that shows nothing before the run is over. */
  readonly patient?: boolean | undefined
  /** The only fields of an item that cross, in frames. Absent: all. */
  readonly fields?: readonly string[] | undefined
}

export interface Connections {
  readonly channels: readonly ChannelPlan[]
  /** Channel ids by group, by inlet. */
  readonly inlets: readonly (readonly number[])[]
  /** Channel ids by group, by outlet. */
  readonly outlets: readonly (readonly (readonly number[])[])[]
  /** The outlet of a group that serves an outlet of a node. Items and text leave by outlets of their own. */
  readonly outletOf: (node: number, outlet: number, text: boolean) => number | undefined
}

const wantsText = (reader: PlanNode, writer: PlanNode): boolean =>
  reader.spec.role === 'sink' && reader.spec.accepts === 'text' && writer.spec.role === 'kernel'

/** Whether nobody sees what the reader makes of lines before it has all of them: it replaces a file. */
const isPatient = (reader: PlanNode): boolean => reader.spec.role === 'sink' && reader.spec.replaces !== undefined

export const connect = (nodes: readonly PlanNode[], groups: readonly Group[], capacity: number): Connections => {
  const groupOf = new Map(groups.flatMap((group) => group.members.map((id) => [id, group.id] as const)))
  const outletIds = groups.map(() => new Map<string, number>())
  const key = (node: number, outlet: number, text: boolean): string => `${node}.${outlet}${text ? '.text' : ''}`
  const edges = nodes.flatMap((reader) =>
    reader.inputs.flatMap((input, inlet) => {
      const from = groupOf.get(input.node)!
      const to = groupOf.get(reader.id)!
      if (from === to && reader.spec.role === 'kernel') return []
      const writer = nodes[input.node]!
      const text = wantsText(reader, writer)
      const known = outletIds[from]!
      const name = key(input.node, input.outlet, text)
      if (writer.spec.role !== 'kernel' && writer.spec.role !== 'source') known.set(name, input.outlet)
      else if (!known.has(name)) known.set(name, known.size)
      return [{ from, to, outlet: known.get(name)!, inlet, writer, reader, text }]
    })
  )
  const readers = (from: number, outlet: number): number => edges.filter((e) => e.from === from && e.outlet === outlet).length
  const channels = edges.map((e, id): ChannelPlan => {
    const crossing = groups[e.from]!.affinity !== 'loop' || groups[e.to]!.affinity !== 'loop' ? 'frames' : 'loop'
    return {
      id,
      from: { task: e.from, outlet: e.outlet, stage: e.writer.name },
      to: { task: e.to, inlet: e.inlet, stage: e.reader.name },
      kind: readers(e.from, e.outlet) > 1 ? 'broadcast' : 'mpsc',
      capacity: HAND_OVER.has(e.writer.spec.kind) ? HANDED_OVER : capacity,
      bytes: CHANNEL_BYTES,
      crossing,
      text: e.text,
      ...(e.text && isPatient(e.reader) ? { patient: true } : {})
    }
  })
  const inlets = groups.map((group) => channels.filter((c) => c.to.task === group.id).sort((a, b) => a.to.inlet - b.to.inlet).map((c) => c.id))
  const outlets = groups.map((group) => {
    const own = channels.filter((c) => c.from.task === group.id)
    const count = own.reduce((n, c) => Math.max(n, c.from.outlet + 1), 0)
    return Array.from({ length: count }, (_, outlet) => own.filter((c) => c.from.outlet === outlet).map((c) => c.id))
  })
  return {
    channels,
    inlets,
    outlets,
    outletOf: (node, outlet, text) => outletIds[groupOf.get(node)!]!.get(key(node, outlet, text))
  }
}

/**
 * A plan for people: as text, as plain data, and as a Mermaid graph.
 *
 * Says per task where it runs and why, what was fused, how many copies; per channel its kind and bound; at its end what has none. Called by exec/.
 */
import { mayStop } from '../graph/options.ts'
import type { ChannelPlan } from './connect.ts'
import { loopsOf } from './loops.ts'
import type { Plan, PlannedStage, TaskPlan } from './plan.ts'
import type { UnboundedStage } from './unbounded.ts'

export interface ExplainedStage {
  readonly name: string
  readonly kind: string
  readonly lane: string
  readonly why: string
  readonly site: string | undefined
  /** What it remembers and how that is bounded, where it says so. */
  readonly holds: string | undefined
  /** An item that fails may end it, as its `onError` says. */
  readonly stops: boolean
}

export interface ExplainedTask {
  readonly id: number
  readonly lane: string
  /** Copies that may run side by side. */
  readonly parallelism: number
  /** Where it begins: `caller` moves to the pool when it has used a few milliseconds of CPU. */
  readonly start: string
  /** The only fields of its source's items that are sent to workers; absent: all, or workers read for themselves. */
  readonly fields?: readonly string[] | undefined
  /** The stages fused into the task, in order. */
  readonly stages: readonly ExplainedStage[]
  /** Channels read and written. */
  readonly reads: readonly number[]
  readonly writes: readonly number[]
}

/** The edge of a loop that leads back; no channel: nothing waits for room in it. */
export interface ExplainedBackEdge {
  readonly from: { readonly task: number; readonly stage: string }
  readonly to: { readonly task: number; readonly stage: string }
  /** Bound in items. */
  readonly capacity: number
}

/** What `pipeline.explain()` answers. */
export interface Explanation {
  readonly workers: number
  readonly tasks: readonly ExplainedTask[]
  readonly channels: readonly ChannelPlan[]
  /** One for each loop. */
  readonly backEdges: readonly ExplainedBackEdge[]
  readonly outputs: Readonly<Record<string, number>>
  /** Stages whose state has no bound, where each was declared, and the options that would bound it. */
  readonly warnings: readonly UnboundedStage[]
  /** The plan as a tree of text. */
  toString(): string
  /** The plan as a Mermaid flowchart. */
  toMermaid(): string
}

const holdsOf = ({ spec }: PlannedStage): string | undefined => ('holds' in spec ? spec.holds : undefined)

const stopsOf = ({ spec }: PlannedStage): boolean =>
  (spec.role === 'kernel' && mayStop(spec.onError, 'decide' in spec.fns)) || (spec.role === 'process' && mayStop(spec.onError))

const stageOf = (stage: PlannedStage): ExplainedStage => {
  const { name, kind, lane, why, site } = stage
  return { name, kind, lane, why, site, holds: holdsOf(stage), stops: stopsOf(stage) }
}

/** The fields of what a source on the loop sends to the workers. */
const sent = ({ head, input }: TaskPlan): readonly string[] | undefined =>
  head?.spec.role === 'source' && head.spec.splits === undefined ? input?.fields : undefined

const taskOf = (task: TaskPlan): ExplainedTask => ({
  id: task.id,
  lane: task.lane,
  parallelism: task.parallelism,
  start: task.lane === 'async' ? 'caller' : task.start,
  ...(sent(task) === undefined ? {} : { fields: sent(task) }),
  stages: task.stages.map(stageOf),
  reads: task.inlets,
  writes: task.outlets.flat()
})

const backEdgesOf = (plan: Plan): readonly ExplainedBackEdge[] =>
  loopsOf(plan).map(({ entry, exit, capacity }) => {
    const end = (task: number): ExplainedBackEdge['from'] => ({ task, stage: plan.tasks[task]!.stages[0]!.name })
    return { from: end(exit), to: end(entry), capacity }
  })

const place = (task: TaskPlan): string => {
  if (task.lane === 'async') return "async lane: the caller's loop"
  const copies = task.affinity === 'serial' ? 'one worker, in order' : `${task.parallelism} workers, morsel by morsel`
  return task.start === 'pool' ? `blocking lane: ${copies}` : `blocking lane: ${copies}; begins on the caller's loop, moves once it has used 4 ms of CPU or has more than 1 MiB to read`
}

const fieldsOf = (fields: readonly string[] | undefined): string =>
  fields === undefined ? '' : fields.length === 0 ? ', no fields' : `, fields ${fields.join(', ')}`

const bound = (channel: ChannelPlan): string =>
  `${channel.kind}, at most ${channel.capacity} items or ${channel.bytes / 1024 / 1024} MiB${channel.crossing === 'frames' ? ', frames in shared memory' : ''}${channel.text ? ', as joined lines' : ''}${fieldsOf(channel.fields)}`

const held = (stage: PlannedStage): string => {
  const holds = holdsOf(stage)
  return `${holds === undefined ? '' : `; holds ${holds}`}${stopsOf(stage) ? '; an item that fails may end it' : ''}`
}

const text = (plan: Plan): string => {
  const backEdges = backEdgesOf(plan)
  const lines: string[] = [`plan: ${plan.tasks.length} tasks, ${plan.channels.length} channels, ${plan.workers} workers`]
  for (const task of plan.tasks) {
    const names = Object.entries(plan.outputs).filter(([, id]) => id === task.id).map(([name]) => name)
    lines.push(`├─ task ${task.id}  ${place(task)}${names.length > 0 ? `  ⇒ output ${names.join(', ')}` : ''}`)
    task.stages.forEach((stage, i) => {
      const joined = task.stages.length > 1 && i > 0 ? ', fused' : ''
      lines.push(`│    ${i === task.stages.length - 1 ? '└' : '├'} ${stage.name}  (${stage.kind}${joined}) ${stage.why}${held(stage)}${stage.site === undefined ? '' : `  at ${stage.site}`}`)
    })
    if (sent(task) !== undefined) lines.push(`│    ⇢ ${task.head!.name} → workers: frames in shared memory${fieldsOf(sent(task))}`)
    for (const { from, to, capacity } of backEdges.filter((edge) => edge.from.task === task.id)) {
      lines.push(`│    ↺ ${from.stage} → ${to.stage} (task ${to.task}): back edge, at most ${capacity} items, one more is an error`)
    }
    for (const id of task.outlets.flat()) {
      const channel = plan.channels[id]!
      lines.push(`│    ⇢ ${channel.from.stage} → ${channel.to.stage} (task ${channel.to.task}): ${bound(channel)}`)
    }
  }
  const moves = plan.tasks.some((task) => task.lane === 'blocking' && task.start === 'caller')
  lines.push(moves ? `└─ a run that ends before any task has moved starts no worker` : '└─ end of plan')
  for (const { text } of plan.unbounded) lines.push(`!  ${text}`)
  return lines.join('\n')
}

const escape = (label: string): string => label.replaceAll('"', '#quot;')

const mermaid = (plan: Plan): string => {
  const boxes = plan.tasks.map((task) => {
    const label = task.stages.map((stage) => escape(stage.name)).join(' → ')
    const lane = task.lane === 'async' ? 'async' : `blocking × ${task.parallelism}`
    return `  t${task.id}["${label}<br/><i>${lane}</i>"]:::${task.lane}`
  })
  const arrows = plan.channels.map((channel) => `  t${channel.from.task} -->|"${channel.kind} ${channel.capacity}"| t${channel.to.task}`)
  const back = backEdgesOf(plan).map(({ from, to, capacity }) => `  t${from.task} -.->|"back ${capacity}"| t${to.task}`)
  const outputs = Object.entries(plan.outputs).map(([name, task]) => `  t${task} --> o_${name.replaceAll(/\W/g, '_')}(["${escape(name)}"])`)
  const warnings = plan.unbounded.flatMap(({ stage, text }, i) => {
    const at = plan.tasks.find((task) => task.stages.some(({ name }) => name === stage))
    return [`  w${i}["⚠ ${escape(text)}"]:::warning`, ...(at === undefined ? [] : [`  w${i} -.- t${at.id}`])]
  })
  const classes = warnings.length === 0 ? [] : ['  classDef warning fill:#fffde7,stroke:#f9a825']
  return ['flowchart LR', ...boxes, ...arrows, ...back, ...outputs, ...warnings, ...classes, '  classDef async fill:#e3f2fd,stroke:#1565c0', '  classDef blocking fill:#fff3e0,stroke:#e65100'].join('\n')
}

export const explain = (plan: Plan): Explanation => ({
  workers: plan.workers,
  tasks: plan.tasks.map(taskOf),
  channels: plan.channels,
  backEdges: backEdgesOf(plan),
  outputs: plan.outputs,
  warnings: plan.unbounded,
  toString: () => text(plan),
  toMermaid: () => mermaid(plan)
})

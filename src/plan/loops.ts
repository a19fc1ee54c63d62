/**
 * The loops of a graph: which stages stand between the two ends of one, and whether they can.
 *
 *     … ──▶ entry ──▶ body ──▶ exit ──▶ …        the edge from exit to entry is no channel: the graph stays one without circles
 *             ▲───────────────── │
 *
 * Pure; called by plan.ts (check), explain.ts and exec/.
 */
import { graphInvalid } from '../error/wording-run.ts'
import type { LoopEnd, Spec } from '../graph/spec.ts'
import type { PlanNode } from './graph.ts'
import type { Plan } from './plan.ts'
import { reached } from './reached.ts'

export interface LoopPlan {
  /** The name of its stages. */
  readonly name: string
  /** Tasks. */
  readonly entry: number
  readonly exit: number
  /** The tasks between the two. */
  readonly body: ReadonlySet<number>
  /** Items that its back edge holds. */
  readonly capacity: number
}

const endOf = (spec: Spec): LoopEnd | undefined => (spec.role === 'process' ? spec.loop : undefined)

/** Refuses a loop without one of its ends, and stages in it of which nobody can know when they are done. */
export const checkLoops = (nodes: readonly PlanNode[]): void => {
  const before = (id: number): readonly number[] => nodes[id]!.inputs.map(({ node }) => node)
  for (const { id, name, spec, stage } of nodes) {
    const loop = endOf(spec)
    if (loop === undefined) continue
    const other = nodes.find((node) => node.id !== id && endOf(node.spec)?.id === loop.id)
    if (other === undefined) {
      const [what, remedy] = loop.end === 'exit'
        ? ['its body does not lead what comes in to what goes out', 'make the source that the body answers of the one that it is given']
        : ['a stage of its body is read, but not what leaves the loop', 'give what leaves the loop an output of the pipeline']
      throw graphInvalid(name, stage.site.text(), what, remedy)
    }
    if (loop.end === 'entry') continue
    for (const inside of reached(id, before)) {
      const node = nodes[inside]!
      if (node.spec.role !== 'process' || node.spec.restless !== true || !reached(inside, before).has(other.id)) continue
      throw graphInvalid(node.name, node.stage.site.text(), `nobody can know when ${node.spec.kind} has nothing left to do, so the loop '${name}' would not know when to end`, 'use a stage of millrace, or put it before or behind the loop')
    }
  }
}

export const loopsOf = ({ tasks, channels }: Pick<Plan, 'tasks' | 'channels'>): readonly LoopPlan[] => {
  const before = (id: number): readonly number[] => tasks[id]!.inlets.map((channel) => channels[channel]!.from.task)
  const behind = (id: number): readonly number[] => tasks[id]!.outlets.flat().map((channel) => channels[channel]!.to.task)
  const ends = tasks.flatMap(({ id, stages: [stage] }) => {
    const loop = endOf(stage!.spec)
    return loop === undefined ? [] : [{ id, name: stage!.name, loop }]
  })
  return ends.flatMap(({ id: exit, name, loop }) => {
    if (loop.end !== 'exit') return []
    const entry = ends.find((other) => other.loop.id === loop.id && other.loop.end === 'entry')!.id
    const toExit = reached(exit, before)
    const body = [...reached(entry, behind)].filter((task) => task !== entry && task !== exit && toExit.has(task))
    return [{ name, entry, exit, body: new Set(body), capacity: loop.capacity }]
  })
}

/**
 * The stages of a plan that remember more and more: what they hold grows with the input, and no option bounds it.
 *
 * Called by plan.ts; told by explain.ts, and by a run as a process warning.
 */
import type { Unbounded } from '../graph/spec.ts'
import type { Stage } from '../graph/stage.ts'
import type { PlanNode } from './graph.ts'

/** What `explain()` warns of, and a run once for each declaration. */
export interface UnboundedStage {
  readonly stage: string
  readonly site: string | undefined
  /** The options any of which would bound it. */
  readonly options: readonly string[]
  /** It answers, at the end of its input, with what it holds: a run does not warn of it. */
  readonly answer: boolean
  /** What it holds, and what to do. */
  readonly text: string
}

const remedy = (options: readonly string[]): string =>
  `give ${options.join(' or ')}${options.includes('maxKeys') ? ', or maxKeys: Infinity if its keys are few' : ''}`

const unboundedOf = ({ spec }: PlanNode): Unbounded | undefined => (spec.role === 'kernel' || spec.role === 'process' ? spec.unbounded : undefined)

const told = ({ stage, name, spec }: PlanNode, { by, answer }: Unbounded): UnboundedStage => {
  const site = stage.site.text()
  const holds = 'holds' in spec ? spec.holds : undefined
  const text = `${name}${site === undefined ? '' : ` (declared at ${site})`} holds ${holds ?? 'more and more'}: ${remedy(by)}`
  return { stage: name, site, options: by, answer: answer === true, text }
}

/** One for each stage that was declared, whatever it has become in the plan. */
export const unboundedStages = (nodes: readonly PlanNode[]): readonly UnboundedStage[] => {
  const found = new Map<Stage, UnboundedStage>()
  for (const node of nodes) {
    const unbounded = unboundedOf(node)
    if (unbounded !== undefined && !found.has(node.stage)) found.set(node.stage, told(node, unbounded))
  }
  return [...found.values()]
}

/**
 * First pass: from the outputs of a pipeline to its nodes, inputs before readers, each with a unique name.
 */
import type { LoopEnd } from '../graph/spec.ts'
import type { Port, Stage } from '../graph/stage.ts'
import type { PlanNode } from './graph.ts'

/** Every stage that the outputs need, inputs first, siblings in order of declaration. */
const stagesOf = (outputs: readonly Port[]): readonly Stage[] => {
  const seen = new Set<Stage>()
  const todo = outputs.map((port) => port.stage)
  while (todo.length > 0) {
    const stage = todo.pop()!
    if (seen.has(stage)) continue
    seen.add(stage)
    todo.push(...stage.inputs.map((port) => port.stage))
  }
  // A stage is made after its inputs, so the order of making is a topological one.
  return [...seen].sort((a, b) => a.id - b.id)
}

/** Given names stay; derived ones get a number when another stage has the same. */
const namesOf = (stages: readonly Stage[]): readonly string[] => {
  const taken = new Set(stages.filter((stage) => stage.named).map((stage) => stage.name))
  const counts = new Map<string, number>()
  return stages.map((stage) => {
    const n = (counts.get(stage.name) ?? 0) + 1
    counts.set(stage.name, n)
    if (stage.named) return n === 1 ? stage.name : `${stage.name}#${n}`
    const plain = n === 1 && !taken.has(stage.name)
    return plain ? stage.name : `${stage.name}#${taken.has(stage.name) ? n + 1 : n}`
  })
}

/** The two ends of a loop by one name, however many there are. */
const namedAlike = (stages: readonly Stage[], names: readonly string[]): readonly string[] => {
  const loopOf = ({ spec }: Stage): LoopEnd | undefined => (spec.role === 'process' ? spec.loop : undefined)
  return stages.map((stage, id) => {
    const loop = loopOf(stage)
    const exit = loop?.end === 'entry' ? stages.findIndex((other) => other !== stage && loopOf(other)?.id === loop.id) : -1
    return exit < 0 ? names[id]! : `${names[exit]!}.entry`
  })
}

export const collect = (outputs: readonly Port[]): readonly PlanNode[] => {
  const stages = stagesOf(outputs)
  const index = new Map(stages.map((stage, id) => [stage, id]))
  const names = namedAlike(stages, namesOf(stages))
  return stages.map((stage, id) => ({
    id,
    stage,
    spec: stage.spec,
    name: names[id]!,
    inputs: stage.inputs.map((port) => ({ node: index.get(port.stage)!, outlet: port.outlet }))
  }))
}

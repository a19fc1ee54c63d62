/**
 * The rows of a report: what entered, left and was set aside by each stage, from the counters of its task and its channels.
 *
 * What left a stage is what entered the next one; behind a fan-out the reader that saw most says it, as one may have
 * left early. Called by counting.ts, for the report and for the metrics of a run that goes on.
 */
import type { PlannedStage, TaskPlan } from '../plan/plan.ts'
import type { Program, Target } from '../plan/program.ts'
import type { Edge } from './edges/edge.ts'
import { COUNTS_PER_NODE, COUNT_DEAD, COUNT_FAILED, COUNT_IN, COUNT_SKIPPED } from './protocol.ts'
import type { StageReport } from './report.ts'
import type { Task } from './task.ts'

/** Items that a waiting stage has set aside under its policy; for every stage, what has stopped it. */
export interface Aside {
  skipped: number
  deadLetters: number
  stopped?: StageReport['stopped']
  gauges?: (() => Readonly<Record<string, number | string>>) | undefined
}

interface Planned {
  readonly plan: TaskPlan
  readonly task: Task
}

const row = (stage: PlannedStage, entered: number, out: number, skipped = 0, deadLetters = 0, failed = 0): StageReport => ({
  name: stage.name,
  kind: stage.kind,
  lane: stage.lane,
  in: entered,
  out,
  filtered: Math.max(0, entered - out - skipped - deadLetters - failed),
  skipped,
  deadLetters,
  failed
})

/** Items that left a task by one of its outlets. */
const leftBy = ({ outlets }: TaskPlan, outlet: number, edges: readonly Edge[]): number =>
  Math.max(0, ...(outlets[outlet] ?? []).map((channel) => edges[channel]!.itemsIn))

const chainRows = ({ plan, task }: Planned, program: Program, edges: readonly Edge[], asides: ReadonlyMap<string, Aside>): readonly StageReport[] => {
  const totals = task.totals!()
  const count = (node: number, which: number): number => totals[node * COUNTS_PER_NODE + which]!
  const through = (targets: readonly Target[]): number =>
    Math.max(0, ...targets.map((t) => ('node' in t ? count(t.node, COUNT_IN) : leftBy(plan, t.outlet, edges))))
  const aside = plan.head && asides.get(plan.head.name)
  const head = plan.head === undefined ? [] : [row(plan.head, 0, through(program.roots), aside?.skipped, aside?.deadLetters)]
  const kernels = program.nodes.map(({ targets }, k) => {
    const out = targets.reduce((sum, each) => sum + through(each), 0)
    return row(plan.kernels[k]!, count(k, COUNT_IN), out, count(k, COUNT_SKIPPED), count(k, COUNT_DEAD), count(k, COUNT_FAILED))
  })
  return [...head, ...kernels]
}

const waitingRow = ({ plan, task }: Planned, edges: readonly Edge[], aside: Aside | undefined): StageReport => {
  const isSink = plan.outlets.length === 0
  const out = plan.outlets.reduce((sum, _, outlet) => sum + leftBy(plan, outlet, edges), 0)
  const stage = plan.stages[0]!
  const plain = row(stage, task.itemsIn, isSink ? task.itemsIn : out, aside?.skipped, aside?.deadLetters)
  const counted = stage.spec.role === 'process' && stage.spec.loop !== undefined ? { ...plain, filtered: 0 } : plain // what goes round is not gone
  const gauges = aside?.gauges?.() ?? {}
  return Object.keys(gauges).length === 0 ? counted : { ...counted, gauges }
}

/** Copies of a stage, which have its name, as one. */
const summed = (rows: readonly StageReport[]): readonly StageReport[] => {
  const byName = new Map<string, StageReport>()
  for (const one of rows) {
    const sum = byName.get(one.name)
    byName.set(one.name, sum === undefined ? one : {
      ...one,
      in: sum.in + one.in,
      out: sum.out + one.out,
      filtered: sum.filtered + one.filtered,
      skipped: sum.skipped + one.skipped,
      deadLetters: sum.deadLetters + one.deadLetters,
      failed: sum.failed + one.failed
    })
  }
  return [...byName.values()]
}

/** One row per stage, in the order of the plan. */
export const stageRows = (tasks: readonly Planned[], edges: readonly Edge[], aside: ReadonlyMap<string, Aside>): readonly StageReport[] =>
  summed(tasks.flatMap((each) => {
    const { program, stages } = each.plan
    return program === undefined ? [waitingRow(each, edges, aside.get(stages[0]!.name))] : chainRows(each, program, edges, aside)
  })).map((one) => {
    const { stopped, gauges } = aside.get(one.name) ?? {}
    const told = one.gauges === undefined && gauges !== undefined ? { ...one, gauges: gauges() } : one // a source tells them too
    if (stopped?.stage !== undefined) return { ...told, stopped } // not this stage, but one of a run inside it
    return stopped === undefined ? told : { ...told, filtered: Math.max(0, one.filtered - 1), failed: one.failed + 1, stopped }
  })

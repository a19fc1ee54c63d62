/**
 * What a run counts while it goes on, and the report and the metrics that are made of it.
 *
 *     tasks' counters, channels ─┐
 *     set aside, dropped, letters ┴──▶ report (when all tasks have stopped), metrics (at any time)
 *
 * Called by run.ts, which has one for its time. Changes nothing but its own counters.
 */
import type { Plan, TaskPlan } from '../plan/plan.ts'
import { ChainTask } from './chain/chain-task.ts'
import type { Edge } from './edges/edge.ts'
import type { Output } from './output.ts'
import type { Crossings, Metrics, Report, StageReport } from './report.ts'
import { stageRows, type Aside } from './stage-rows.ts'
import type { Task } from './task.ts'

/** What there is to be counted. */
export interface Counted {
  readonly plan: Plan
  readonly tasks: readonly { readonly plan: TaskPlan; readonly task: Task }[]
  readonly edges: readonly Edge[]
  readonly outputs: ReadonlyMap<string, Output>
}

export class Counting {
  /** Dead letters of all stages. */
  letters = 0
  readonly #started = performance.now()
  readonly #cpu = process.cpuUsage()
  readonly #loopBefore = performance.eventLoopUtilization()
  readonly #dropped: Record<string, number> = {}
  readonly #aside = new Map<string, Aside>()

  /** What a stage has set aside; copies of a stage have one for all. */
  asideOf(stage: string): Aside {
    let aside = this.#aside.get(stage)
    if (aside === undefined) this.#aside.set(stage, aside = { skipped: 0, deadLetters: 0 })
    return aside
  }

  /** Items are lost to an overflow policy. */
  dropped(stage: string, count: number): void {
    this.#dropped[stage] = (this.#dropped[stage] ?? 0) + count
  }

  report(of: Counted): Report {
    const { user, system } = process.cpuUsage(this.#cpu)
    const dropped = { ...this.#dropped }
    for (const [name, output] of of.outputs) if (output.dropped > 0) dropped[name] = output.dropped
    return {
      ...this.#sofar(of),
      dropped,
      results: Object.fromEntries([...of.outputs].map(([name, output]) => [name, output.result])),
      cpuMs: (user + system) / 1000
    }
  }

  metrics(of: Counted): Metrics {
    const chains = chainsOf(of)
    const totals = chains.map((chain) => chain.totalBytes).filter((bytes) => bytes !== undefined)
    return {
      ...this.#sofar(of),
      bytes: {
        done: chains.reduce((sum, chain) => sum + chain.bytesDone, 0),
        total: totals.length === 0 ? undefined : totals.reduce((sum, bytes) => sum + bytes, 0)
      },
      queued: queuedIn(of)
    }
  }

  /** What both tell. */
  #sofar(of: Counted): Pick<Report & Metrics, 'stages' | 'deadLetters' | 'wallMs' | 'loopUtilization' | 'crossings' | 'workers'> {
    return {
      stages: this.#stages(of),
      deadLetters: this.letters,
      wallMs: performance.now() - this.#started,
      loopUtilization: performance.eventLoopUtilization(this.#loopBefore).utilization,
      crossings: crossingsOf(of),
      workers: chainsOf(of).some((chain) => chain.onPool) ? of.plan.workers : 0
    }
  }

  #stages({ tasks, edges }: Counted): readonly StageReport[] {
    return stageRows(tasks, edges, this.#aside)
  }
}

const chainsOf = ({ tasks }: Counted): readonly ChainTask[] => tasks.flatMap(({ task }) => (task instanceof ChainTask ? [task] : []))

/** What has crossed threads for all tasks. */
const crossingsOf = (of: Counted): Crossings => {
  const sum = { toWorkers: { frames: 0, items: 0 }, fromWorkers: { frames: 0, items: 0 }, decoded: 0 }
  for (const { crossings } of chainsOf(of)) {
    if (crossings === undefined) continue
    sum.decoded += crossings.decoded
    for (const way of ['toWorkers', 'fromWorkers'] as const) {
      sum[way].frames += crossings[way].frames
      sum[way].items += crossings[way].items
    }
  }
  return sum
}

/** Items that wait in each channel; in the channels of copies of a stage, together. */
const queuedIn = ({ plan, edges }: Counted): Record<string, number> => {
  const queued: Record<string, number> = {}
  for (const { id, from, to } of plan.channels) {
    const name = `${from.stage} -> ${to.stage}`
    queued[name] = (queued[name] ?? 0) + edges[id]!.itemsIn - edges[id]!.itemsOut
  }
  return queued
}

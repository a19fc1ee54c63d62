/**
 * A loop of the plan in a run: what its two ends share, and how the entry learns that nothing between them moves any more.
 *
 *     a stage waits, a push is taken, a morsel is delivered ──▶ look ── at the end of the turn: is everything still? ──▶ tell
 *
 * That is asked between turns of the event loop only: within one, what a promise has brought is nowhere to be seen. Nothing polls: whoever
 * becomes still says so (edge.ts, process-task.ts, delivery.ts), and it is looked only while the entry wants to know.
 * Called by run.ts, which makes it, and by the entry, through its context.
 */
import { setImmediate } from 'node:timers'
import type { Loop } from '../graph/spec.ts'
import type { LoopPlan } from '../plan/loops.ts'
import type { Plan } from '../plan/plan.ts'
import type { Edge } from './edges/edge.ts'
import type { Task } from './task.ts'

/** Stages for which a second input brings no items. */
const LISTENS_ONLY: ReadonlySet<string> = new Set(['takeUntil'])

export class LoopRun implements Loop {
  readonly plan: LoopPlan
  #shared: { readonly made: unknown } | undefined
  #inside: readonly Task[] = []
  /** Channels that lead into the body from elsewhere: what they bring may go round too. */
  #aside: readonly Edge[] = []
  #tell: (() => void) | undefined
  #looking = false

  constructor(plan: LoopPlan) {
    this.plan = plan
  }

  /** The tasks and edges of the run, by their numbers. */
  watch({ channels, tasks: plans }: Plan, tasks: readonly Task[], edges: readonly Edge[]): void {
    const { body, entry, exit } = this.plan
    this.#inside = [...body, exit].map((id) => tasks[id]!)
    this.#aside = channels.flatMap(({ id, from, to }) => {
      const leadsIn = body.has(to.task) && from.task !== entry && !body.has(from.task)
      return leadsIn && !LISTENS_ONLY.has(plans[to.task]!.stages[0]!.kind) ? [edges[id]!] : []
    })
  }

  shared<T>(make: () => T): T {
    this.#shared ??= { made: make() }
    return this.#shared.made as T
  }

  whenStill(tell: () => void): void {
    this.#tell = tell
    this.look()
  }

  /** Somebody inside may have become still. */
  look(): void {
    if (this.#tell === undefined || this.#looking) return
    this.#looking = true
    setImmediate(() => {
      this.#looking = false
      if (!this.#still) return // who moves on will say so
      const tell = this.#tell
      this.#tell = undefined
      tell?.()
    })
  }

  get #still(): boolean {
    return this.#inside.every((task) => task.still === true) && this.#aside.every((edge) => edge.pulling === 0)
  }
}

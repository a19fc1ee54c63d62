/**
 * A task that waits: one asynchronous stage (mapAsync, merge, buffer …) between channels of the caller's loop.
 *
 * Called by run.ts. The stage sees inlets and outlets; channels, ends and early leaving are handled here.
 */
import { stageFailed } from '../error/wording-run.ts'
import { PipelineError } from '../error/pipeline-error.ts'
import type { Inlet, ItemBatch, Outlet, ProcessSpec, RunContext } from '../graph/spec.ts'
import type { PlannedStage } from '../plan/plan.ts'
import { localBatch, type Batch } from './edges/batch.ts'
import type { Edge } from './edges/edge.ts'
import type { Task, TaskContext } from './task.ts'

/** Stages that wait for their channels only, whatever they hold. */
const JOINS: ReadonlySet<string> = new Set(['concat', 'gather', 'interleave', 'merge', 'race', 'zip'])

export class ProcessTask implements Task {
  itemsIn = 0
  itemsOut = 0
  readonly cpuMs = 0
  readonly #c: TaskContext
  readonly #controller = new AbortController()
  /** What the stage says of itself, if it says it. */
  #underWay: boolean | undefined
  /** A failure has ended its input. */
  #stopped = false
  /** Pushes and dead letters that the stage may wait for. */
  #waits = 0
  #ended = false

  constructor(context: TaskContext) {
    this.#c = context
  }

  /** Blocked on a push, or with nothing to do but pull. A stage that waits for the outside may look so: see run.ts. */
  get stuck(): boolean {
    const { inlets, outlets, plan, loop } = this.#c
    if (loop !== undefined) return true // it waits for a channel, or for the other end
    const looksEmpty = this.itemsIn === this.itemsOut || JOINS.has(plan.stages[0]!.kind)
    const holdsNothing = this.#underWay === undefined ? looksEmpty : !this.#underWay
    return outlets.pushing || (holdsNothing && inlets.some((edge) => edge.pulling > 0))
  }

  get still(): boolean {
    return this.#ended || (this.#waits === 0 && this.#underWay !== true && this.#c.inlets.some((edge) => edge.awaited))
  }

  wake(): void {
    if (this.#c.signal.aborted) this.#controller.abort(this.#c.cancelled())
  }

  async drive(): Promise<void> {
    const { plan, inlets, outlets } = this.#c
    const [stage] = plan.stages
    const spec = stage!.spec as ProcessSpec
    outlets.onAllClosed(() => {
      this.#controller.abort(new Error('nobody reads any more'))
      for (const edge of inlets) edge.leave()
    })
    const opened = inlets.map((edge) => this.#inlet(edge))
    try {
      if (spec.forwards === true) await this.#forward()
      else await spec.run({
        ...this.#context(stage!),
        signal: this.#controller.signal,
        loop: this.#c.loop,
        underWay: (yes) => {
          this.#underWay = yes
          if (!yes) this.#c.rested?.()
        },
        stop: (item, cause, index, attempts = 1) => {
          this.#stopped = true
          this.#c.stopped({ stage: stage!.name, position: { index }, cause, item, attempts, whole: true })
          for (const inlet of opened) inlet.stopped = true
          for (const edge of inlets) edge.leave()
        },
        inlets: opened,
        outlets: Array.from({ length: spec.outlets }, (_, outlet) => this.#outlet(outlet))
      })
      if (this.#c.signal.aborted) throw this.#c.cancelled()
      outlets.end()
    } catch (error) {
      if (this.#c.signal.aborted) throw this.#c.cancelled()
      if (outlets.allClosed && outlets.edges.length > 0) return
      throw error instanceof PipelineError ? error : stageFailed(stage!.name, stage!.site, undefined, error)
    } finally {
      for (const edge of inlets) edge.leave()
      this.#ended = true
      this.#c.rested?.()
    }
  }

  /** Counts what the stage waits for, so that it does not look idle meanwhile; where somebody asks. */
  #counted<A>(wait: Promise<A>): Promise<A> {
    const { rested } = this.#c
    if (rested === undefined) return wait
    this.#waits++
    return wait.finally(() => {
      this.#waits--
      rested()
    })
  }

  #context(stage: PlannedStage): RunContext {
    const context = this.#c.context(stage)
    return {
      ...context,
      deadLetter: (item, cause, index, attempts) => {
        const taken = context.deadLetter(item, cause, index, attempts)
        return taken instanceof Promise ? this.#counted(taken) : taken
      }
    }
  }

  /** What comes in goes out as it is: nobody here looks at it. */
  async #forward(): Promise<void> {
    const { inlets, outlets } = this.#c
    await Promise.all(
      inlets.map(async (edge) => {
        for (let batch = await edge.pull(); batch !== undefined; batch = await edge.pull()) {
          this.itemsIn += batch.count
          this.itemsOut += batch.count
          if (!(await this.#counted(outlets.push(0, batch)))) return
        }
      })
    )
  }

  #inlet(edge: Edge): Inlet & { stopped: boolean } {
    const open = (batch: Batch | undefined): ItemBatch | undefined => {
      if (batch === undefined) return undefined
      if (this.#stopped) {
        batch.release()
        return undefined
      }
      const items = batch.items()
      batch.release()
      this.itemsIn += items.length
      return { items }
    }
    return {
      stopped: false,
      pull: async () => open(await edge.pull()),
      tryPull: () => open(edge.tryPull()),
      close: () => {
        edge.leave()
      }
    }
  }

  #outlet(outlet: number): Outlet {
    return {
      push: async (items) => {
        if (items.length === 0) return true
        this.itemsOut += items.length
        if (outlet >= this.#c.outlets.count) return false
        return this.#counted(this.#c.outlets.push(outlet, localBatch(items)))
      }
    }
  }
}

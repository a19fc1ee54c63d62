/**
 * The move of a task to the pool.
 *
 *   on the loop ── begin ──▶ the crew is told, the loop goes on ── every worker is ready ──▶ switched, between two slices: made
 *        └── state that cannot be cloned, affinity 'loop': never        └── the task is over first: nobody is waited for
 *
 * A serial task's state goes ahead of its next batch, so `switched` is called only when the state is whole. Called by chain-task.ts.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { crewOf } from '../../runtime/crew.ts'
import type { TaskContext } from '../task.ts'
import type { Progress } from './delivery.ts'
import type { LocalLoop } from './local-loop.ts'
import { PoolTask } from './pool-task.ts'

/** CPU time that a task uses on the caller's loop before it moves, in milliseconds. */
const MOVE_AFTER_MS = 4
/** How long a task waits for the pool where it should be there before its next item, in milliseconds. */
const WAIT_MS = 500

export class Move {
  /** The task's half that hands out morsels, once every worker knows the task. */
  pool: PoolTask | undefined
  /** The task is on the pool. */
  made = false
  readonly #c: TaskContext
  readonly #loop: LocalLoop
  readonly #progress: Progress
  readonly #closed: () => void
  #moving: Promise<void> | undefined
  /** Its state holds what cannot be cloned. */
  #stuckHere = false
  /** The task is over: it does not wait for workers that have not answered yet. */
  #stays = false
  #staying: AbortController | undefined

  /** `closed`: a worker has told that the kernels want no more. */
  constructor(context: TaskContext, loop: LocalLoop, progress: Progress, closed: () => void) {
    this.#c = context
    this.#loop = loop
    this.#progress = progress
    this.#closed = closed
  }

  /** Whether the task should be on the pool; in a test, the test says. */
  get isWorthIt(): boolean {
    const { weather, plan } = this.#c
    if (weather === undefined) return this.#loop.cpuMs > MOVE_AFTER_MS
    return plan.affinity !== 'loop' && this.#moving === undefined && weather.leaves(plan.stages[0]!.name)
  }

  /** Registers the task with the crew, while the loop goes on. */
  begin(): void {
    if (this.#moving !== undefined || this.#c.plan.kernels.length === 0) return
    this.now().catch((error: unknown) => {
      this.#c.fail(error as Error)
    })
  }

  /** The same, for who waits until the workers are ready. */
  now(): Promise<void> {
    if (this.#c.plan.affinity === 'loop') return Promise.resolve()
    return (this.#moving ??= this.#open())
  }

  /** Moves before the next item, if that may be. */
  async ahead(): Promise<void> {
    if (this.made || this.#moving !== undefined || this.#c.plan.affinity === 'loop' || this.#c.weather !== undefined) return
    this.begin()
    await this.waited()
  }

  /** Waits for the pool; not for long where its workers are busy with something else. */
  async waited(): Promise<void> {
    const late = new AbortController()
    try {
      await Promise.race([this.#moving, sleep(WAIT_MS, undefined, { signal: late.signal })])
    } catch {
      // what it failed with is told where it was begun
    } finally {
      late.abort()
    }
  }

  /** Whether the task is on the pool; called between slices, when its state is whole, it moves there as soon as it can. */
  switched(): boolean {
    if (this.made || this.pool === undefined || this.#stuckHere) return this.made
    const { states } = this.#loop
    if (this.#c.plan.affinity === 'serial' && states !== undefined && !this.pool.adopt(states)) this.#stuckHere = true
    else this.made = true
    if (this.#loop.itemsRun > 0 && this.#c.weather === undefined) this.pool.measured((this.#loop.cpuMs * 1000) / this.#loop.itemsRun)
    return this.made
  }

  /** The task is over, or will be: a move that has not come to its end is given up. */
  stay(): void {
    this.#stays = true
    this.#staying?.abort(new Error('the task is over'))
  }

  /** Resolves when nothing of a move is under way. */
  async settled(): Promise<void> {
    await this.#moving?.catch(() => undefined)
  }

  async #open(): Promise<void> {
    const { plan, outlets, workers, maxLatencyMs, carried, rested, weather, deadLetter, stopped, fail } = this.#c
    const staying = (this.#staying = new AbortController())
    if (this.#stays) this.stay()
    const opened = PoolTask.open({
      plan, crew: crewOf(workers), outlets, progress: this.#progress, maxLatencyMs, carried, weather, rested, deadLetter, stopped, fail,
      closed: this.#closed,
      signal: staying.signal
    })
    this.pool = await opened.catch((error: unknown) => {
      if (!this.#stays) throw error
      return undefined
    })
  }
}

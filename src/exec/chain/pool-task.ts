/**
 * A task while it runs on the pool: its beginning, its end, and what is told to its workers in between.
 *
 *   handout.ts ──▶ crew ──▶ worker ── hearing.ts ──▶ delivery.ts ──▶ outlets, in order
 *
 * Invariants
 *   P3  every slot that was submitted comes back: after DONE, after a worker's death, after an abort
 * Called by move.ts (open) and chain-task.ts. Knows the crew and plans; decodes nothing.
 */
import { store } from '../../atomic/park.ts'
import type { TaskPlan } from '../../plan/plan.ts'
import { stopsOnFailure } from '../../plan/program.ts'
import type { Context } from '../../prelude/context.ts'
import { clock, realClock, type Clock } from '../../prelude/clock.ts'
import type { Weather } from '../../prelude/weather.ts'
import type { Crew } from '../../runtime/crew.ts'
import { Delivery, type Progress } from './delivery.ts'
import type { DeadLetter } from '../failure.ts'
import { Handout } from './handout.ts'
import { Hearing } from './hearing.ts'
import type { Outlets } from '../edges/outlets.ts'
import type { Crossings } from '../report.ts'
import { STOP_ABORT, STOP_DRAIN, WORD_STOP, WORD_WANTED, type Registration } from '../protocol.ts'
import { registrationOf } from './registration.ts'

/** How long a cancelled run waits for a worker that is busy in a user's function before it replaces the worker. */
const GRACE_MS = 300

export interface PoolTaskOptions {
  readonly plan: TaskPlan
  readonly crew: Crew
  readonly outlets: Outlets
  readonly progress: Progress
  readonly maxLatencyMs: number
  readonly carried: Context | undefined
  /** What a test decides of this run. */
  readonly weather: Weather | undefined
  /** Is told that nothing is out any more. */
  readonly rested: (() => void) | undefined
  readonly deadLetter: (letter: DeadLetter) => void | Promise<void>
  readonly stopped: (by: DeadLetter) => void
  /** The task's own kernels want no more input. */
  readonly closed: () => void
  readonly fail: (error: Error) => void
  /** The task is over, whether the workers have answered or not. */
  readonly signal: AbortSignal
}

export class PoolTask {
  readonly counters: Float64Array
  readonly #o: PoolTaskOptions
  readonly #registration: Registration
  readonly #stop: Int32Array
  /** What gives it work. */
  readonly handout: Handout
  readonly #delivery: Delivery
  readonly #hearing: Hearing
  /** The machine's; in a test, the test's. */
  readonly #time: Clock
  /** Serial tasks live in one worker. */
  #owner = -1

  private constructor(options: PoolTaskOptions) {
    this.#o = options
    const { plan, crew } = options
    this.#registration = registrationOf(plan, crew.nextTask(), crew.workers, options.maxLatencyMs, options.carried)
    this.#time = options.weather === undefined ? realClock : clock()
    this.counters = new Float64Array(this.#registration.counters)
    this.#stop = new Int32Array(this.#registration.stop)
    this.#delivery = new Delivery({
      ...options,
      wants: (slot) => {
        store(this.#stop, WORD_WANTED, slot + 1)
        return slot >= 0 && crew.pool.hear() // what the worker whispered while nobody waited for it
      },
      unread: () => {
        this.abort()
      },
      mayStop: plan.affinity === 'parallel' && stopsOnFailure(plan.program!),
      halt: () => {
        this.abort()
      }
    })
    this.#hearing = new Hearing({
      ...options,
      delivery: this.#delivery,
      freed: () => {
        this.handout.look()
      }
    })
    if (plan.affinity === 'serial') this.#owner = this.#registration.task % crew.workers
    this.handout = new Handout({
      ...options, delivery: this.#delivery, hearing: this.#hearing, task: this.#registration.task, owner: this.#owner, stop: this.#stop, time: this.#time
    })
  }

  /** Registers the task with every worker: resolves when all are ready, rejects with what one of them could not find. */
  static async open(options: PoolTaskOptions): Promise<PoolTask> {
    const task = new PoolTask(options)
    await options.crew.register(task.#registration, task.#hearing, options.signal)
    options.crew.ref()
    task.#delivery.start()
    return task
  }

  /** A serial task's state from the caller's loop, ahead of its first morsel; false when it cannot be cloned. */
  adopt(states: readonly object[]): boolean {
    try {
      this.#o.crew.pool.post(this.#owner, { type: 'adopt', task: this.#registration.task, states })
    } catch {
      return false
    }
    this.#hearing.ran.add(this.#owner) // from now on the state is lost with the worker
    return true
  }

  get shut(): boolean {
    return this.handout.shut
  }

  get bytesDone(): number {
    return this.#hearing.bytesDone
  }

  /** What an item takes, in microseconds, as the caller's loop has measured it. */
  measured(microsPerItem: number): void {
    this.#hearing.microsPerItem = microsPerItem
  }

  /**
   * No more input: waits for what is out, flushes every worker's instances, and waits for that too. `here`: the task has moved to the pool;
   * one with a state then ends there, also when nothing has come.
   */
  async finish(here: boolean): Promise<void> {
    await this.handout.rest()
    while (this.#delivery.size > 0 && !this.#delivery.aborted) await this.#delivery.changed()
    if (here && this.#owner >= 0) this.#hearing.ran.add(this.#owner)
    const flushes = this.#o.plan.program!.nodes.length > 0 ? [...this.#hearing.ran] : []
    for (const worker of flushes) {
      while (!this.#delivery.aborted) {
        const slot = this.#o.crew.submitEnd(this.#registration.task, worker)
        if (slot >= 0) {
          this.#delivery.add(slot, this.#o.progress.items, 0, undefined)
          break
        }
        await this.handout.room()
      }
    }
    this.#delivery.end()
    await this.#delivery.over
    await this.close()
  }

  get crossings(): Crossings {
    return this.#delivery.crossings
  }

  /** Work that is out, for the deadlock watch. */
  get busy(): boolean {
    return this.#delivery.pending.some((pending) => !pending.done && pending.rests < 0)
  }

  /** Nothing waits for company, is out or is on its way to an outlet. */
  get still(): boolean {
    return this.handout.waiting === 0 && this.#delivery.size === 0
  }

  /** Results wait for room in a channel, and with them all that come later; for the deadlock watch. */
  get sending(): boolean {
    return this.#delivery.sending
  }

  /** The run has failed or was cancelled, or nobody reads any more: throws the work away. */
  abort(): void {
    if (this.#delivery.aborted) return
    store(this.#stop, WORD_STOP, STOP_ABORT)
    this.handout.clear()
    this.#delivery.abort() // which lets morsels at rest go on, to find that they are to stop
    this.#o.crew.pool.hear() // from now on the end of every morsel wakes
  }

  /** The run drains: who reads a split stops reading; what has been read is worked on. */
  drain(): void {
    if (!this.#delivery.aborted) store(this.#stop, WORD_STOP, STOP_DRAIN)
  }

  /** Waits until the pool has let go of every morsel; a worker that does not answer is replaced. */
  async close(): Promise<void> {
    const { crew } = this.#o
    if (this.#closed) return
    this.#closed = true
    this.handout.close()
    const delivery = this.#delivery
    delivery.end()
    if (delivery.out > 0) {
      const late = this.#time.at(this.#time.now() + GRACE_MS, () => {
        for (const { worker, running } of crew.pool.metrics()) if (delivery.find(running) !== undefined) crew.terminate(worker)
        // What is queued behind another run's function would wait for as long as that takes.
        for (const pending of delivery.pending) if (!pending.done && crew.withdraw(pending.slot)) this.#hearing.lost(pending)
        delivery.poke()
      })
      while (delivery.out > 0) await delivery.changed()
      late.cancel()
    }
    await delivery.over
    // Told to the workers before a slot is used anew: who holds a morsel at rest there lets go of it first.
    crew.unregister(this.#registration.task)
    delivery.discard()
    crew.unref()
  }
  #closed = false

}

/**
 * The results of a task's morsels on their way from the workers to the outlets, in the order in which the morsels were dispatched.
 *
 *   add(morsel) ──▶ Pending … Pending, oldest first          hold(morsel, frame) ◀── notices, in any order of morsels
 *   deliver     ◀── the oldest: its frames go to the outlets, then a failure, a rest, or its end
 *
 * Invariants
 *   P2  results leave in the order of dispatch, and a morsel's in the order they were made
 *   P4  behind a morsel in which a failure has stopped a stage of a parallel task nothing is delivered: not its results, dead letters or
 *       failures. Such a task is planned so that the stage feeds all of its outlets (plan/fuse.ts)
 *   P3  every slot that was added is given back once: when its morsel is delivered, or by `discard`
 * Called by pool-task.ts, which dispatches and hears the notices. Decodes nothing but dead letters.
 */
import type { TaskPlan } from '../../plan/plan.ts'
import type { Crew } from '../../runtime/crew.ts'
import type { Batch } from '../edges/batch.ts'
import { deadLetterOf, failureOf, linesBefore, stopOf, type DeadLetter } from '../failure.ts'
import type { Outlets } from '../edges/outlets.ts'
import type { Split, Told } from '../protocol.ts'

/** Frames and items that have crossed threads; see `Crossings` of report.ts. */
interface Crossed {
  readonly toWorkers: Tally
  readonly fromWorkers: Tally
  decoded: number
}

interface Tally {
  frames: number
  items: number
}

const tally = (of: Tally, items: number): void => {
  of.frames++
  of.items += items
}

/** The outlet of dead letters. */
const DEAD = -1

/** A morsel that is out, or whose results have not all gone on. */
export interface Pending {
  readonly slot: number
  /** Index of the morsel's first item at the task's inlet; for splits known only when it is the oldest. */
  readonly base: number
  readonly split: Split | undefined
  readonly count: number
  /** What came back and has not gone on yet: batches by outlet. */
  readonly out: { readonly outlet: number; readonly batch: Batch }[]
  /** The worker that the morsel rests in, or -1. */
  rests: number
  done: boolean
  /** Lines of its split, and items: fewer where lines were left out, or records or blocks span several. */
  lines: number
  items: number
  /** It has failed; resolves when the run has been told. */
  failing: Promise<void> | undefined
  /** The failure, where it is told when the morsel is the oldest: one before it may stop the stage. */
  fails: Told | undefined
  /** What has stopped its stages. */
  stops: readonly Told[]
}

/** What has been read of a source's files, on both lanes; the loop and the pool add to it, one after the other. */
export interface Progress {
  /** By file: lines of the splits that are finished. */
  readonly lines: Map<string, number>
  /** Items of all splits that are finished. */
  items: number
  /** Bytes of the splits that were read on the loop. */
  bytes: number
}

export interface DeliveryOptions {
  readonly plan: TaskPlan
  readonly crew: Crew
  readonly outlets: Outlets
  readonly progress: Progress
  /** Is told that nothing is out any more. */
  readonly rested: (() => void) | undefined
  readonly deadLetter: (letter: DeadLetter) => void | Promise<void>
  readonly fail: (error: Error) => void
  /** The results of the morsel in this slot are waited for; -1: none. Answers whether something has been heard by that. */
  readonly wants: (slot: number) => boolean
  /** Nobody reads any more. */
  readonly unread: () => void
  /** A stage may stop, in which of several morsels at a time is known here. */
  readonly mayStop: boolean
  readonly stopped: (by: DeadLetter) => void
  /** A stage has stopped, and everything before has been delivered. */
  readonly halt: () => void
}

export class Delivery {
  /** Results wait for room in a channel, and with them all that come later; for the deadlock watch. */
  sending = false
  readonly crossings: Crossed = { toWorkers: { frames: 0, items: 0 }, fromWorkers: { frames: 0, items: 0 }, decoded: 0 }
  readonly #o: DeliveryOptions
  readonly #order: Pending[] = []
  readonly #bySlot = new Map<number, Pending>()
  /** Nothing is added any more. */
  ended = false
  /** The run has failed or was cancelled: nothing is delivered any more. */
  aborted = false
  #running: Promise<void> | undefined

  constructor(options: DeliveryOptions) {
    this.#o = options
  }

  start(): void {
    this.#running = this.#deliver().catch((error: unknown) => {
      this.#o.fail(error as Error)
    })
  }

  /** Resolves when `end` or `abort` was called and nothing is delivered any more. */
  get over(): Promise<void> | undefined {
    return this.#running
  }

  // ---- morsels ----

  add(slot: number, base: number, count: number, split: Split | undefined): void {
    const pending: Pending = { slot, base, count, split, out: [], rests: -1, done: false, lines: 0, items: 0, failing: undefined, fails: undefined, stops: [] }
    this.#order.push(pending)
    this.#bySlot.set(slot, pending)
    if (count > 0) tally(this.crossings.toWorkers, count)
    this.poke()
  }

  /** Morsels that are out or not delivered. */
  get size(): number {
    return this.#order.length
  }

  get pending(): readonly Pending[] {
    return this.#order
  }

  /** Morsels that a worker has, or that wait for one. */
  get out(): number {
    return this.#bySlot.size
  }

  /** The morsel in a slot, unless it is done. */
  find(slot: number): Pending | undefined {
    return this.#bySlot.get(slot)
  }

  hold(pending: Pending, outlet: number, batch: Batch): void {
    if (outlet !== DEAD) tally(this.crossings.fromWorkers, batch.count)
    if (this.aborted) batch.release()
    else pending.out.push({ outlet, batch })
  }

  holdDead(pending: Pending, batch: Batch): void {
    this.hold(pending, DEAD, batch)
  }

  rest(pending: Pending, worker: number): void {
    pending.rests = worker
    if (this.aborted) this.#resume(pending)
  }

  failed(pending: Pending, told: Told): void {
    if (this.#o.mayStop) pending.fails = told
    else pending.failing = this.#failed(pending, told)
  }

  /** Failures have stopped stages in it. */
  stop(pending: Pending, told: readonly Told[]): void {
    pending.stops = [...pending.stops, ...told]
  }

  /** A worker has let go of it, or has died with it. */
  done(pending: Pending, lines: number, items: number): void {
    pending.done = true
    pending.rests = -1
    pending.lines = lines
    pending.items = items
    this.#bySlot.delete(pending.slot)
  }

  // ---- ending ----

  /** Nothing is added any more. */
  end(): void {
    this.ended = true
    this.poke()
  }

  /** What has come back is thrown away, and so is what still comes. */
  abort(): void {
    this.aborted = true
    for (const pending of this.#order) {
      for (const { batch } of pending.out.splice(0)) batch.release()
      if (pending.rests >= 0) this.#resume(pending)
    }
    this.poke()
  }

  /** Gives back everything that has not been delivered. */
  discard(): void {
    for (const pending of this.#order.splice(0)) {
      for (const { batch } of pending.out) batch.release()
      this.#o.crew.release(pending.slot)
    }
  }

  // ---- waiting ----

  readonly #watchers: (() => void)[] = []

  /** Resolves at the next {@link poke}. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#watchers.push(resolve))
  }

  /** Something has changed: whoever waits looks again. */
  poke(): void {
    for (const wake of this.#watchers.splice(0)) wake()
  }

  // ---- delivering ----

  async #deliver(): Promise<void> {
    const { outlets, crew, plan, unread, wants } = this.#o
    for (;;) {
      if (this.aborted) return
      const oldest = this.#order[0]
      if (oldest === undefined) {
        if (this.ended) return
        await this.changed()
        continue
      }
      const next = oldest.out.shift()
      if (next !== undefined) {
        this.sending = true
        wants(-1)
        if (next.outlet === DEAD) await this.#dead(oldest, next.batch)
        else await outlets.push(next.outlet, next.batch)
        this.sending = false
      } else if (oldest.failing !== undefined || oldest.fails !== undefined) {
        await (oldest.failing ??= this.#failed(oldest, oldest.fails!)) // the place of the failure takes a while to find; until then the run is not over
        return
      } else if (oldest.rests >= 0) this.#resume(oldest)
      else if (oldest.done) {
        this.#order.shift()
        crew.release(oldest.slot)
        this.#stopped(oldest)
        this.#count(oldest)
        if (oldest.stops.length > 0 && this.#o.mayStop) {
          this.#o.halt()
          return
        }
        this.poke() // there is a place for the next one, and finish() waits for the last one to be gone
        if (this.#order.length === 0) this.#o.rested?.()
      } else if (!wants(oldest.slot)) await this.changed()
      if (outlets.allClosed && plan.program!.outlets.length > 0) {
        unread()
        return
      }
    }
  }

  #stopped({ split, base, stops }: Pending): void {
    const { plan, progress, stopped } = this.#o
    const [first, lines] = split === undefined ? [base, 0] : [progress.items, progress.lines.get(split.file) ?? 0]
    for (const told of stops) stopped(stopOf(plan, told, first, lines))
  }

  #count({ split, lines, items }: Pending): void {
    const { progress } = this.#o
    if (split === undefined) return
    progress.items += items
    progress.lines.set(split.file, (progress.lines.get(split.file) ?? 0) + lines)
  }

  async #dead({ split, base }: Pending, batch: Batch): Promise<void> {
    const { plan, progress, deadLetter } = this.#o
    // The morsels before this one have been counted: results leave in order (P2).
    const [first, lines] = split === undefined ? [base, 0] : [progress.items, progress.lines.get(split.file) ?? 0]
    for (const told of batch.items() as Told[]) await deadLetter(deadLetterOf(plan, told, first, lines))
    batch.release()
  }

  async #failed(pending: Pending, told: Told): Promise<void> {
    const plain = told.file !== undefined && told.splitStart !== undefined && told.splitStart > 0
    const lines = plain ? await linesBefore(told.file, told.splitStart).catch(() => 0) : 0
    const base = pending.split === undefined ? pending.base : -1 // how many came before is known when they are done
    this.#o.fail(failureOf(this.#o.plan, told, base, lines))
  }

  #resume(pending: Pending): void {
    const worker = pending.rests
    pending.rests = -1
    this.#o.crew.resume(worker, pending.slot)
  }
}

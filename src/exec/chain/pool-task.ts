/**
 * A task while it runs on the pool: hands out morsels within a window, and ends with them.
 *
 *   items ── wait for company ──▶ window permit ──▶ slot ──▶ crew ──▶ worker ── hearing.ts ──▶ delivery.ts ──▶ outlets, in order
 *
 * Invariants
 *   P1  at most `window` morsels are out; each holds at most FRAMES_PER_MORSEL frames here before the worker lets it rest
 *   P3  every slot that was submitted comes back: after DONE, after a worker's death, after an abort
 * Items leave when they are as many as a morsel should have, when a worker waits for them, or when the first of them has waited
 * `maxLatencyMs`: morsels grow while workers are busy and shrink while they are not (Nagle's algorithm, RFC 896).
 * Called by chain-task.ts. Knows crew.ts, hearing.ts, delivery.ts and plans; decodes nothing.
 */
import { store } from '../../atomic/park.ts'
import type { Hint } from '../../frame/hint.ts'
import type { TaskPlan } from '../../plan/plan.ts'
import { stopsOnFailure } from '../../plan/program.ts'
import type { Context } from '../../prelude/context.ts'
import { clock, realClock, type Alarm, type Clock } from '../../prelude/clock.ts'
import { isColumn, type Held, type Progression } from '../../prelude/items.ts'
import type { Weather } from '../../prelude/weather.ts'
import type { Batch } from '../edges/batch.ts'
import { Interruptible } from '../../prelude/interruptible.ts'
import type { Crew } from '../../runtime/crew.ts'
import { hintFor } from '../codec-columns.ts'
import { Company } from './company.ts'
import { Delivery, type Progress } from './delivery.ts'
import type { DeadLetter } from '../failure.ts'
import { Hearing } from './hearing.ts'
import type { Outlets } from '../edges/outlets.ts'
import type { Crossings } from '../report.ts'
import { STOP_ABORT, STOP_DRAIN, WORD_SENT, WORD_STOP, WORD_WANTED, type Registration, type Split } from '../protocol.ts'
import { registrationOf } from './registration.ts'
import { at, placeOf } from '../uncloneable.ts'

/** How long a cancelled run waits for a worker that is busy in a user's function before it replaces the worker. */
const GRACE_MS = 300
/** How long a morsel should take, in microseconds. */
const MORSEL_MICROS = 2000
/** Items of a morsel as long as nobody knows what one takes: they may be dear, and results leave in order. */
const FIRST_ITEMS = 32
/**
 * Morsels that may be out, for each worker: what they read themselves is long, results and all; items are handed out further ahead, since the
 * caller's loop may have to wait for a core, and workers would wait for it. Those of many workers are enough with fewer each.
 */
const SPLITS_AHEAD = 2
const ITEMS_AHEAD = 6
const MANY = 48
/** Items of the largest morsel; of one of a column of numbers; of one of numbers that nobody has made yet. */
const MOST_ITEMS = 8192
const MOST_COLUMN = 16_384
const MOST_NUMBERS = 1 << 16
/** While workers have something to do but could do with more, morsels follow each other in this part of `maxLatencyMs`. */
const SPACING = 1 / 8
/**
 * Frames of at most so many items (or KiB) are joined with others where they would have to wait anyway. Those with much more work
 * than a morsel should have are cut: one worker would have all of it, while others have nothing.
 */
const SMALL = 16

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

/** Morsels that may be out or not delivered, and one or two more. */
const windowOf = ({ affinity, head }: TaskPlan, workers: number): number => {
  if (affinity === 'serial') return 2
  const splits = workers * SPLITS_AHEAD + 2
  return head?.spec.role === 'source' && head.spec.splits !== undefined ? splits : Math.max(splits, Math.min(MANY, workers * ITEMS_AHEAD + 2))
}

export class PoolTask {
  readonly counters: Float64Array
  readonly #o: PoolTaskOptions
  readonly #registration: Registration
  readonly #stop: Int32Array
  readonly #window: number
  /** What is known of the items that it hands out. */
  readonly #hint: Hint | undefined
  readonly #company = new Company()
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
    this.#hint = hintFor(plan.input)
    this.#window = windowOf(plan, crew.workers)
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
    this.#hearing = new Hearing({ ...options, delivery: this.#delivery, freed: this.#look })
    if (plan.affinity === 'serial') this.#owner = this.#registration.task % crew.workers
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

  /** No more input is wanted: by the task's own kernels, or by anybody. */
  get shut(): boolean {
    return this.#delivery.aborted || this.#hearing.closed
  }

  get bytesDone(): number {
    return this.#hearing.bytesDone
  }

  /** What an item takes, in microseconds, as the caller's loop has measured it. */
  measured(microsPerItem: number): void {
    this.#hearing.microsPerItem = microsPerItem
  }

  /** Items that one morsel should hold. */
  get morselItems(): number {
    return this.#morselOf(MOST_ITEMS)
  }

  #morselOf(most: number): number {
    const { weather, plan } = this.#o
    if (weather !== undefined) return (this.#decided ??= weather.morsel(plan.stages[0]!.name))
    if (this.#hearing.microsPerItem === 0) return FIRST_ITEMS
    return Math.max(1, Math.min(most, Math.round(MORSEL_MICROS / this.#hearing.microsPerItem)))
  }
  /** In a test: the size of the next morsel, once it has been asked for. */
  #decided: number | undefined

  /**
   * Takes items on their way to the pool, of which `base` is the index of the first. They follow on those taken before. Resolves when
   * the next ones may come.
   */
  async items(items: Held, base: number): Promise<void> {
    this.#company.add(items, base, this.#time.now())
    if (this.#isDue) await this.#depart(false)
    else this.#setAlarm()
  }

  /** Whether the items that wait for company should go now. */
  get #isDue(): boolean {
    const held = this.#company.size
    if (held === 0) return false
    const { out } = this.#delivery
    if (out === 0 || held >= this.morselItems) return true
    const { maxLatencyMs, plan } = this.#o
    const now = this.#time.now()
    if (now - this.#company.since >= maxLatencyMs) return true
    return out < plan.parallelism * 2 && now - this.#departed >= maxLatencyMs * SPACING
  }

  /** Sends the items that are due, or all of them. One at a time: their order is that of the input. */
  async #depart(all: boolean): Promise<void> {
    while (this.#departing !== undefined) await this.#departing.catch(() => undefined) // who began it is told
    const departing = this.#departAll(all)
    this.#departing = departing
    try {
      await departing
    } finally {
      this.#departing = undefined
    }
  }
  #departing: Promise<void> | undefined
  /** When items last left, in milliseconds. */
  #departed = 0

  async #departAll(all: boolean): Promise<void> {
    const company = this.#company
    while (company.size > 0 && (all || this.#isDue)) {
      await this.#permit()
      if (this.shut) break
      const { items, from, to } = company.next(this.morselItems)
      const { slot, taken } = this.#submit(items, from, to)
      if (slot < 0) {
        await this.#room()
        continue
      }
      this.#delivery.add(slot, company.base, taken, undefined)
      this.#decided = undefined
      company.took(taken, (this.#departed = this.#time.now()))
    }
    if (this.shut) company.clear()
    else this.#setAlarm()
  }

  /** Puts items of the company in front of the workers; its `base` is the index of `items[from]`. */
  #submit(items: Held, from: number, to: number): { readonly slot: number; readonly taken: number } {
    const { crew, plan } = this.#o
    try {
      return crew.submitItems(this.#registration.task, items, from, to, this.#owner, this.#hint)
    } catch (error) {
      const place = placeOf(error)
      throw place === undefined ? error : at(error, { index: this.#company.base + place }, plan.from)
    }
  }

  /** Something has changed, or time has passed: what waits may be due now. */
  readonly #look = (): void => {
    if (this.#departing !== undefined || !this.#isDue) return
    this.#depart(false).catch((error: unknown) => {
      this.#o.fail(error as Error)
    })
  }

  /** Sees to it that what waits for company leaves in time. */
  #setAlarm(): void {
    if (this.#alarm !== undefined || this.#company.size === 0) return
    this.#alarm = this.#time.at(this.#company.since + this.#o.maxLatencyMs, () => {
      this.#alarm = undefined
      this.#look()
      this.#setAlarm()
    })
  }
  #alarm: Alarm | undefined

  /** Runs a batch; a frame that nobody has decoded goes on as it is. Takes the batch over. */
  async batch(batch: Batch, base: number): Promise<void> {
    const small = batch.weight <= SMALL && this.#delivery.out > 0
    const large = this.#o.plan.parallelism > 1 && batch.count * this.#hearing.microsPerItem > MORSEL_MICROS * 2
    const joins = small || large
    if (!joins && this.#company.size > 0) await this.#depart(true)
    if (!joins) await this.#permit()
    const slot = joins || this.shut ? -1 : batch.takeSlot()
    if (slot >= 0) {
      while (!this.#o.crew.submitFrame(this.#registration.task, slot, this.#owner)) {
        await this.#room()
        if (!this.shut) continue
        batch.release()
        return
      }
      this.#delivery.add(slot, base, batch.count, undefined)
      return
    }
    try {
      if (!joins && (await this.#alone(batch, base))) return
      if (!(await this.#column(batch, base))) await this.items(batch.owned(), base)
    } finally {
      batch.release()
    }
  }

  /** Hands on a frame that was too large for a slot, as it is; answers whether it has. */
  async #alone(batch: Batch, base: number): Promise<boolean> {
    const frame = batch.takeAlone?.()
    if (frame === undefined) return false
    while (!this.shut) {
      const slot = this.#o.crew.submitAlone(this.#registration.task, frame, this.#owner)
      if (slot >= 0) {
        this.#delivery.add(slot, base, batch.count, undefined)
        return true
      }
      await this.#room()
    }
    return true
  }

  /** Hands out a column of numbers that is worth it where it is, without a copy that waits; answers whether it has. */
  async #column(batch: Batch, base: number): Promise<boolean> {
    const numbers = batch.input()
    const most = this.#morselOf(MOST_COLUMN)
    if (!isColumn(numbers) || numbers.length < most / 2 || this.#company.size > 0) return false
    for (let from = 0; from < numbers.length && !this.shut; ) {
      await this.#permit()
      if (this.shut) break
      const { slot, taken } = this.#submit(numbers, from, Math.min(numbers.length, from + most))
      if (slot < 0) {
        await this.#room()
        continue
      }
      this.#delivery.add(slot, base + from, taken, undefined)
      from += taken
    }
    return true
  }

  /** Hands out one morsel of numbers that its worker makes, from the first on: how many; 0 when no more is wanted. */
  async progression(numbers: Progression, base: number): Promise<number> {
    if (this.#company.size > 0) await this.#depart(true)
    await this.#permit()
    while (!this.shut) {
      const count = Math.min(numbers.length, this.#morselOf(MOST_NUMBERS))
      const slot = this.#o.crew.submitProgression(this.#registration.task, numbers.part(0, count), this.#owner)
      if (slot >= 0) {
        this.#delivery.add(slot, base, count, undefined)
        this.#decided = undefined
        return count
      }
      await this.#room()
    }
    return 0
  }

  /** Splits that have been handed out. */
  #splits = 0

  async split(split: Split): Promise<void> {
    await this.#permit()
    while (!this.shut) {
      store(this.#stop, WORD_SENT, ++this.#splits) // before a worker may begin it
      const slot = this.#o.crew.submitSplit(this.#registration.task, split)
      if (slot < 0) store(this.#stop, WORD_SENT, --this.#splits)
      else {
        this.#delivery.add(slot, 0, 0, split)
        return
      }
      await this.#room()
    }
  }

  /**
   * No more input: waits for what is out, flushes every worker's instances, and waits for that too. `here`: the task has moved to the pool;
   * one with a state then ends there, also when nothing has come.
   */
  async finish(here: boolean): Promise<void> {
    await this.#depart(true)
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
        await this.#room()
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
    return this.#company.size === 0 && this.#delivery.size === 0
  }

  /** Results wait for room in a channel, and with them all that come later; for the deadlock watch. */
  get sending(): boolean {
    return this.#delivery.sending
  }

  /** The run has failed or was cancelled, or nobody reads any more: throws the work away. */
  abort(): void {
    if (this.#delivery.aborted) return
    store(this.#stop, WORD_STOP, STOP_ABORT)
    this.#company.clear()
    this.#waiting.interrupt()
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
    this.#alarm?.cancel()
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

  async #permit(): Promise<void> {
    while (this.#delivery.size >= this.#window && !this.shut) await this.#delivery.changed()
  }

  /** Waits for a slot or a place in a queue; not after an abort. */
  async #room(): Promise<void> {
    await this.#waiting.wait(this.#o.crew.room())
  }
  readonly #waiting = new Interruptible()
}

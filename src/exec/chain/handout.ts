/**
 * Hands out morsels of a task within a window, in the order of its input.
 *
 *   items ── wait for company ──▶ window permit ──▶ slot ──▶ crew
 *   frames, columns, progressions, splits ────┘  as they are
 *
 * Invariants
 *   P1  at most `window` morsels are out; each holds at most FRAMES_PER_MORSEL frames here before the worker lets it rest
 * Items leave when they are as many as a morsel should have, when a worker waits for them, or when the first of them has waited
 * `maxLatencyMs`: morsels grow while workers are busy and shrink while they are not (Nagle's algorithm, RFC 896).
 * Called by chain-task.ts; pool-task.ts makes and ends it.
 */
import { store } from '../../atomic/park.ts'
import type { Hint } from '../../frame/hint.ts'
import type { TaskPlan } from '../../plan/plan.ts'
import type { Alarm, Clock } from '../../prelude/clock.ts'
import { Interruptible } from '../../prelude/interruptible.ts'
import { isColumn, type Held, type Progression } from '../../prelude/items.ts'
import type { Weather } from '../../prelude/weather.ts'
import type { Crew } from '../../runtime/crew.ts'
import { hintFor } from '../codec-columns.ts'
import type { Batch } from '../edges/batch.ts'
import { WORD_SENT, type Split } from '../protocol.ts'
import { at, placeOf } from '../uncloneable.ts'
import { Company } from './company.ts'
import type { Delivery } from './delivery.ts'
import type { Hearing } from './hearing.ts'

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

/** Morsels that may be out or not delivered, and one or two more. */
const windowOf = ({ affinity, head }: TaskPlan, workers: number): number => {
  if (affinity === 'serial') return 2
  const splits = workers * SPLITS_AHEAD + 2
  return head?.spec.role === 'source' && head.spec.splits !== undefined ? splits : Math.max(splits, Math.min(MANY, workers * ITEMS_AHEAD + 2))
}

export interface HandoutOptions {
  readonly plan: TaskPlan
  readonly crew: Crew
  /** The task's number, and the worker that it lives in; -1: it lives in all. */
  readonly task: number
  readonly owner: number
  /** The words that the task shares with its workers. */
  readonly stop: Int32Array
  readonly delivery: Delivery
  readonly hearing: Hearing
  readonly maxLatencyMs: number
  readonly time: Clock
  readonly weather: Weather | undefined
  readonly fail: (error: Error) => void
}

export class Handout {
  readonly #o: HandoutOptions
  readonly #window: number
  /** What is known of the items that it hands out. */
  readonly #hint: Hint | undefined
  readonly #company = new Company()

  constructor(options: HandoutOptions) {
    this.#o = options
    this.#window = windowOf(options.plan, options.crew.workers)
    this.#hint = hintFor(options.plan.input)
  }

  /** No more input is wanted: by the task's own kernels, or by anybody. */
  get shut(): boolean {
    return this.#o.delivery.aborted || this.#o.hearing.closed
  }

  /** Items that wait for company. */
  get waiting(): number {
    return this.#company.size
  }

  /** Hands out what waits for company. */
  rest(): Promise<void> {
    return this.#depart(true)
  }

  /** The work is thrown away: nothing waits any more. */
  clear(): void {
    this.#company.clear()
    this.#waiting.interrupt()
  }

  close(): void {
    this.#alarm?.cancel()
  }

  /** Items that one morsel should hold. */
  get #morselItems(): number {
    return this.#morselOf(MOST_ITEMS)
  }

  #morselOf(most: number): number {
    const { weather, plan } = this.#o
    if (weather !== undefined) return (this.#decided ??= weather.morsel(plan.stages[0]!.name))
    if (this.#o.hearing.microsPerItem === 0) return FIRST_ITEMS
    return Math.max(1, Math.min(most, Math.round(MORSEL_MICROS / this.#o.hearing.microsPerItem)))
  }
  /** In a test: the size of the next morsel, once it has been asked for. */
  #decided: number | undefined

  /**
   * Takes items on their way to the pool, of which `base` is the index of the first. They follow on those taken before. Resolves when
   * the next ones may come.
   */
  async items(items: Held, base: number): Promise<void> {
    this.#company.add(items, base, this.#o.time.now())
    if (this.#isDue) await this.#depart(false)
    else this.#setAlarm()
  }

  /** Whether the items that wait for company should go now. */
  get #isDue(): boolean {
    const held = this.#company.size
    if (held === 0) return false
    const { out } = this.#o.delivery
    if (out === 0 || held >= this.#morselItems) return true
    const { maxLatencyMs, plan } = this.#o
    const now = this.#o.time.now()
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
      const { items, from, to } = company.next(this.#morselItems)
      const { slot, taken } = this.#submit(items, from, to)
      if (slot < 0) {
        await this.room()
        continue
      }
      this.#o.delivery.add(slot, company.base, taken, undefined)
      this.#decided = undefined
      company.took(taken, (this.#departed = this.#o.time.now()))
    }
    if (this.shut) company.clear()
    else this.#setAlarm()
  }

  /** Puts items of the company in front of the workers; its `base` is the index of `items[from]`. */
  #submit(items: Held, from: number, to: number): { readonly slot: number; readonly taken: number } {
    const { crew, plan } = this.#o
    try {
      return crew.submitItems(this.#o.task, items, from, to, this.#o.owner, this.#hint)
    } catch (error) {
      const place = placeOf(error)
      throw place === undefined ? error : at(error, { index: this.#company.base + place }, plan.from)
    }
  }

  /** Something has changed, or time has passed: what waits may be due now. */
  look(): void {
    if (this.#departing !== undefined || !this.#isDue) return
    this.#depart(false).catch((error: unknown) => {
      this.#o.fail(error as Error)
    })
  }

  /** Sees to it that what waits for company leaves in time. */
  #setAlarm(): void {
    if (this.#alarm !== undefined || this.#company.size === 0) return
    this.#alarm = this.#o.time.at(this.#company.since + this.#o.maxLatencyMs, () => {
      this.#alarm = undefined
      this.look()
      this.#setAlarm()
    })
  }
  #alarm: Alarm | undefined

  /** Runs a batch; a frame that nobody has decoded goes on as it is. Takes the batch over. */
  async batch(batch: Batch, base: number): Promise<void> {
    const small = batch.weight <= SMALL && this.#o.delivery.out > 0
    const large = this.#o.plan.parallelism > 1 && batch.count * this.#o.hearing.microsPerItem > MORSEL_MICROS * 2
    const joins = small || large
    if (!joins && this.#company.size > 0) await this.#depart(true)
    if (!joins) await this.#permit()
    const slot = joins || this.shut ? -1 : batch.takeSlot()
    if (slot >= 0) {
      while (!this.#o.crew.submitFrame(this.#o.task, slot, this.#o.owner)) {
        await this.room()
        if (!this.shut) continue
        batch.release()
        return
      }
      this.#o.delivery.add(slot, base, batch.count, undefined)
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
      const slot = this.#o.crew.submitAlone(this.#o.task, frame, this.#o.owner)
      if (slot >= 0) {
        this.#o.delivery.add(slot, base, batch.count, undefined)
        return true
      }
      await this.room()
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
        await this.room()
        continue
      }
      this.#o.delivery.add(slot, base + from, taken, undefined)
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
      const slot = this.#o.crew.submitProgression(this.#o.task, numbers.part(0, count), this.#o.owner)
      if (slot >= 0) {
        this.#o.delivery.add(slot, base, count, undefined)
        this.#decided = undefined
        return count
      }
      await this.room()
    }
    return 0
  }

  /** Splits that have been handed out. */
  #splits = 0

  async split(split: Split): Promise<void> {
    await this.#permit()
    while (!this.shut) {
      store(this.#o.stop, WORD_SENT, ++this.#splits) // before a worker may begin it
      const slot = this.#o.crew.submitSplit(this.#o.task, split)
      if (slot < 0) store(this.#o.stop, WORD_SENT, --this.#splits)
      else {
        this.#o.delivery.add(slot, 0, 0, split)
        return
      }
      await this.room()
    }
  }

  async #permit(): Promise<void> {
    while (this.#o.delivery.size >= this.#window && !this.shut) await this.#o.delivery.changed()
  }

  /** Waits for a slot or a place in a queue; not after an abort. */
  async room(): Promise<void> {
    await this.#waiting.wait(this.#o.crew.room())
  }
  readonly #waiting = new Interruptible()
}

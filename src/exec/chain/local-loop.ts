/**
 * The kernels of a chain task as they run on the caller's loop: in slices of about a millisecond, results straight to the
 * outlets, failures and dead letters with their place.
 *
 *     items ── slice ──▶ instance.run ──▶ outs ──▶ outlets        a slice is as many items as took about SLICE_MS of late
 *                            └ PAUSED: send first; WAIT: sleep; both, then resume
 * Invariants
 *   L1  the event loop gets a turn when one is due (turn.ts), but for one slice or one call of a user's function
 *   L2  nothing is run after the run has failed or the last reader has left
 * Called by chain-task.ts, which feeds it and decides when the task moves to the pool. Knows operator/ and the outlets.
 */
import { CLOSED, PAUSED, WAIT, instantiate, type Instance, type Status } from '../../operator/loop/compile.ts'
import type { GaveUp } from '../../operator/loop/decision.ts'
import { kernels } from '../../operator/kernels.ts'
import type { KernelSpec, Origin, UserFunction } from '../../graph/spec.ts'
import type { Binding } from '../../plan/program.ts'
import type { Items } from '../../prelude/items.ts'
import { compileChecker } from '../../ship/check.ts'
import { validatorOf } from '../../ship/codec.ts'
import { describeCodec } from '../../ship/describe.ts'
import { loadHere } from '../../ship/from-module.ts'
import { sleep } from '../../task/time/sleep.ts'
import { columnBatch, localBatch } from '../edges/batch.ts'
import { deadLetterOf, failureOf, type DeadLetter } from '../failure.ts'
import { COUNTS_PER_NODE, COUNT_DEAD, COUNT_FAILED, COUNT_IN, COUNT_SKIPPED } from '../protocol.ts'
import type { TaskContext } from '../task.ts'
import { tell } from '../told.ts'
import { turnIfDue } from '../turn.ts'

/** A slice of work should take about so long, in milliseconds, or `maxLatencyMs` if that is less: what it makes leaves after it. */
const SLICE_MS = 1
/** Items of the first slice, and of the largest. */
const FIRST_SLICE = 16
const LARGEST_SLICE = 1 << 18
/** Results that a slice should bring at most, since they are held until its end; and numbers, if they gather in a column. */
const MOST_RESULTS = 4096
const MOST_NUMBERS = 16_384

/** Items to be run, and where they came from. */
export interface Input {
  readonly items: Items
  readonly origin?: Origin | undefined
}

/** What became of a slice. */
export interface Sliced {
  /** Items that it took. */
  readonly taken: number
  /** Whether more is wanted. */
  readonly open: boolean
}

export class LocalLoop {
  /** CPU time that the kernels have used here, in milliseconds. */
  cpuMs = 0
  /** Items that the kernels have been given here. */
  itemsRun = 0
  /** The task waits for room in a channel. */
  sending = false
  readonly #c: TaskContext
  /** Lines of the splits of a file that have been read; see `Progress`. */
  readonly #lines: ReadonlyMap<string, number>
  readonly #counts: Float64Array
  #specs: readonly KernelSpec[]
  #instance: Instance | undefined
  #origin: Origin | undefined
  #base = 0
  #dead: Promise<void>[] = []
  #slice = FIRST_SLICE

  constructor(context: TaskContext, lines: ReadonlyMap<string, number>) {
    this.#c = context
    this.#lines = lines
    this.#specs = context.plan.kernels.map((kernel) => kernel.spec as KernelSpec)
    this.#counts = new Float64Array(context.plan.program!.nodes.length * COUNTS_PER_NODE)
  }

  /** Plain state of the kernels, to be taken over by a worker; `undefined` when nothing has run here. */
  get states(): readonly object[] | undefined {
    return this.#instance?.states
  }

  /** Counters per node, as in protocol.ts. */
  totals(): Float64Array {
    const totals = Float64Array.from(this.#counts)
    this.#instance?.counts.forEach((entered, node) => {
      totals[node * COUNTS_PER_NODE + COUNT_IN]! += entered
    })
    return totals
  }

  /** For a task that stays here: fetches the functions that `fromModule` has left to the workers. */
  async fetch(): Promise<void> {
    this.#specs = await Promise.all(
      this.#specs.map(async (spec) => {
        const fns = await Promise.all(Object.entries(spec.fns).map(async ([name, fn]) => [name, await loadHere(fn)] as const))
        return { ...spec, fns: Object.fromEntries(fns), codec: spec.codec === undefined ? undefined : await loadHere(spec.codec) }
      })
    )
  }

  /** Runs `items` from `from` on, as many as one slice takes. `base` is the index of `items[0]` at the task's inlet. */
  async slice({ items, origin }: Input, from: number, base: number): Promise<Sliced> {
    const most = this.#c.weather === undefined ? this.#slice : await this.#decided(items.length - from)
    const instance = (this.#instance ??= this.#make())
    const to = Math.min(items.length, from + most)
    this.#base = base
    this.#origin = origin
    const begun = performance.now()
    const status = instance.run(items, from, to)
    this.cpuMs += performance.now() - begun
    this.itemsRun += to - from
    const ended = await this.#settle(instance, status)
    this.#adapt(performance.now() - begun, to - from, fullness(instance))
    const open = (await this.#send()) && ended !== CLOSED
    const due = this.breatheIfDue()
    if (due !== undefined) await due
    return { taken: to - from, open }
  }

  /** The input has ended: flushes what the kernels hold. */
  async end(): Promise<void> {
    const instance = (this.#instance ??= this.#make())
    this.#origin = undefined
    await this.#settle(instance, instance.end())
    await this.#send()
    await Promise.all(this.#dead)
  }

  /** The task is over, early or not: closes iterables that were being walked. */
  close(): void {
    this.#instance?.close()
  }

  /** In a test: how many items the next slice takes, and whether it goes on with a copy of the state. */
  async #decided(items: number): Promise<number> {
    const { weather, plan } = this.#c
    const { name } = plan.stages[0]!
    const most = items === 0 ? 0 : await weather!.slice(name, items)
    if (this.#instance !== undefined && weather!.moves(name)) this.#move(this.#instance)
    return most
  }

  /** A new instance goes on with a copy of the state, if it can be copied. */
  #move(left: Instance): void {
    let states: object[]
    try {
      states = structuredClone(left.states)
    } catch {
      return // as a task does that would move to a worker
    }
    left.counts.forEach((entered, node) => {
      this.#counts[node * COUNTS_PER_NODE + COUNT_IN]! += entered
    })
    const instance = (this.#instance = this.#make(states))
    left.outs.forEach((_, outlet) => {
      if (this.#c.outlets.closed(outlet)) instance.closeOutlet(outlet)
    })
  }

  /** Lets the event loop have a turn when one is due. Where a test decides whose turn it is, nothing goes by the machine's time. */
  breatheIfDue(): Promise<void> | undefined {
    return this.#c.weather === undefined ? turnIfDue() : undefined
  }

  /** Carries a status to its end: pauses are sent, waits are slept. */
  async #settle(instance: Instance, begun: Status): Promise<Status> {
    let status = begun
    while (status === PAUSED || status === WAIT) {
      if (status === WAIT) await this.#sleep(instance.waitMs)
      if (!(await this.#send())) return CLOSED
      await this.breatheIfDue()
      const again = performance.now()
      status = instance.resume()
      this.cpuMs += performance.now() - again
    }
    return status
  }

  #adapt(usedMs: number, items: number, full: number): void {
    const wanted = Math.min(SLICE_MS, this.#c.maxLatencyMs)
    if (usedMs < wanted / 2 && items >= this.#slice && full <= 1 / 2) this.#slice = Math.min(LARGEST_SLICE, this.#slice * 2)
    else if (usedMs > wanted * 2 || full > 1) this.#slice = Math.max(1, this.#slice >> 1)
  }

  /** Sends what the outlets hold. Answers whether anybody still reads. */
  async #send(): Promise<boolean> {
    const { outlets, plan } = this.#c
    const { outs, columns } = this.#instance!
    for (let outlet = 0; outlet < outs.length; outlet++) {
      const column = columns[outlet]
      const held = outs[outlet]!
      if (held.length > 0) outs[outlet] = []
      const batches = held.length > 0 ? [localBatch(held, plan.program!.outlets[outlet]!.text)] : []
      if (column !== undefined && column.count > 0) {
        const { numbers, free } = column.take()
        batches.unshift(columnBatch(numbers, free))
      }
      for (const batch of batches) {
        this.sending = true
        const taken = await outlets.push(outlet, batch)
        this.sending = false
        if (!taken && this.#instance!.closeOutlet(outlet)) return false
      }
    }
    if (this.#dead.length > 0) await Promise.all(this.#dead.splice(0))
    return !this.#c.over() && !outlets.allClosed
  }

  async #sleep(ms: number): Promise<void> {
    await sleep(ms, { signal: this.#c.signal }).catch(() => undefined)
  }

  #make(states?: readonly object[]): Instance {
    const { plan, weather } = this.#c
    const binding: Binding = {
      fns: this.#specs.map(({ fns }, k) => (weather === undefined ? fns : exchanged(fns, (fn) => weather.fn(plan.kernels[k]!.name, fn)))),
      envs: this.#specs.map((spec) => spec.env),
      checkers: this.#specs.map((spec) => (spec.codec === undefined ? undefined : checkerOf(spec.codec)))
    }
    return instantiate(plan.program!, kernels, binding, {
      failed: (node, index, item, error, end) => this.#failed(node, index, item, error, end),
      left: (node, index, item, cause) => {
        this.#setAside(node, index, item, cause)
      },
      dropped: (node) => {
        this.#count(node, COUNT_SKIPPED)
      }
    }, states, {
      columns: this.#c.loops,
      ...(weather === undefined ? { pauseMs: Math.min(SLICE_MS, this.#c.maxLatencyMs) } : { pauseAt: weather.pauseAt, pauseMs: Infinity })
    })
  }

  #count(node: number, which: number): void {
    this.#counts[node * COUNTS_PER_NODE + which]!++
  }

  /** Lines of the splits before the one that is being read. */
  get #linesBefore(): number {
    return this.#origin === undefined ? 0 : (this.#lines.get(this.#origin.file) ?? 0)
  }

  /** The stage's policy decides: the item is dropped, set aside, or ends the stage or the run. */
  #failed(node: number, index: number, item: unknown, error: unknown, end: GaveUp | undefined): 'stop' | undefined {
    const { plan } = this.#c
    const { onError } = plan.program!.nodes[node]!
    const policy = end?.policy ?? (typeof onError === 'object' ? onError.then : onError)
    if (policy === 'skip') this.#count(node, COUNT_SKIPPED)
    else if (policy === 'deadLetter') this.#setAside(node, index, item, error, end?.attempts)
    else if (policy === 'stop') {
      this.#c.stopped(this.#letter(node, index, item, error, end?.attempts))
      return policy
    } else {
      this.#count(node, COUNT_FAILED)
      throw failureOf(plan, tell(node, { origin: this.#origin }, index, 0, undefined, error), this.#base, this.#linesBefore, error)
    }
    return undefined
  }

  #setAside(node: number, index: number, item: unknown, cause: unknown, attempts = 1): void {
    this.#count(node, COUNT_DEAD)
    const sent = this.#c.deadLetter(this.#letter(node, index, item, cause, attempts))
    if (sent instanceof Promise) this.#dead.push(sent)
  }

  #letter(node: number, index: number, item: unknown, cause: unknown, attempts?: number): DeadLetter {
    const told = tell(node, { origin: this.#origin }, index, 0, undefined, cause, attempts)
    return { ...deadLetterOf(this.#c.plan, told, this.#base, this.#linesBefore), cause, item }
  }
}

const exchanged = (fns: KernelSpec['fns'], by: (fn: UserFunction) => UserFunction): KernelSpec['fns'] =>
  Object.fromEntries(Object.entries(fns).map(([name, fn]) => [name, typeof fn === 'function' ? by(fn) : fn]))

/** What the outlets hold, as a share of what a slice should bring; of the fullest. */
const fullness = ({ outs, columns }: Instance): number =>
  outs.reduce((most, out, outlet) => Math.max(most, out.length / MOST_RESULTS + (columns[outlet]?.count ?? 0) / MOST_NUMBERS), 0)

const checkers = new WeakMap<object, unknown>()

/** On the caller's loop too a codec is checked by its compiled form where it has one, so that both lanes agree. */
const checkerOf = (codec: object): unknown => {
  let checker = checkers.get(codec)
  if (checker === undefined) {
    const described = describeCodec(codec)
    checker = described._tag === 'Right' && 'shape' in described.right ? compileChecker(described.right.shape) : validatorOf(codec)
    checkers.set(codec, checker)
  }
  return checker
}

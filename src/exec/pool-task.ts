/**
 * A task while it runs on the pool: hands out morsels within a window, puts results back in order, sends them on.
 *
 *   dispatch ── window permit ──▶ slot ──▶ crew ──▶ worker ── notices ──▶ Pending (by order of dispatch)
 *   deliver  ◀── oldest Pending first: its frames go to the outlets, then its permit goes back
 *
 * Invariants
 *   P1  at most `window` morsels are out; each holds at most FRAMES_PER_MORSEL frames here before the worker lets it rest
 *   P2  results leave in the order of dispatch, and a morsel's in the order they were made
 *   P3  every slot that was submitted comes back: after DONE, after a worker's death, after an abort
 * Called by chain-task.ts. Knows crew.ts, edges and plans; decodes nothing but failures and dead letters.
 */
import { store } from '../atomic/park.ts'
import { PipelineError } from '../error/pipeline-error.ts'
import { workerDied } from '../error/wording-run.ts'
import type { TaskPlan } from '../plan/plan.ts'
import type { Death } from '../pool/pool.ts'
import { frameBatch, type Batch } from './batch.ts'
import { Interruptible } from '../prelude/interruptible.ts'
import { nextTask, type Crew, type Hand } from '../runtime/crew.ts'
import { deadLetterOf, failureOf, linesBefore, type DeadLetter } from './failure.ts'
import type { Outlets } from './outlets.ts'
import { COUNTS_PER_NODE, NOTICE_CLOSED, NOTICE_DEAD, NOTICE_DONE, NOTICE_FAIL, NOTICE_MORE, NOTICE_OUT, STOP_ABORT, STOP_DRAIN, type Registration, type Split, type Told } from './protocol.ts'

/** How long a cancelled run waits for a worker that is busy in a user's function before it replaces the worker. */
const GRACE_MS = 300

interface Pending {
  readonly slot: number
  /** Index of the morsel's first item at the task's inlet; for splits known only when it is the oldest. */
  readonly base: number
  readonly split: Split | undefined
  readonly count: number
  readonly pin: number
  /** What came back and has not gone on yet: batches by outlet, or dead letters (outlet -1). */
  readonly out: { readonly outlet: number; readonly batch: Batch }[]
  /** The worker that the morsel rests in, or -1. */
  rests: number
  done: boolean
  lines: number
  /** It has failed; resolves when the run has been told. */
  failing: Promise<void> | undefined
}

/** What has been read of a source's files, on both lanes; the loop and the pool add to it, one after the other. */
export interface Progress {
  /** By file: lines of the splits that are finished. */
  readonly lines: Map<string, number>
  /** Items (lines) of all splits that are finished. */
  items: number
  /** Bytes of the splits that were read on the loop. */
  bytes: number
}

export interface PoolTaskOptions {
  readonly plan: TaskPlan
  readonly crew: Crew
  readonly outlets: Outlets
  readonly progress: Progress
  readonly deadLetter: (letter: DeadLetter) => void | Promise<void>
  readonly fail: (error: Error) => void
  /** The task is over, whether the workers have answered or not. */
  readonly signal: AbortSignal
}

/** The description of a task that travels to workers. */
const registrationOf = (plan: TaskPlan, task: number, workers: number): Registration => {
  const program = plan.program!
  const head = plan.head?.spec
  return {
    type: 'register',
    task,
    program,
    serial: plan.affinity === 'serial',
    fns: plan.kernels.map((kernel) => kernel.shipment!.fns),
    envs: plan.kernels.map((kernel) => (kernel.spec.role === 'kernel' ? kernel.spec.env : undefined)),
    codecs: plan.kernels.map((kernel) => kernel.shipment!.codec),
    reader: head?.role === 'source' && head.splits !== undefined ? { kind: head.splits.reader.kind, args: head.args } : undefined,
    counters: new SharedArrayBuffer(Math.max(8, workers * program.nodes.length * COUNTS_PER_NODE * 8)),
    stop: new SharedArrayBuffer(4)
  }
}

export class PoolTask implements Hand {
  readonly counters: Float64Array
  /** Microseconds per item, as measured; for the size of morsels. Begins with what the caller's loop has measured. */
  microsPerItem = 0
  /** The task's own kernels want no more input. */
  shut = false
  itemsDone = 0
  bytesDone = 0
  readonly #o: PoolTaskOptions
  readonly #registration: Registration
  readonly #window: number
  readonly #order: Pending[] = []
  readonly #bySlot = new Map<number, Pending>()
  readonly #ran = new Set<number>()
  #wakeDispatch: (() => void) | undefined
  #ended = false
  #aborted: Error | undefined
  #delivering: Promise<void> | undefined
  /** Serial tasks live in one worker. */
  #owner = -1

  private constructor(options: PoolTaskOptions) {
    this.#o = options
    const { plan, crew } = options
    this.#registration = registrationOf(plan, nextTask(), crew.workers)
    this.counters = new Float64Array(this.#registration.counters)
    this.#window = plan.affinity === 'serial' ? 2 : crew.workers * 2 + 2
    if (plan.affinity === 'serial') this.#owner = this.#registration.task % crew.workers
  }

  /** Registers the task with every worker: resolves when all are ready, rejects with what one of them could not find. */
  static async open(options: PoolTaskOptions): Promise<PoolTask> {
    const task = new PoolTask(options)
    await options.crew.register(task.#registration, task, options.signal)
    options.crew.ref()
    task.#delivering = task.#deliver().catch((error: unknown) => {
      options.fail(error as Error)
    })
    return task
  }

  /** A serial task's state from the caller's loop, ahead of its first morsel; false when it cannot be cloned. */
  adopt(states: readonly object[]): boolean {
    try {
      this.#o.crew.pool.post(this.#owner, { type: 'adopt', task: this.#registration.task, states })
    } catch {
      return false
    }
    this.#ran.add(this.#owner) // from now on the state is lost with the worker
    return true
  }

  /** Items that one morsel should hold, so that it takes about 2 ms. */
  get morselItems(): number {
    if (this.microsPerItem === 0) return 256
    return Math.max(1, Math.min(8192, Math.round(2000 / this.microsPerItem)))
  }

  /** Runs items on the pool, in as many morsels as they need. `base` is the index of the first. */
  async items(items: readonly unknown[], base: number): Promise<void> {
    for (let from = 0; from < items.length && !this.shut; ) {
      await this.#permit()
      if (this.shut) return
      const to = Math.min(items.length, from + this.morselItems)
      const { slot, taken } = this.#o.crew.submitItems(this.#registration.task, items, from, to, this.#owner)
      if (slot < 0) {
        await this.#room()
        continue
      }
      this.#add(slot, base + from, taken, undefined, this.#owner)
      from += taken
    }
  }

  /** Runs a batch; a frame that nobody has decoded goes on as it is. Takes the batch over. */
  async batch(batch: Batch, base: number): Promise<void> {
    await this.#permit()
    const slot = this.shut ? -1 : batch.takeSlot()
    if (slot >= 0) {
      while (!this.#o.crew.submitFrame(this.#registration.task, slot, this.#owner)) {
        await this.#room()
        if (!this.shut) continue
        batch.release()
        return
      }
      this.#add(slot, base, batch.count, undefined, this.#owner)
      return
    }
    try {
      await this.items(batch.items(), base)
    } finally {
      batch.release()
    }
  }

  async split(split: Split): Promise<void> {
    await this.#permit()
    while (!this.shut) {
      const slot = this.#o.crew.submitSplit(this.#registration.task, split)
      if (slot >= 0) {
        this.#add(slot, 0, 0, split, -1)
        return
      }
      await this.#room()
    }
  }

  /** No more input: waits for what is out, flushes every worker's instances, and waits for that too. */
  async finish(): Promise<void> {
    while (this.#order.length > 0 && this.#aborted === undefined) await this.#changed()
    const flushes = this.#o.plan.program!.nodes.length > 0 ? [...this.#ran] : []
    for (const worker of flushes) {
      while (this.#aborted === undefined) {
        const slot = this.#o.crew.submitEnd(this.#registration.task, worker)
        if (slot >= 0) {
          this.#add(slot, this.#o.progress.items, 0, undefined, worker)
          break
        }
        await this.#room()
      }
    }
    this.#ended = true
    this.#poke()
    await this.#delivering
    await this.close()
  }

  /** Work that is out, for the deadlock watch. */
  get busy(): boolean {
    return this.#order.some((pending) => !pending.done && pending.rests < 0)
  }

  /** Results wait for room in a channel, and with them all that come later; for the deadlock watch. */
  sending = false

  /** The run has failed or was cancelled, or nobody reads any more: throws the work away. */
  abort(reason: Error): void {
    if (this.#aborted !== undefined) return
    this.#aborted = reason
    this.shut = true
    store(new Int32Array(this.#registration.stop), 0, STOP_ABORT)
    this.#waiting.interrupt()
    for (const pending of this.#order) {
      for (const { batch } of pending.out.splice(0)) batch.release()
      if (pending.rests >= 0) this.#resume(pending)
    }
    this.#poke()
  }

  /** The run drains: who reads a split stops reading; what has been read is worked on. */
  drain(): void {
    if (this.#aborted === undefined) store(new Int32Array(this.#registration.stop), 0, STOP_DRAIN)
  }

  /** Waits until the pool has let go of every morsel; a worker that does not answer is replaced. */
  async close(): Promise<void> {
    const { crew } = this.#o
    if (this.#closed) return
    this.#closed = true
    this.#ended = true
    this.#poke()
    if (this.#order.some((pending) => !pending.done)) {
      const late = setTimeout(() => {
        for (const { worker, running } of crew.pool.metrics()) if (this.#bySlot.has(running)) crew.terminate(worker)
        // What is queued behind another run's function would wait for as long as that takes.
        for (const pending of this.#order) if (!pending.done && crew.withdraw(pending.slot)) this.#done(pending, 0, 0, 0)
        this.#poke()
      }, GRACE_MS)
      while (this.#order.some((pending) => !pending.done)) await this.#changed()
      clearTimeout(late)
    }
    await this.#delivering
    // Told to the workers before a slot is used anew: who holds a morsel at rest there lets go of it first.
    crew.unregister(this.#registration.task)
    for (const pending of this.#order.splice(0)) {
      for (const { batch } of pending.out) batch.release()
      crew.release(pending.slot)
    }
    crew.unref()
  }
  #closed = false

  notice(worker: number, kind: number, slot: number, a: number, b: number, c: number, d: number): void {
    const pending = this.#bySlot.get(slot)
    if (pending === undefined) return
    this.#ran.add(worker)
    switch (kind) {
      case NOTICE_OUT: {
        const { text } = this.#o.plan.program!.outlets[a]!
        this.#hold(pending, a, frameBatch(this.#o.crew.frame(b, worker, d), c, text))
        break
      }
      case NOTICE_DEAD:
        this.#hold(pending, -1, frameBatch(this.#o.crew.frame(b, worker, d), c, false))
        break
      case NOTICE_FAIL: {
        const frame = this.#o.crew.frame(b, worker, d)
        const [told] = frame.items() as [Told]
        frame.release()
        pending.failing = this.#failed(pending, told)
        break
      }
      case NOTICE_MORE:
        pending.rests = worker
        if (this.#aborted !== undefined) this.#resume(pending)
        break
      case NOTICE_CLOSED:
        this.shut = true
        this.#wakeDispatch?.()
        break
      case NOTICE_DONE:
        this.#done(pending, a, b, c)
    }
    this.#poke()
  }

  died(death: Death): boolean {
    // Whatever had run there may have left state behind (partial answers, morsels at rest) that is gone.
    const gone = new Set([...death.running, ...death.pinned, ...death.lost])
    const lost = this.#order.filter((p) => !p.done && (gone.has(p.slot) || p.rests === death.worker))
    const stateful = this.#ran.has(death.worker) && this.#o.plan.kernels.some((k) => k.spec.role === 'kernel' && k.spec.parallelism !== 'stateless')
    for (const pending of lost) this.#done(pending, 0, 0, 0)
    const fails = (lost.length > 0 || stateful || !death.replaced) && this.#aborted === undefined && !(this.#ended && this.#order.length === 0)
    if (fails) {
      const running = lost.find((p) => p.slot === death.current) ?? lost[0]
      const stages = this.#o.plan.stages.map((stage) => stage.name)
      this.#o.fail(workerDied(stages, death.code, death.error, running === undefined ? undefined : { base: running.base, count: running.count, file: running.split?.file, start: running.split?.start }))
    }
    this.#poke()
    return fails
  }

  refused(error: unknown): void {
    this.#o.fail(PipelineError.from(error))
  }

  #done(pending: Pending, lines: number, micros: number, kib: number): void {
    pending.done = true
    pending.rests = -1
    pending.lines = lines
    this.#bySlot.delete(pending.slot)
    this.itemsDone += pending.split === undefined ? pending.count : lines
    this.bytesDone += kib * 1024
    if (pending.count > 0 && micros > 0) {
      const sample = micros / pending.count
      this.microsPerItem = this.microsPerItem === 0 ? sample : this.microsPerItem * 0.7 + sample * 0.3
    }
  }

  #add(slot: number, base: number, count: number, split: Split | undefined, pin: number): void {
    const pending: Pending = { slot, base, count, split, pin, out: [], rests: -1, done: false, lines: 0, failing: undefined }
    this.#order.push(pending)
    this.#bySlot.set(slot, pending)
    this.#poke()
  }

  #hold(pending: Pending, outlet: number, batch: Batch): void {
    if (this.#aborted !== undefined) batch.release()
    else pending.out.push({ outlet, batch })
  }

  #resume(pending: Pending): void {
    const worker = pending.rests
    pending.rests = -1
    this.#o.crew.resume(worker, pending.slot)
  }

  async #failed(pending: Pending, told: Told): Promise<void> {
    const plain = told.file !== undefined && told.splitStart !== undefined && told.splitStart > 0
    const lines = plain ? await linesBefore(told.file, told.splitStart).catch(() => 0) : 0
    const base = pending.split === undefined ? pending.base : -1 // how many came before is known when they are done
    this.#o.fail(failureOf(this.#o.plan, told, base, lines))
  }

  async #deliver(): Promise<void> {
    const { outlets, crew, plan } = this.#o
    for (;;) {
      if (this.#aborted !== undefined) return
      const oldest = this.#order[0]
      if (oldest === undefined) {
        if (this.#ended) return
        await this.#changed()
        continue
      }
      const next = oldest.out.shift()
      if (next !== undefined) {
        this.sending = true
        if (next.outlet >= 0) await outlets.push(next.outlet, next.batch)
        else await this.#dead(oldest, next.batch)
        this.sending = false
      } else if (oldest.failing !== undefined) {
        await oldest.failing // the place of the failure takes a while to find; until then the run is not over
        return
      } else if (oldest.rests >= 0) this.#resume(oldest)
      else if (oldest.done) {
        this.#order.shift()
        crew.release(oldest.slot)
        this.#count(oldest)
        this.#poke() // there is a place for the next one, and finish() waits for the last one to be gone
      } else await this.#changed()
      if (outlets.allClosed && plan.program!.outlets.length > 0) {
        this.abort(new Error('nobody reads any more'))
        return
      }
    }
  }

  #count({ split, lines }: Pending): void {
    const { progress } = this.#o
    if (split === undefined) return
    progress.items += lines
    progress.lines.set(split.file, (progress.lines.get(split.file) ?? 0) + lines)
  }

  async #dead({ split, base }: Pending, batch: Batch): Promise<void> {
    const { plan, progress, deadLetter } = this.#o
    // The morsels before this one have been counted: results leave in order (P2).
    const [first, lines] = split === undefined ? [base, 0] : [progress.items, progress.lines.get(split.file) ?? 0]
    for (const told of batch.items() as Told[]) await deadLetter(deadLetterOf(plan, told, first, lines))
    batch.release()
  }

  async #permit(): Promise<void> {
    while (this.#order.length >= this.#window && !this.shut) {
      await new Promise<void>((resolve) => {
        this.#wakeDispatch = resolve
      })
    }
    this.#wakeDispatch = undefined
  }

  /** Waits for a slot or a place in a queue; not after an abort. */
  async #room(): Promise<void> {
    await this.#waiting.wait(this.#o.crew.room())
  }
  readonly #waiting = new Interruptible()

  readonly #watchers: (() => void)[] = []
  #changed(): Promise<void> {
    return new Promise((resolve) => this.#watchers.push(resolve))
  }

  #poke(): void {
    this.#wakeDispatch?.()
    for (const wake of this.#watchers.splice(0)) wake()
  }
}

/**
 * A task of fused kernels, with the source that may head it: begins on the caller's loop, moves to the pool when the
 * work is worth it.
 *
 *   feed (channel, cursor or splits) ──▶ on the loop: slices of about a millisecond, results straight to the outlets
 *                                   └──▶ on the pool: morsels through pool-task.ts
 *
 * The move: after MOVE_AFTER_MS of CPU here (at once for large splits, or where the plan says so) the task is registered
 * with the crew, while the loop goes on; once every worker is ready the next batch goes to the pool. Serial tasks take
 * their state along. A task whose plan is on the caller's loop never moves.
 * Called by run.ts.
 */
import { setImmediate, setTimeout as later } from 'node:timers/promises'
import { CLOSED, PAUSED, WAIT, instantiate, type Instance, type Status } from '../operator/compile.ts'
import { kernels } from '../operator/kernels.ts'
import type { ItemBatch, KernelSpec, SourceCursor, SplitCursor, SplitPlan } from '../graph/spec.ts'
import type { Binding } from '../plan/program.ts'
import { compileChecker } from '../ship/check.ts'
import { describeCodec } from '../ship/describe.ts'
import { validatorOf } from '../ship/codec.ts'
import { loadHere } from '../ship/from-module.ts'
import { localBatch, type Batch } from './batch.ts'
import { crewOf } from './crew.ts'
import { deadLetterOf, failureOf } from './failure.ts'
import { DEAD_LETTERS } from './letters.ts'
import { PoolTask } from './pool-task.ts'
import { COUNTS_PER_NODE, COUNT_DEAD, COUNT_FAILED, COUNT_IN, COUNT_SKIPPED } from './protocol.ts'
import type { TaskContext } from './task.ts'
import { tell } from './told.ts'

/** CPU time that a task uses on the caller's loop before it moves, in milliseconds. */
const MOVE_AFTER_MS = 4
/** A slice of work on the caller's loop should take about so long, in milliseconds. */
const SLICE_MS = 1
/** After so long without a turn the task lets the event loop turn: the cooperative budget, in milliseconds. */
const TURN_MS = 8
/** Sources of more bytes than this go to the pool at once. */
const LARGE_BYTES = 1024 * 1024
/** Bytes per split on the caller's loop and on the pool. */
const LOOP_SPLIT = 256 * 1024
const POOL_SPLIT = 512 * 1024

/** What a feed answers: a batch of the loop, or one that came through a channel. */
type Fed = { readonly batch: ItemBatch } | { readonly channel: Batch }

export class ChainTask {
  readonly counts: Float64Array
  itemsIn = 0
  cpuMs = 0
  readonly #c: TaskContext
  #pool: PoolTask | undefined
  #instance: Instance | undefined
  #moving: Promise<void> | undefined
  #ready = false
  #splits: SplitPlan | undefined
  #cursor: SourceCursor | SplitCursor | undefined
  #batch: Pick<ItemBatch, 'origin'> = {}
  #base = 0
  #lineBase = new Map<string, number>()
  #dead: Promise<void>[] = []
  #slice = 16
  #turn = performance.now()
  #waitingFor: 'edge' | 'other' = 'other'

  constructor(context: TaskContext) {
    this.#c = context
    this.#kernels = context.plan.kernels.map((kernel) => kernel.spec as KernelSpec)
    this.counts = new Float64Array(context.plan.program!.nodes.length * COUNTS_PER_NODE)
  }

  /** Whether only a channel can move this task on; for the deadlock watch. */
  get stuck(): boolean {
    return this.#waitingFor === 'edge' && this.#pool?.busy !== true
  }

  get onPool(): boolean {
    return this.#ready
  }

  get bytesDone(): number {
    return this.#pool?.bytesDone ?? 0
  }

  get totalBytes(): number | undefined {
    return this.#splits?.totalBytes
  }

  /** Counters per node, both lanes together. */
  totals(): Float64Array {
    const { nodes } = this.#c.plan.program!
    const out = Float64Array.from(this.counts)
    nodes.forEach((_, node) => {
      out[node * COUNTS_PER_NODE + COUNT_IN]! += this.#instance?.counts[node] ?? 0
    })
    const pool = this.#pool?.counters
    if (pool !== undefined) for (let i = 0; i < pool.length; i++) out[i % out.length]! += pool[i]!
    return out
  }

  async drive(): Promise<void> {
    const { outlets, plan, signal } = this.#c
    outlets.onAllClosed(() => {
      this.#stopFeed()
    })
    try {
      if (plan.start === 'pool') await this.#move()
      else if (plan.affinity === 'loop') await this.#fetch()
      await this.#run()
      if (signal.aborted) throw this.#c.cancelled()
      await this.#finish()
      outlets.end()
    } catch (error) {
      this.#pool?.abort(error as Error)
      throw error
    } finally {
      await this.#moving?.catch(() => undefined)
      this.#pool?.abort(new Error('the task is over'))
      await this.#pool?.close()
      await this.#closeFeed()
      for (const edge of this.#c.inlets) edge.leave()
    }
  }

  /** Feeds the loop or the pool until the input ends or nobody wants more. */
  async #run(): Promise<void> {
    const { head } = this.#c.plan
    if (head?.spec.role !== 'source') return this.#fromChannel()
    if (head.spec.splits === undefined) {
      this.#cursor = head.kind === DEAD_LETTERS ? this.#c.letters.cursor() : await head.spec.open!(this.#c.context(head.name))
      return this.#fromCursor(this.#cursor)
    }
    return this.#fromSplits(await head.spec.splits.list(this.#c.context(head.name)))
  }

  async #fromChannel(): Promise<void> {
    const edge = this.#c.inlets[0]!
    while (!this.#over) {
      this.#waitingFor = 'edge'
      const batch = await edge.pull()
      this.#waitingFor = 'other'
      if (batch === undefined || !(await this.#feed({ channel: batch }))) return
    }
  }

  async #fromCursor(cursor: SourceCursor): Promise<void> {
    while (!this.#over && !(this.#c.draining() && this.#c.plan.head?.kind !== DEAD_LETTERS)) {
      const pulled = cursor.pull()
      const batch = pulled instanceof Promise ? await this.#orStopped(pulled) : pulled
      if (batch === undefined || !(await this.#feed({ batch }))) return
    }
  }

  async #fromSplits(splits: SplitPlan): Promise<void> {
    this.#splits = splits
    const { head, affinity } = this.#c.plan
    if (head?.spec.role !== 'source') return
    const { reader } = head.spec.splits!
    if (affinity === 'parallel' && (splits.totalBytes ?? Infinity) > LARGE_BYTES) await this.#move()
    while (!this.#over && !this.#c.draining()) {
      const split = splits.next(this.#ready ? POOL_SPLIT : LOOP_SPLIT)
      if (split === undefined) return
      if (this.#ready && affinity === 'parallel') {
        await this.#pool!.split(split)
        continue
      }
      const cursor = reader.open(split, head.spec.args, 'async')
      this.#cursor = cursor
      try {
        for (;;) {
          const batch = await this.#orStopped(Promise.resolve(cursor.pull()))
          if (batch === undefined) break
          if (!(await this.#feed({ batch }))) return
        }
      } finally {
        this.#cursor = undefined
        await cursor.close()
      }
      this.#lineBase.set(split.file, (this.#lineBase.get(split.file) ?? 0) + cursor.lines)
    }
  }

  /** One batch, where the task is now. Answers whether more is wanted. */
  async #feed(fed: Fed): Promise<boolean> {
    if (this.#ready && !('batch' in fed && fed.batch.origin !== undefined)) return this.#toPool(fed)
    const items = 'batch' in fed ? fed.batch.items : fed.channel.items()
    this.#batch = 'batch' in fed ? fed.batch : {}
    const start = this.itemsIn
    this.itemsIn += items.length
    const more = await this.#onLoop(items, start)
    if ('channel' in fed) fed.channel.release()
    return more
  }

  async #toPool(fed: Fed): Promise<boolean> {
    const base = this.itemsIn
    if ('channel' in fed) {
      this.itemsIn += fed.channel.count
      await this.#pool!.batch(fed.channel, base)
    } else {
      this.itemsIn += fed.batch.items.length
      await this.#pool!.items(fed.batch.items, base)
    }
    if (performance.now() - this.#turn > TURN_MS) await this.#breathe()
    return !this.#pool!.shut
  }

  async #onLoop(items: readonly unknown[], start: number): Promise<boolean> {
    const instance = (this.#instance ??= this.#makeInstance())
    const origin = this.#batch.origin
    for (let from = 0; from < items.length; ) {
      if (this.#ready && origin === undefined) {
        await this.#pool!.items(items.slice(from), start + from)
        return !this.#pool!.shut
      }
      const whole = from === 0 && items.length <= this.#slice
      const part = whole ? items : items.slice(from, from + this.#slice)
      this.#base = start + from
      if (origin !== undefined) this.#batch = { origin: { ...origin, line: origin.line + from, lines: origin.lines === undefined ? undefined : Array.prototype.slice.call(origin.lines, from) as number[] } }
      const begun = performance.now()
      let status = instance.run(part)
      let used = performance.now() - begun
      while (status === PAUSED || status === WAIT) {
        if (status === WAIT) await this.#sleep(instance.waitMs)
        if (!(await this.#send())) return false
        const again = performance.now()
        status = instance.resume()
        used += performance.now() - again
      }
      from += part.length
      this.#account(used, part.length)
      if (this.#c.plan.affinity === 'serial') await this.#moving // its state moves along: it rests until the pool has it
      if (!(await this.#send()) || status === CLOSED) return false
      if (performance.now() - this.#turn > TURN_MS) await this.#breathe()
    }
    return true
  }

  /** Adapts the slice to the cost of items, and moves the task when it has used its share of the loop. */
  #account(usedMs: number, items: number): void {
    this.cpuMs += usedMs
    if (usedMs < SLICE_MS / 2 && items >= this.#slice) this.#slice = Math.min(4096, this.#slice * 2)
    else if (usedMs > SLICE_MS * 2) this.#slice = Math.max(1, this.#slice >> 1)
    if (this.cpuMs > MOVE_AFTER_MS && this.#moving === undefined && this.#movable) {
      this.#move().catch((error: unknown) => {
        this.#c.fail(error as Error)
      })
    }
  }

  /** A task on the caller's lane stays; so does one whose state holds what cannot be cloned. */
  get #movable(): boolean {
    const { plan } = this.#c
    if (plan.affinity === 'loop' || plan.kernels.length === 0) return false
    if (plan.affinity === 'parallel') return true
    try {
      structuredClone(this.#instance?.states)
      return true
    } catch {
      this.#moving = Promise.resolve()
      return false
    }
  }

  /** Registers the task with the crew; from then on `#ready`. */
  #move(): Promise<void> {
    if (this.#c.plan.affinity === 'loop') return Promise.resolve()
    return (this.#moving ??= this.#open())
  }

  async #open(): Promise<void> {
    const { plan, outlets, workers } = this.#c
    const pool = await PoolTask.open({
      plan,
      crew: crewOf(workers),
      outlets,
      states: plan.affinity === 'serial' ? this.#instance?.states : undefined,
      deadLetter: this.#c.deadLetter,
      fail: this.#c.fail
    })
    this.#pool = pool
    if (this.#over) return
    this.#ready = true
  }

  async #finish(): Promise<void> {
    if (this.#instance !== undefined && !(this.#ready && this.#c.plan.affinity === 'serial')) {
      let status: Status = this.#instance.end()
      while (status === PAUSED || status === WAIT) {
        if (status === WAIT) await this.#sleep(this.#instance.waitMs)
        await this.#send()
        status = this.#instance.resume()
      }
      await this.#send()
    } else if (this.#instance === undefined && this.#pool === undefined) {
      this.#instance = this.#makeInstance()
      this.#instance.end()
      await this.#send()
    }
    await this.#pool?.finish()
    await Promise.all(this.#dead)
    if (this.#c.signal.aborted) throw this.#c.cancelled()
  }

  /** Sends what the outlets hold. Answers whether anybody still reads. */
  async #send(): Promise<boolean> {
    const { outlets, plan } = this.#c
    const outs = this.#instance!.outs
    for (let outlet = 0; outlet < outs.length; outlet++) {
      const held = outs[outlet]!
      if (held.length === 0) continue
      outs[outlet] = []
      this.#waitingFor = 'edge'
      const taken = await outlets.push(outlet, localBatch(held, plan.program!.outlets[outlet]!.text))
      this.#waitingFor = 'other'
      if (!taken && this.#instance!.closeOutlet(outlet)) return false
    }
    if (this.#dead.length > 0) await Promise.all(this.#dead.splice(0))
    return !this.#over
  }

  /** The kernels' specs; what `fromModule` has left in its module is put in by {@link #fetch}. */
  #kernels: readonly KernelSpec[]

  /** A task that stays here needs the functions that were meant for workers only. */
  async #fetch(): Promise<void> {
    this.#kernels = await Promise.all(
      this.#kernels.map(async (spec) => {
        const fns = await Promise.all(Object.entries(spec.fns).map(async ([name, fn]) => [name, await loadHere(fn)] as const))
        return { ...spec, fns: Object.fromEntries(fns), codec: spec.codec === undefined ? undefined : await loadHere(spec.codec) }
      })
    )
  }

  #makeInstance(): Instance {
    const { plan } = this.#c
    const kept = this.#kernels
    const binding: Binding = {
      fns: kept.map((spec) => spec.fns),
      envs: kept.map((spec) => spec.env),
      checkers: kept.map((spec) => (spec.codec === undefined ? undefined : checkerOf(spec.codec)))
    }
    const count = (node: number, which: number): void => {
      this.counts[node * COUNTS_PER_NODE + which]!++
    }
    const dead = (node: number, index: number, item: unknown, error: unknown): void => {
      count(node, COUNT_DEAD)
      const file = this.#batch.origin?.file
      const told = tell(node, this.#batch, index, 0, item, error)
      const sent = this.#c.deadLetter({
        ...deadLetterOf(plan, told, this.#base, file === undefined ? 0 : (this.#lineBase.get(file) ?? 0)),
        cause: error,
        item
      })
      if (sent instanceof Promise) this.#dead.push(sent)
    }
    return instantiate(plan.program!, kernels, binding, {
      failed: (node, index, item, error) => {
        const { onError } = plan.program!.nodes[node]!
        const policy = typeof onError === 'object' ? onError.then : onError
        if (policy === 'skip') count(node, COUNT_SKIPPED)
        else if (policy === 'deadLetter') dead(node, index, item, error)
        else {
          count(node, COUNT_FAILED)
          const file = this.#batch.origin?.file
          const told = { ...tell(node, this.#batch, index, 0, undefined, error) }
          throw failureOf(plan, told, this.#base, file === undefined ? 0 : (this.#lineBase.get(file) ?? 0), error)
        }
      },
      left: dead
    })
  }

  get #over(): boolean {
    return this.#c.signal.aborted || this.#c.outlets.allClosed
  }

  async #breathe(): Promise<void> {
    await setImmediate()
    this.#turn = performance.now()
  }

  async #sleep(ms: number): Promise<void> {
    await later(ms, undefined, { signal: this.#c.signal }).catch(() => undefined)
    this.#turn = performance.now()
  }

  /** A pull that may last is given up when the run ends or nobody reads any more. */
  async #orStopped(pulled: Promise<ItemBatch | undefined>): Promise<ItemBatch | undefined> {
    return Promise.race([pulled, this.#stopped])
  }
  #release: () => void = () => undefined
  readonly #stopped = new Promise<undefined>((resolve) => {
    this.#release = () => {
      resolve(undefined)
    }
  })

  #stopFeed(): void {
    this.#release()
    this.#pool?.abort(new Error('nobody reads any more'))
  }

  /** Called when the run is cancelled or drained: wakes whatever waits. */
  wake(): void {
    if (this.#c.signal.aborted || this.#c.plan.head?.kind !== DEAD_LETTERS) this.#release()
    if (this.#c.signal.aborted) this.#pool?.abort(this.#c.cancelled())
  }

  async #closeFeed(): Promise<void> {
    const cursor = this.#cursor
    this.#cursor = undefined
    await cursor?.close()
  }
}

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

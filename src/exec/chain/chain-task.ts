/**
 * A task of fused kernels, with the source that may head it: begins on the caller's loop, moves to the pool when the
 * work is worth it.
 *
 *   feed (channel, cursor or splits) ──▶ on the loop: local-loop.ts, slice by slice
 *                                   └──▶ on the pool: handout.ts, morsel by morsel
 *
 * The move (move.ts): after MOVE_AFTER_MS of CPU here (at once for large splits) the task is registered with the crew, while the loop
 * goes on; once every worker is ready it switches, between two slices: the next batch goes to the pool, and a serial task's
 * state goes ahead of it. Where the plan says so it waits for the pool before its first item. A task whose plan is on the
 * caller's loop never moves, nor does one whose state cannot be cloned; one that ends before it has moved waits for nobody.
 * Called by run.ts.
 */
import { setImmediate } from 'node:timers/promises'
import { sourceFailed } from '../../error/wording-run.ts'
import { DEAD_LETTERS } from '../../graph/letters.ts'
import type { ItemBatch, SourceCursor, SourceSpec, SplitCursor, SplitPlan } from '../../graph/spec.ts'
import { Interruptible } from '../../prelude/interruptible.ts'
import { Progression, Rows, type Items } from '../../prelude/items.ts'
import type { Batch } from '../edges/batch.ts'
import { LocalLoop, type Input } from './local-loop.ts'
import type { Progress } from './delivery.ts'
import { Move } from './move.ts'
import type { Crossings } from '../report.ts'
import type { Task, TaskContext } from '../task.ts'

/** Items of more than so many KiB each, such as what workers have gathered, are dear to work on: the first waits for the pool, as huge sources do. */
const LARGE_KIB = 128
/** Sources of more bytes than this go to the pool at once. */
const LARGE_BYTES = 1024 * 1024
/** Those of more than this wait for it, so that the caller's loop is free from the beginning. */
const HUGE_BYTES = 64 * LARGE_BYTES
/** Bytes per split on the caller's loop and on the pool; of huge sources, where few splits are as good as many. */
const LOOP_SPLIT = 256 * 1024
const POOL_SPLIT = 512 * 1024
const HUGE_SPLIT = 1024 * 1024
/** Parts that each worker could have of what is left of it. */
const SHARES = 4

/** Bytes of the next split of a huge source, of which so many are left: smaller ones towards its end, so that workers end together. */
const splitOf = (left: number, workers: number): number => Math.max(LOOP_SPLIT, Math.min(HUGE_SPLIT, Math.floor(left / (SHARES * workers))))

/** What a feed answers: a batch of the loop, or one that came through a channel. */
type Fed = { readonly batch: ItemBatch } | { readonly channel: Batch }

const isLarge = ({ weight, count }: Batch): boolean => weight > LARGE_KIB * count

const inputOf = (batch: ItemBatch): Input => ({ items: batch.progression ?? batch.items, origin: batch.origin })

export class ChainTask implements Task {
  itemsIn = 0
  readonly #c: TaskContext
  readonly #loop: LocalLoop
  /** What has been read of files, on either lane: for positions. */
  readonly #progress: Progress = { lines: new Map(), items: 0, bytes: 0 }
  readonly #move: Move
  #splits: SplitPlan | undefined
  #cursor: SourceCursor | SplitCursor | undefined
  #pulling = false

  constructor(context: TaskContext) {
    this.#c = context
    this.#loop = new LocalLoop(context, this.#progress.lines)
    this.#move = new Move(context, this.#loop, this.#progress, () => {
      this.#closed()
    })
  }

  get stuck(): boolean {
    return (this.#pulling || this.#loop.sending || this.#move.pool?.sending === true) && this.#move.pool?.busy !== true
  }

  get still(): boolean {
    const [edge] = this.#c.inlets
    return this.#ended || (edge?.awaited === true && (this.#move.pool === undefined || this.#move.pool.still))
  }
  #ended = false

  get cpuMs(): number {
    return this.#loop.cpuMs
  }

  get onPool(): boolean {
    return this.#move.made
  }

  get crossings(): Crossings | undefined {
    return this.#move.pool?.crossings
  }

  get bytesDone(): number {
    return this.#progress.bytes + (this.#move.pool?.bytesDone ?? 0)
  }

  get totalBytes(): number | undefined {
    return this.#splits?.totalBytes
  }

  totals(): Float64Array {
    const totals = this.#loop.totals()
    this.#move.pool?.counters.forEach((count, i) => {
      totals[i % totals.length]! += count // one row of counters per worker
    })
    return totals
  }

  async drive(): Promise<void> {
    const { outlets, plan, signal } = this.#c
    outlets.onAllClosed(() => {
      this.#stopFeed()
    })
    try {
      if (plan.start === 'pool') await this.#move.now()
      else if (plan.affinity === 'loop') await this.#loop.fetch()
      await this.#run()
      if (signal.aborted) throw this.#c.cancelled()
      await this.#finish()
      outlets.end()
    } catch (error) {
      this.#move.pool?.abort()
      throw error
    } finally {
      this.#move.stay()
      await this.#move.settled()
      this.#move.pool?.abort()
      await this.#move.pool?.close()
      await this.#closeFeed()
      this.#loop.close()
      for (const edge of this.#c.inlets) edge.leave()
      this.#ended = true
      this.#c.rested?.()
    }
  }

  // ---- feeding ----

  /** Feeds the loop or the pool until the input ends or nobody wants more. */
  async #run(): Promise<void> {
    const { head } = this.#c.plan
    if (head?.spec.role !== 'source') return this.#fromChannel()
    if (head.spec.splits !== undefined) return this.#fromSplits(head.spec, await head.spec.splits.list(this.#c.context(head)))
    const { open } = head.spec
    this.#cursor = head.kind === DEAD_LETTERS ? this.#c.letters.cursor() : await this.#told(async () => open!(this.#c.context(head)))
    return this.#fromCursor(this.#cursor)
  }

  async #fromChannel(): Promise<void> {
    const edge = this.#c.inlets[0]!
    while (!this.#over) {
      this.#pulling = true
      const batch = await edge.pull()
      this.#pulling = false
      if (batch === undefined || !(await this.#feed({ channel: batch }))) return
    }
  }

  async #fromCursor(cursor: SourceCursor): Promise<void> {
    for (;;) {
      const batch = await this.#told(() => this.#next(cursor))
      if (batch === undefined || !(await this.#feed({ batch }))) return
    }
  }

  /** What goes wrong in a source is told with its name. */
  async #told<A>(work: () => Promise<A>): Promise<A> {
    try {
      return await work()
    } catch (error) {
      const { name, site } = this.#c.plan.head!
      throw sourceFailed(name, site, this.itemsIn, error)
    }
  }

  /** The run drains, and this source ends as if its input had; the dead letters end by themselves. */
  get #drained(): boolean {
    return this.#c.draining() && this.#c.plan.head?.kind !== DEAD_LETTERS
  }

  /** The next batch of a cursor. When the run drains, the one that is being pulled is the last, unless the cursor knows better. */
  async #next(cursor: SourceCursor): Promise<ItemBatch | undefined> {
    if (this.#over || (this.#drained && cursor.drains !== true)) return undefined
    this.#c.weather?.outside(this.#c.plan.head!.name, 'pull')
    const pulled = cursor.pull()
    if (!(pulled instanceof Promise)) return pulled
    const batch = await this.#pull.wait(pulled)
    if (batch !== undefined || this.#over || !this.#drained) return batch
    if (cursor.drains === true) return this.#ending.wait(pulled)
    await this.#closeFeed() // which ends the pull, with what it has or with an error, unless it waits for what never comes
    return Promise.race([pulled.catch(() => undefined), setImmediate(undefined)])
  }

  async #fromSplits(spec: SourceSpec, splits: SplitPlan): Promise<void> {
    this.#splits = splits
    const parallel = this.#c.plan.affinity === 'parallel'
    const bytes = splits.totalBytes ?? Infinity
    if (parallel && bytes > LARGE_BYTES) this.#move.begin()
    const huge = (splits.totalBytes ?? 0) > HUGE_BYTES
    if (parallel && huge) await this.#move.waited()
    let left = bytes
    while (!this.#over && !this.#drained) {
      const onPool = parallel && this.#move.switched()
      const split = splits.next(!onPool ? LOOP_SPLIT : huge ? splitOf(left, this.#c.plan.parallelism) : POOL_SPLIT)
      if (split === undefined) return
      left -= split.end - split.start
      if (onPool) await this.#move.pool!.handout.split(split)
      else if (!(await this.#readHere(spec.splits!.reader.open(split, spec.args, 'async'), split.file))) return
    }
  }

  /** Reads one split on the caller's loop. Answers whether more is wanted. */
  async #readHere(cursor: SplitCursor, file: string): Promise<boolean> {
    const { lines } = this.#progress
    this.#cursor = cursor
    try {
      for (;;) {
        const batch = await this.#next(cursor)
        if (batch === undefined) break
        if (!(await this.#feed({ batch }))) return false
      }
    } finally {
      await this.#closeFeed()
    }
    lines.set(file, (lines.get(file) ?? 0) + cursor.lines)
    this.#progress.bytes += cursor.bytes
    this.#progress.items = this.itemsIn
    return true
  }

  /** One batch, where the task is now. Answers whether more is wanted. */
  async #feed(fed: Fed): Promise<boolean> {
    if ('channel' in fed && isLarge(fed.channel)) await this.#move.ahead()
    // The lines of a split are counted in one place: what was begun here is ended here.
    const toPool = !('batch' in fed && fed.batch.origin !== undefined) && this.#move.switched()
    const base = this.itemsIn
    if (toPool) return this.#toPool(fed, base)
    const input = 'batch' in fed ? inputOf(fed.batch) : { items: fed.channel.input() }
    this.itemsIn += input.items.length
    try {
      return await this.#onLoop(input, base)
    } finally {
      if ('channel' in fed) fed.channel.release()
    }
  }

  async #toPool(fed: Fed, base: number): Promise<boolean> {
    const pool = this.#move.pool!
    if ('channel' in fed) {
      this.itemsIn += fed.channel.count
      await pool.handout.batch(fed.channel, base)
    } else {
      const { items } = inputOf(fed.batch)
      this.itemsIn += items.length
      await this.#handOut(items, 0, base)
    }
    await this.#loop.breatheIfDue()
    return !pool.shut
  }

  /** The items from `from` on go to the pool. A run that drains leaves numbers that nobody has made unmade. */
  async #handOut(items: Items, from: number, base: number): Promise<void> {
    const pool = this.#move.pool!
    if (!(items instanceof Progression)) return pool.handout.items(from === 0 && !(items instanceof Rows) ? items : items.slice(from), base + from)
    for (let at = from; at < items.length && !(at > from && this.#drained) && !pool.shut; ) {
      at += await pool.handout.progression(items.part(at, items.length), base + at)
      await this.#loop.breatheIfDue()
    }
  }

  async #onLoop(input: Input, base: number): Promise<boolean> {
    const { items, origin } = input
    for (let from = 0; from < items.length; ) {
      if (from > 0 && items instanceof Progression && this.#drained) return false
      if (origin === undefined && this.#move.switched()) {
        await this.#handOut(items, from, base)
        return !this.#move.pool!.shut
      }
      const { taken, open } = await this.#loop.slice(input, from, base)
      from += taken
      if (this.#move.isWorthIt) this.#move.begin()
      if (!open) return false
    }
    return true
  }

  // ---- ending ----

  async #finish(): Promise<void> {
    const movedAway = this.#move.made && this.#c.plan.affinity === 'serial'
    const hasRunHere = this.#loop.states !== undefined || !this.#move.made // or nowhere: without input there is an end, too
    if (!movedAway && !this.#c.outlets.allClosed && hasRunHere) await this.#loop.end()
    await this.#move.pool?.finish(this.#move.made)
    if (this.#c.signal.aborted) throw this.#c.cancelled()
  }

  get #over(): boolean {
    return this.#c.over() || this.#c.outlets.allClosed || this.#shut
  }

  /** The kernels want no more, as a worker has told: nobody waits for what would come next. */
  #closed(): void {
    this.#shut = true
    this.#giveUp()
    for (const edge of this.#c.inlets) edge.leave()
  }
  #shut = false

  /** A pull that may last is looked after when the run drains, and given up when it ends or nobody reads any more. */
  readonly #pull = new Interruptible()
  readonly #ending = new Interruptible()

  #giveUp(): void {
    this.#pull.interrupt()
    this.#ending.interrupt()
  }

  #stopFeed(): void {
    this.#move.stay()
    this.#giveUp()
    this.#move.pool?.abort()
  }

  /** Called when the run is cancelled or drained: wakes whatever waits. */
  wake(): void {
    if (this.#c.signal.aborted || this.#c.plan.head?.kind !== DEAD_LETTERS) this.#pull.interrupt()
    if (this.#c.signal.aborted) {
      this.#giveUp()
      this.#move.stay()
      this.#move.pool?.abort()
    } else if (this.#drained) this.#move.pool?.drain()
  }

  async #closeFeed(): Promise<void> {
    const cursor = this.#cursor
    this.#cursor = undefined
    await cursor?.close()
  }
}

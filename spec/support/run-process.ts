/**
 * Drives one asynchronous stage without a run: inlets that answer after so many turns of the event loop, a reader that is slow
 * or leaves, a signal that is aborted. It does what exec/process-task.ts and its edges do, and writes down what happens.
 *
 *   - a batch is there so many turns after the one before was taken; only then `tryPull` sees it
 *   - or at an instant of the current clock, for stages that look at it
 *   - when the signal is aborted, whoever waits in a pull or push is told by the reason, as by an edge that is cut
 *   - a stage that has ended has taken its listeners off its signal
 *   - when the reader leaves, the signal is aborted and the inlets are closed: a pull that waits answers the end
 */
import { getEventListeners } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { clock } from '../../src/prelude/clock.ts'
import { Source, type Flow } from '../../src/graph/source.ts'
import type { Inlet, ItemBatch, Outlet } from '../../src/graph/spec.ts'
import { input } from './run-kernel.ts'

export interface Feeding {
  readonly batches: readonly (readonly unknown[])[]
  /** Turns of the event loop before batch k is there. Default 0: at once. */
  readonly gap?: ((k: number) => number) | undefined
  /** Instant of the clock at which batch k is there, if not before; that of the end has the number behind the last batch's. */
  readonly at?: ((k: number) => number) | undefined
  /** After the batches comes nothing, not even the end. */
  readonly endless?: boolean | undefined
  /** After the batches the pull fails. */
  readonly fails?: Error | undefined
}

export interface Conditions {
  /** Turns of the event loop that the reader takes for push k. Default 0. */
  readonly slow?: ((k: number) => number) | undefined
  /** Milliseconds of the clock that the reader takes for push k. Default 0. */
  readonly slowMs?: ((k: number) => number) | undefined
  /** The reader leaves once it has so many items. */
  readonly leaveAfter?: number | undefined
  /** Aborts the run, as a cancel does. */
  readonly signal?: AbortSignal | undefined
  /** Turns that the sink of dead letters takes for each; default: they are taken at once. */
  readonly slowLetters?: number | undefined
  /** Called with every item that reaches the reader. */
  readonly onItem?: ((item: unknown) => void) | undefined
}

export interface Settled {
  readonly out: readonly unknown[]
  /** How the items came: one array per push. */
  readonly pushes: readonly (readonly unknown[])[]
  readonly letters: readonly { readonly item: unknown, readonly cause: unknown, readonly index: number, readonly attempts: number }[]
  /** Items that have ended the input. */
  readonly stops: Settled['letters']
  readonly dropped: number
  readonly skipped: number
  readonly error: unknown
  /** By inlet: the items taken, whether the stage closed it. */
  readonly pulled: readonly number[]
  readonly closed: readonly boolean[]
  /** Dead letters that were under way at the same time, at most. */
  readonly mostLetters: number
}

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await turn()
}

const until = (instant: number): Promise<void> => new Promise((resolve) => void clock().at(instant, resolve))

class TestInlet implements Inlet {
  pulled = 0
  closed = false
  stopped = false
  readonly #feeding: Feeding
  readonly #cut: AbortSignal
  #next = 0
  #ready = false
  #wake: (() => void)[] = []

  constructor(feeding: Feeding, cut: AbortSignal) {
    this.#feeding = feeding
    this.#cut = cut
    cut.addEventListener('abort', () => {
      this.#wakeAll()
    })
    void this.#prepare()
  }

  async #prepare(): Promise<void> {
    this.#ready = false
    const gap = this.#feeding.gap?.(this.#next) ?? 0
    if (gap > 0) await turns(gap)
    const at = this.#feeding.at?.(this.#next)
    if (at !== undefined && at > clock().now()) await until(at)
    this.#ready = true
    this.#wakeAll()
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }

  tryPull(): ItemBatch | undefined {
    this.#cut.throwIfAborted()
    if (this.closed || !this.#ready) return undefined
    const items = this.#feeding.batches[this.#next]
    if (items === undefined) return undefined
    this.#next++
    this.pulled += items.length
    void this.#prepare()
    return { items }
  }

  async pull(): Promise<ItemBatch | undefined> {
    await Promise.resolve()
    for (;;) {
      const got = this.tryPull()
      if (got !== undefined || this.closed) return got
      if (this.#ready && this.#next === this.#feeding.batches.length) {
        if (this.#feeding.fails !== undefined) throw this.#feeding.fails
        if (this.#feeding.endless !== true) return undefined
      }
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }

  close(): void {
    this.closed = true
    this.#wakeAll()
  }

  stop(): void {
    this.stopped = true
    this.close()
  }
}

/** Runs the stage that a source ends with, on the given inlets. What went wrong is in `error`. */
export const runProcess = async (source: Source<unknown>, feedings: readonly Feeding[], conditions: Conditions = {}): Promise<Settled> => {
  const { spec } = source.port.stage
  if (spec.role !== 'process') throw new Error(`run-process runs processes only, not ${spec.kind}`)
  const cut = new AbortController() // the run has failed or was cancelled
  const own = new AbortController() // what the stage sees
  const abort = (): void => {
    cut.abort(conditions.signal?.reason)
    own.abort(conditions.signal?.reason)
  }
  const inlets = feedings.map((feeding) => new TestInlet(feeding, cut.signal))
  const pushes: (readonly unknown[])[] = []
  const letters: Settled['letters'][number][] = []
  const stops: Settled['letters'][number][] = []
  let dropped = 0
  let skipped = 0
  let count = 0
  let left = false
  let lettersNow = 0
  let mostLetters = 0
  const leave = (): void => {
    left = true
    own.abort(new Error('nobody reads any more'))
    for (const inlet of inlets) inlet.close()
  }
  const outlet: Outlet = {
    push: async (items) => {
      cut.signal.throwIfAborted()
      if (items.length === 0) return true
      if (left) return false
      const k = pushes.push(items) - 1
      count += items.length
      for (const item of items) conditions.onItem?.(item)
      if (conditions.leaveAfter !== undefined && count >= conditions.leaveAfter) leave()
      await turns(conditions.slow?.(k) ?? 0)
      const ms = conditions.slowMs?.(k) ?? 0
      if (ms > 0) await until(clock().now() + ms)
      cut.signal.throwIfAborted()
      return !left
    }
  }
  if (conditions.signal?.aborted === true) abort()
  conditions.signal?.addEventListener('abort', abort)
  let error: unknown
  try {
    await (spec).run({
      signal: own.signal,
      stage: 'the stage',
      inlets,
      outlets: [outlet],
      skipped: (n) => {
        skipped += n
      },
      dropped: (n) => {
        dropped += n
      },
      stop: (item, cause, index, attempts = 1) => {
        stops.push({ item, cause, index, attempts })
        for (const inlet of inlets) inlet.stop()
      },
      deadLetter: (item, cause, index, attempts = 1) => {
        letters.push({ item, cause, index, attempts })
        if (conditions.slowLetters === undefined) return
        mostLetters = Math.max(mostLetters, ++lettersNow)
        return turns(conditions.slowLetters).then(() => {
          lettersNow--
        })
      }
    })
  } catch (thrown) {
    if (!left) error = thrown
  } finally {
    conditions.signal?.removeEventListener('abort', abort)
  }
  const listeners = getEventListeners(own.signal, 'abort').length
  if (listeners > 0) throw new Error(`${spec.kind} has left ${listeners} listeners on its signal`)
  const closed = inlets.map((inlet) => inlet.closed)
  if (error !== undefined) cut.abort(error)
  for (const inlet of inlets) inlet.close()
  return { out: pushes.flat(), pushes, letters, stops, dropped, skipped, error, pulled: inlets.map((inlet) => inlet.pulled), closed, mostLetters }
}

/** The same for one flow and one inlet. */
export const runOne = <A, B>(flow: Flow<A, B>, feeding: Feeding | readonly (readonly A[])[], conditions?: Conditions): Promise<Settled> =>
  runProcess(input<A>().pipe(flow), ['batches' in feeding ? feeding : { batches: feeding }], conditions)

/**
 * A source that is opened again when it fails, after waits that grow.
 *
 *     source  1--2--X      3--4--X        5--|
 *     out     1--2---------3--4-----------5--|      the waits: initialMs, × factor …, no longer than maxMs, a part of each random
 */
import type { OptionNames } from '../../error/known-options.ts'
import { argumentError, ownCode } from '../../error/pipeline-error.ts'
import type { StageOptions } from '../../graph/options.ts'
import { sourceOf, type Source } from '../../graph/source.ts'
import type { ItemBatch, RunContext, SourceCursor } from '../../graph/spec.ts'
import { callable, checkRetry, milliseconds, oneOf, optionsObject, sources, stageOptions, wholeNumber } from '../../operator/check.ts'
import { backoffMs } from '../../operator/loop/compile.ts'
import { clock, type Alarm } from '../../prelude/clock.ts'
import { STAGE } from '../option-names.ts'
import { closed, cursorOf } from './nested.ts'

/** What is known when a source is opened again. */
export interface Opening {
  /** Failures in a row; 0 when it is opened for the first time. */
  readonly attempts: number
  /** Items taken so far, of all openings: where to go on. */
  readonly emitted: number
  /** What it failed with; `undefined` at first, and when it had ended. */
  readonly error: unknown
}

export interface ReopenOptions extends StageOptions {
  /** How often in a row it is opened again. A whole number >= 1. Default: as often as it takes. */
  readonly times?: number | undefined
  /** Wait before it is opened again, in milliseconds. Default 100. */
  readonly initialMs?: number | undefined
  /** Each wait is this many times the one before. Default 2. */
  readonly factor?: number | undefined
  /** No wait is longer than this, in milliseconds. Default 30 000. */
  readonly maxMs?: number | undefined
  /** The part of each wait that is random, 0 (none) to 1 (all of it). Default 0.5. */
  readonly jitter?: number | undefined
  /** A source that has been open for so long, in milliseconds, is well: counts and waits begin anew. Default `maxMs`. */
  readonly resetAfterMs?: number | undefined
  /** What its end means: the end (default), or that it is opened again. */
  readonly whenEnded?: 'end' | 'reopen' | undefined
  /** Looks at a failure: `'retry'` (while tries are left), `'fail'`, or `'end'`, as if it had ended. Default: every failure is tried again. */
  readonly decide?: ((error: unknown, attempts: number) => 'retry' | 'fail' | 'end') | undefined
}

const NAMES: OptionNames<ReopenOptions> = {
  ...STAGE, times: 1, initialMs: 1, factor: 1, maxMs: 1, jitter: 1, resetAfterMs: 1, whenEnded: 1, decide: 1
}

type Settings = { readonly [K in Exclude<keyof ReopenOptions, 'name'>]-?: NonNullable<ReopenOptions[K]> }

const WORDS = ['retry', 'fail', 'end'] as const

class Reopening implements SourceCursor {
  readonly #context: RunContext
  readonly #make: (opening: Opening) => Source<unknown>
  readonly #o: Settings
  readonly #clock = clock()
  #cursor: SourceCursor | undefined
  #opening: Opening = { attempts: 0, emitted: 0, error: undefined }
  #emitted = 0
  #opened = 0
  /** Instant of the last opening. */
  #since = 0
  #alarm: Alarm | undefined
  #wake: () => void = () => undefined
  #closed = false

  constructor(context: RunContext, make: (opening: Opening) => Source<unknown>, options: Settings) {
    this.#context = context
    this.#make = make
    this.#o = options
    context.gauges?.(() => ({ opened: this.#opened, attempts: this.#opening.attempts }))
  }

  get drains(): boolean {
    return this.#cursor?.drains === true
  }

  async pull(): Promise<ItemBatch | undefined> {
    while (!this.#closed) {
      let batch: ItemBatch | undefined
      try {
        this.#cursor ??= await this.#open()
        batch = await this.#cursor.pull()
      } catch (error) {
        if (this.#closed || this.#ends) return undefined
        if (!(await this.#again({ error }))) return undefined
        continue
      }
      if (batch !== undefined) {
        this.#emitted += batch.items.length
        return batch
      }
      if (this.#o.whenEnded === 'end' || this.#ends || !(await this.#again())) return undefined
    }
    return undefined
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#alarm?.cancel()
    this.#wake()
    await this.#cursor?.close()
  }

  /** The run drains: an end, or a failure, is the last. */
  get #ends(): boolean {
    return this.#context.around?.draining() === true
  }

  async #open(): Promise<SourceCursor> {
    this.#since = this.#clock.now()
    this.#opened++
    const source = this.#make(this.#opening)
    sources('reopen', [source], 1)
    const cursor = await cursorOf(source, this.#context)
    if (this.#closed) await closed(cursor) // it was left meanwhile
    return cursor
  }

  /** It has failed, or ended: waits until it is to be opened again. Answers whether it is; throws a failure that is the last. */
  async #again(failure?: { readonly error: unknown }): Promise<boolean> {
    const failed = this.#cursor
    this.#cursor = undefined
    await closed(failed)
    const well = failure === undefined || this.#clock.now() - this.#since >= this.#o.resetAfterMs
    const attempts = (well ? 0 : this.#opening.attempts) + (failure === undefined ? 0 : 1)
    this.#opening = { attempts, emitted: this.#emitted, error: failure?.error }
    if (failure !== undefined) {
      const word = this.#decided(failure.error, attempts)
      if (word === 'fail') throw failure.error
      if (word === 'end') return false
    }
    await this.#pause(backoffMs({ policy: 'retry', then: 'fail', ...this.#o, decide: undefined }, Math.max(0, attempts - 1), Math.random))
    return !this.#closed
  }

  #decided(error: unknown, attempts: number): 'retry' | 'fail' | 'end' {
    if (ownCode(error) === 'ERR_MILLRACE_SOURCE_USED') return 'fail' // it cannot be opened again, however often one tries
    const word = oneOf('reopen', 'the answer of decide', this.#o.decide(error, attempts), WORDS)
    return word === 'retry' && attempts > this.#o.times ? 'fail' : word
  }

  async #pause(ms: number): Promise<void> {
    if (this.#closed) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#alarm = this.#clock.at(this.#clock.now() + ms, resolve)
    })
  }
}

const settingsOf = (options: ReopenOptions): Settings => {
  optionsObject('reopen', options)
  stageOptions('reopen', options, NAMES)
  const { initialMs = 100, factor = 2, maxMs = 30_000, jitter = 0.5, decide = () => 'retry' as const } = options
  if (options.times !== undefined) wholeNumber('reopen', 'times', options.times, 1)
  checkRetry('reopen', { policy: 'retry', times: 1, initialMs, factor, maxMs, jitter, then: 'fail' })
  const resetAfterMs = milliseconds('reopen', 'resetAfterMs', options.resetAfterMs ?? maxMs, 0)
  const whenEnded = oneOf('reopen', 'whenEnded', options.whenEnded ?? 'end', ['end', 'reopen'])
  callable('reopen', 'decide', decide)
  return { times: options.times ?? Infinity, initialMs, factor, maxMs, jitter, resetAfterMs, whenEnded, decide }
}

const makerOf = (given: unknown): ((opening: Opening) => Source<unknown>) => {
  if (typeof given === 'function') return given as (opening: Opening) => Source<unknown>
  if (typeof given !== 'object') throw argumentError('type', 'reopen: source must be a Source, or a function that makes one', `got ${typeof given}`, 'make one of it with from()')
  sources('reopen', [given], 1)
  return () => given as Source<unknown>
}

/**
 * The items of `source`, which is opened again when it fails, after waits that grow. Given a function, it is asked for the
 * source each time, with how many items have been taken: so that a log is read from where it was left, or an iterator, which can be
 * read once, is made anew.
 *
 * A source with stages behind it, or that workers read, is opened as a run of its own here, whose dead letters are those of the run around,
 * of the stage `reopen.NAME`: put the stages behind `reopen` where you can. For items that fail see `onError`; to go on with another source, {@link orElse}.
 *
 * **Order**   kept: openings one after the other
 * **Cost**    one promise per batch; a source that is a run of its own costs a run each time, and a promise per item
 * **Errors**  RangeError or TypeError at declaration. The last failure ends the run when tries are used up, or `decide` says so; a source
 *             that cannot be opened twice (`ERR_MILLRACE_SOURCE_USED`) at once. `opened` and `attempts` are gauges of the stage
 * **Memory**  that of the source. What a run of its own had read and not handed over when it failed is lost; `emitted` does not count it
 * **Source**  Pekko `RestartSource.withBackoff`, Effect `Stream.retry`, RxJS `retry({ delay })`
 * @example
 * const log = ['a', 'b', 'c', 'd']
 * const flaky = (from_: number) => from((function* () { yield* log.slice(from_, from_ + 2); if (from_ + 2 < log.length) throw new Error('cut') })())
 * await reopen(({ emitted }) => flaky(emitted), { initialMs: 1 }).toArray() // => ['a', 'b', 'c', 'd']
 */
export const reopen = <A>(source: Source<A> | ((opening: Opening) => Source<A>), options: ReopenOptions = {}): Source<A> => {
  const settings = settingsOf(options)
  const make = makerOf(source)
  const { times, initialMs, maxMs } = settings
  const args = { ...(times === Infinity ? {} : { times }), initialMs, maxMs }
  const open = (context: RunContext): SourceCursor => new Reopening(context, make, settings)
  return sourceOf<A>({ role: 'source', kind: 'reopen', args, open }, options.name)
}

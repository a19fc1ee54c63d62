/**
 * A sink that a test reads by demand: the pipeline gets no further than the test has asked.
 *
 *     run    a b c ──▶ held by the probe, one batch at a time ── as many as were requested ──▶ expectNext(a, b)
 *
 * It is a stage that waits for demand, with a sink behind that sees nothing: so it can leave at any moment.
 * Called by tests, through the door `millrace/testing`. Knows the graph only.
 */
import { isDeepStrictEqual } from 'node:util'
import { sourceUsed } from '../error/wording-sources.ts'
import { flowOf, sinkOf, type Closed, type Sink, type Source } from '../graph/source.ts'
import type { StageOptions } from '../graph/options.ts'
import type { Inlet, ProcessContext } from '../graph/spec.ts'
import { numberFrom, stageOptions } from '../operator/check.ts'
import { processSpec } from '../operator/process.ts'
import { say, sayAll, unmet } from './expect.ts'
import type { WithinOptions } from './probe-source.ts'
import { settled, Signal, WITHIN_MS } from './settled.ts'

type Ending = { readonly type: 'end' } | { readonly type: 'error'; readonly error: unknown } | { readonly type: 'cancelled' }

/** A sink that a test reads by demand: see {@link probeSink}. For one run. */
export class ProbeSink<A> implements Sink<A, undefined> {
  readonly #options: StageOptions
  readonly #happened = new Signal()
  /** Items for which there was demand, not yet expected. */
  readonly #here: A[] = []
  /** The rest of the batch that was taken. */
  #held: readonly unknown[] = []
  #demand = 0
  #ending: Ending | undefined
  #cancelled = false
  #opened = false

  constructor(options: StageOptions) {
    this.#options = options
  }

  attach(source: Source<A>): Closed<undefined> {
    const stage = processSpec('probe', (context) => this.#run(context), this.#options)
    const nothing = sinkOf<unknown, undefined>({
      role: 'sink',
      kind: 'probe',
      args: {},
      accepts: 'items',
      open: () => ({ write: () => undefined, finish: () => undefined, abort: () => undefined })
    })
    return source.pipe(flowOf<A, unknown>(stage, this.#options.name)).to(nothing)
  }

  /** Asks for `n` more items; a whole number >= 0, or `Infinity`. Demand adds up. */
  request(n: number): void {
    numberFrom('probeSink.request', 'n', n, 0)
    this.#demand += n
    this.#deliver()
    this.#happened.ring()
  }

  /**
   * Resolves when the next items are these, compared deeply and strictly. Asks for nothing: see `request` and `requestNext`.
   *
   * **Errors**  AssertionError when another item comes, when the stream ends or fails before, when there is no demand for as many,
   *             and when they have not come within a second
   */
  async expectNext(...items: readonly A[]): Promise<void> {
    await this.#next('expectNext', items, WITHIN_MS)
  }

  /** `request(items.length)`, then `expectNext(...items)`. */
  async requestNext(...items: readonly A[]): Promise<void> {
    this.request(items.length)
    await this.#next('requestNext', items, WITHIN_MS)
  }

  /**
   * Resolves when everybody has gone on as far as they can and no item has come; neither sleeps nor lets paused time go on.
   *
   * **Errors**  AssertionError when an item is here that was not expected yet
   */
  async expectNoItem(): Promise<void> {
    await settled()
    if (this.#here.length > 0) throw this.#unmet('expectNoItem', 'no item', sayAll(this.#here))
  }

  /**
   * Resolves when the stream has ended and every item was expected.
   *
   * **Errors**  AssertionError when an item comes instead, when the stream fails, and when it has not ended within `withinMs`
   */
  async expectEnd({ withinMs = WITHIN_MS }: WithinOptions = {}): Promise<void> {
    await this.#settle(withinMs)
    if (this.#here.length > 0 || this.#ending?.type !== 'end') throw this.#unmet('expectEnd', 'the end', this.#state(withinMs))
  }

  /**
   * Resolves with the error when the run has failed: with that code, one for which `is` answers true, or any. Items that
   * were not expected are forgotten: a run that fails throws away what is on its way.
   *
   * **Errors**  AssertionError when it fails otherwise, ends, or has not failed within `withinMs`
   */
  async expectError(is: string | ((error: unknown) => boolean) = () => true, { withinMs = WITHIN_MS }: WithinOptions = {}): Promise<unknown> {
    await this.#happened.until(() => this.#ending !== undefined, withinMs)
    const expected = typeof is === 'string' ? `an error with code ${is}` : 'an error that the predicate accepts'
    if (this.#ending?.type !== 'error') throw this.#unmet('expectError', expected, this.#state(withinMs))
    const { error } = this.#ending
    const code = (error as { code?: unknown } | null | undefined)?.code
    if (typeof is === 'string' ? code === is : is(error)) return error
    throw this.#unmet('expectError', expected, `${typeof code === 'string' ? `${code}: ` : ''}${say(error)}`)
  }

  /** Wants no more: upstream is told at once, and the run goes on without this output. */
  cancel(): void {
    this.#cancelled = true
    this.#happened.ring()
  }

  async #run({ signal, inlets, stage }: ProcessContext): Promise<void> {
    if (this.#opened) throw sourceUsed(stage, 'a probe')
    this.#opened = true
    const wake = (): void => {
      this.#happened.ring()
    }
    signal.addEventListener('abort', wake, { once: true })
    try {
      this.#ending = await this.#read(inlets[0]!, signal)
    } catch (error) {
      this.#ending = { type: 'error', error: signal.aborted ? signal.reason : error }
      throw error
    } finally {
      signal.removeEventListener('abort', wake)
      this.#happened.ring()
    }
  }

  /** Takes a batch when there is demand and none is held. */
  async #read(inlet: Inlet, signal: AbortSignal): Promise<Ending> {
    let pull: Promise<void> | undefined
    let over = false
    let failure: { readonly error: unknown } | undefined
    for (;;) {
      if (failure !== undefined) throw failure.error
      if (signal.aborted) throw signal.reason
      if (this.#cancelled) {
        inlet.close()
        return { type: 'cancelled' }
      }
      this.#deliver()
      if (over && this.#held.length === 0) return { type: 'end' }
      // the end is looked for without demand
      if (pull === undefined && !over && this.#held.length === 0) {
        pull = inlet.pull().then(
          (batch) => {
            pull = undefined
            if (batch === undefined) over = true
            else this.#held = batch.items
            this.#happened.ring()
          },
          (error: unknown) => {
            failure = { error }
            this.#happened.ring()
          }
        )
      }
      await this.#happened.next()
    }
  }

  #deliver(): void {
    const count = Math.min(this.#demand, this.#held.length)
    if (count === 0) return
    this.#here.push(...(this.#held.slice(0, count) as A[]))
    this.#held = this.#held.slice(count)
    this.#demand -= count
    this.#happened.ring()
  }

  async #next(call: string, items: readonly A[], withinMs: number): Promise<void> {
    const enough = (): boolean => this.#here.length >= items.length || this.#ending !== undefined || this.#here.length + this.#demand < items.length
    await this.#happened.until(enough, withinMs)
    const got = this.#here.slice(0, items.length)
    const same = isDeepStrictEqual(got, [...items])
    if (same) {
      this.#here.splice(0, items.length)
      return
    }
    const differs = got.some((item, i) => !isDeepStrictEqual(item, items[i]))
    const what = differs || got.length > 0 ? sayAll(got) + (differs ? '' : ` and then ${this.#state(withinMs)}`) : this.#state(withinMs)
    throw this.#unmet(call, sayAll(items), what, { actual: got, expected: [...items] })
  }

  async #settle(withinMs: number): Promise<void> {
    await this.#happened.until(() => this.#ending !== undefined || this.#here.length > 0, withinMs)
  }

  /** What there is instead of what was expected. */
  #state(withinMs: number): string {
    if (this.#ending?.type === 'error') return `the error ${say(this.#ending.error)}`
    if (this.#here.length > 0) return sayAll(this.#here)
    if (this.#ending?.type === 'end') return 'the end'
    if (this.#ending?.type === 'cancelled') return 'nothing more, since the probe was cancelled'
    return this.#held.length > 0 || this.#demand === 0 ? 'no item, since none was requested' : `nothing within ${withinMs} ms`
  }

  #unmet(call: string, expected: string, got: string, values?: { readonly actual: unknown; readonly expected: unknown }): Error {
    const held = this.#held.length > 0 ? `${this.#held.length} items wait for a request` : undefined
    const hint = this.#opened ? held : 'no run has opened the sink: is it part of a pipeline that runs?'
    return unmet({ where: `probeSink.${call}`, expected, got, hint, values })
  }
}

/**
 * A sink that a test reads by demand: nothing gets to it that the test has not requested.
 *
 * One batch is taken ahead of the demand, and what channels hold; `pipeline(…, { capacity: 1 })` makes them hold the least.
 *
 * **Order**   kept
 * **Cost**    a channel and a stage on the event loop
 * **Errors**  a second run fails with ERR_MILLRACE_SOURCE_USED; the expectations throw AssertionError of `node:assert`
 * **Memory**  one batch, and the items that were requested and not yet expected
 * **Source**  Akka Streams `TestSink.probe`
 * @example
 * const out = probeSink<number>()
 * const run = pipeline({ out: range(0, 3).to(out) }).run({ workers: 0 })
 * out.request(2)
 * await out.expectNext(0, 1)
 * await out.expectNoItem()
 * await out.requestNext(2)
 * await out.expectEnd()
 * await run.done
 */
export const probeSink = <A>(options: StageOptions = {}): ProbeSink<A> => {
  stageOptions('probeSink', options)
  return new ProbeSink<A>(options)
}

/**
 * A source that a test feeds by hand, and that tells what the pipeline asks of it.
 *
 *     test   await expectRequest() ── send(a, b) ── await expectRequest() ── end()
 *     run          pull ▲                └──▶ [a, b]       pull ▲             └──▶ the end
 *
 * Called by tests, through the door `millrace/testing`. Knows the graph only.
 */
import { sourceUsed } from '../error/wording-sources.ts'
import { Source, sourceOf } from '../graph/source.ts'
import type { StageOptions } from '../graph/options.ts'
import type { ItemBatch, SourceCursor } from '../graph/spec.ts'
import { stageOptions } from '../operator/check.ts'
import { sayAll, unmet } from './expect.ts'
import { settled, Signal, WITHIN_MS } from './settled.ts'

/** How long an expectation waits for what is to come. */
export interface WithinOptions {
  /** Milliseconds of real time. A number >= 0. Default 1000. */
  readonly withinMs?: number | undefined
}

type Sent = { readonly batch: ItemBatch } | { readonly error: unknown } | 'end'

/** What goes on between the test and the run. */
class Feed {
  readonly happened = new Signal()
  readonly queue: Sent[] = []
  opened = false
  closed = false
  /** The run has taken the end, or the failure. */
  over = false
  /** Whether the test has said the last word. */
  last = false
  requests = 0
  #pulling: { readonly resolve: (batch: ItemBatch | undefined) => void; readonly reject: (error: unknown) => void } | undefined

  get waiting(): boolean {
    return this.#pulling !== undefined
  }

  put(sent: Sent): void {
    this.queue.push(sent)
    this.#hand()
  }

  open(): SourceCursor {
    this.opened = true
    return {
      pull: () =>
        new Promise((resolve, reject) => {
          this.requests++
          this.#pulling = { resolve, reject }
          this.#hand()
          this.happened.ring()
        }),
      close: () => {
        this.closed = true
        this.#pulling?.resolve(undefined)
        this.#pulling = undefined
        this.happened.ring()
      }
    }
  }

  #hand(): void {
    const pulling = this.#pulling
    const sent = this.queue[0]
    if (pulling === undefined || sent === undefined) return
    this.queue.shift()
    this.#pulling = undefined
    if (sent === 'end' || 'error' in sent) this.over = true
    if (sent === 'end') pulling.resolve(undefined)
    else if ('error' in sent) pulling.reject(sent.error)
    else pulling.resolve(sent.batch)
    this.happened.ring()
  }
}

/** The feeds by their sources, which are frozen. */
const feeds = new WeakMap<object, Feed>()

const feedOf = (source: object): Feed => feeds.get(source)!

/**
 * A source that a test feeds: see {@link probeSource}. For one run.
 */
export class ProbeSource<A> extends Source<A> {
  /** Batches that the run has asked for so far. */
  get requests(): number {
    return feedOf(this).requests
  }

  /**
   * Resolves when the run waits for items: it has taken what was sent, and wants more.
   *
   * **Errors**  AssertionError when it does not within `withinMs`, or when it has closed the source
   */
  async expectRequest({ withinMs = WITHIN_MS }: WithinOptions = {}): Promise<void> {
    const feed = feedOf(this)
    const asked = (): boolean => feed.waiting && feed.queue.length === 0
    await feed.happened.until(() => asked() || feed.closed, withinMs)
    if (asked()) return
    throw this.#unmet('expectRequest', 'a request', feed.closed ? 'the close of the source' : `none within ${withinMs} ms`)
  }

  /**
   * Resolves when everybody has gone on as far as they can, and the run has not asked for items: something downstream holds it back.
   *
   * **Errors**  AssertionError when it waits for items
   */
  async expectNoRequest(): Promise<void> {
    await settled()
    const feed = feedOf(this)
    if (feed.waiting && feed.queue.length === 0) throw this.#unmet('expectNoRequest', 'no request', 'one')
  }

  /**
   * Gives items, as one batch, to the next request. May be called before it; then they wait, without a bound.
   *
   * **Errors**  AssertionError when the source was ended, has failed, or was closed by the run
   */
  send(...items: readonly A[]): void {
    this.#put('send', { batch: { items } })
  }

  /** Makes the source fail, after what was sent. Errors as for `send`. */
  fail(error: unknown): void {
    this.#put('fail', { error })
  }

  /** Ends the source, after what was sent. Errors as for `send`. */
  end(): void {
    this.#put('end', 'end')
  }

  /**
   * Resolves when the run has closed the source before its end: it was cancelled, has failed, or nobody wants more.
   *
   * **Errors**  AssertionError when it has not within `withinMs`, and when the run has taken the source's end or failure
   */
  async expectCancelled({ withinMs = WITHIN_MS }: WithinOptions = {}): Promise<void> {
    const feed = feedOf(this)
    await feed.happened.until(() => feed.closed || feed.over, withinMs)
    if (feed.over) throw this.#unmet('expectCancelled', 'the run to leave the source early', 'its end, which the run has taken')
    if (!feed.closed) throw this.#unmet('expectCancelled', 'the run to leave the source early', `no close within ${withinMs} ms`)
  }

  #put(call: string, sent: Sent): void {
    const feed = feedOf(this)
    if (feed.closed) throw this.#unmet(call, 'a source that is read', 'one that the run has closed')
    if (feed.last) throw this.#unmet(call, 'a source that goes on', 'one that was ended, or has failed')
    if (sent === 'end' || 'error' in sent) feed.last = true
    feed.put(sent)
  }

  #unmet(call: string, expected: string, got: string): Error {
    const feed = feedOf(this)
    const unread = feed.queue.flatMap((sent) => (sent !== 'end' && 'batch' in sent ? sent.batch.items : []))
    const hint = feed.opened
      ? `${feed.requests} requests so far${unread.length === 0 ? '' : `; not taken: ${sayAll(unread)}`}`
      : 'no run has opened the source: is it part of a pipeline that runs?'
    return unmet({ where: `probeSource.${call}`, expected, got, hint })
  }
}

/**
 * A source that a test feeds item by item, and that tells when the pipeline asks for more and when it leaves.
 *
 * **Order**   as sent
 * **Cost**    a promise per request
 * **Errors**  a second run fails with ERR_MILLRACE_SOURCE_USED; the expectations throw AssertionError of `node:assert`
 * **Memory**  what was sent and not taken
 * **Source**  Akka Streams `TestSource.probe`
 * @example
 * const numbers = probeSource<number>()
 * const doubled = numbers.pipe(map((n) => n * 2)).toArray({ workers: 0 })
 * await numbers.expectRequest()
 * numbers.send(1, 2)
 * numbers.send(3)
 * numbers.end()
 * await doubled // => [2, 4, 6]
 */
export const probeSource = <A>(options: StageOptions = {}): ProbeSource<A> => {
  stageOptions('probeSource', options)
  const feed = new Feed()
  const { port } = sourceOf<A>(
    {
      role: 'source',
      kind: 'probe',
      args: {},
      open: (context) => {
        if (feed.opened) throw sourceUsed(context.stage, 'a probe')
        return feed.open()
      }
    },
    options.name
  )
  const probe = new ProbeSource<A>(port)
  feeds.set(probe, feed)
  return probe
}

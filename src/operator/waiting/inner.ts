/**
 * An inner stream: an iterable of either kind that a function made of an item, read without waiting.
 *
 *   take ── items are here? ──▶ out
 *        └─ asynchronous: the next one is asked for (one at a time); the bell rings when it is there
 *
 * A `Source` is a run of its own inside the one around, which is cancelled when it is left early, and drained when that one is; iterables of
 * either kind are what the function answers, and are read to their end.
 * Called by merge-map.ts and switch-map.ts.
 */
import { theRunner } from '../../graph/runner.ts'
import { Source } from '../../graph/source.ts'
import type { RunContext } from '../../graph/spec.ts'
import { inTurn, weather } from '../../prelude/weather.ts'
import type { Bell } from './bell.ts'

/** What an inner stream may be: a source, an async iterable, or an iterable. */
export type Inner<B> = AsyncIterable<B> | Iterable<B>

/** What a function that makes an inner stream is given besides its item. */
export interface InnerContext {
  /** Aborted when the inner stream is not wanted any more. */
  readonly signal: AbortSignal
}

/** Inner streams that are left early have so long to close, in milliseconds. */
const GRACE_MS = 300
/** Items that are taken from an iterable at a time. */
const AT_ONCE = 64

interface Iteration {
  next(): unknown
  return?(): unknown
}

const iterationOf = (operator: string, made: unknown, { around, dropped }: RunContext): { readonly sync: boolean; readonly iteration: Iteration } => {
  if (made instanceof Source) {
    if (around?.draining() !== true) return { sync: false, iteration: theRunner().iterate(made, {}, around) }
    dropped(1) // it would end before its first item, and might answer with what it makes of none
    return { sync: true, iteration: [][Symbol.iterator]() }
  }
  const from = made as { [Symbol.asyncIterator]?: () => Iteration; [Symbol.iterator]?: () => Iteration } | null | undefined
  if (typeof from?.[Symbol.asyncIterator] === 'function') return { sync: false, iteration: from[Symbol.asyncIterator]!() }
  if (typeof from !== 'string' && typeof from?.[Symbol.iterator] === 'function') return { sync: true, iteration: from[Symbol.iterator]!() }
  const what = made === null ? 'null' : made instanceof Promise ? 'a promise' : typeof made === 'string' ? 'a text' : typeof made
  throw new TypeError(`${operator}: fn must answer a Source, an async iterable or an iterable, not ${what}`)
}

export class InnerStream {
  readonly item: unknown
  readonly index: number
  /** It has ended, or failed: there is nothing more to come. */
  over = false
  failure: { readonly error: unknown } | undefined
  readonly #bell: Bell
  readonly #stage: string
  readonly #sky = weather()
  readonly #controller = new AbortController()
  readonly #sync: boolean
  readonly #iteration: Iteration
  #asked = false
  #here: { readonly value: unknown } | undefined

  /** Throws what `fn` throws. */
  constructor(operator: string, context: RunContext, fn: (item: unknown, context: InnerContext) => unknown, item: unknown, index: number, bell: Bell) {
    this.item = item
    this.index = index
    this.#bell = bell
    this.#stage = context.stage
    const call = this.#sky === undefined ? fn : (this.#sky.fn(context.stage, fn) as typeof fn)
    const { sync, iteration } = iterationOf(operator, call(item, { signal: this.#controller.signal }), context)
    this.#sync = sync
    this.#iteration = iteration
  }

  /** Puts the items that are here behind `out`, `most` at most, and sees to it that more are asked for. */
  take(out: unknown[], most = AT_ONCE): void {
    if (this.#sync) this.#takeSync(out, Math.min(most, AT_ONCE))
    else {
      if (this.#here !== undefined) {
        out.push(this.#here.value)
        this.#here = undefined
      }
      if (!this.#asked && !this.over) this.#ask()
    }
  }

  /** Reads ahead: `held` gets what is here, as long as with the one that is asked for it is no more than `most`. */
  readAhead(held: unknown[], most: number): void {
    if (this.over) return
    if (held.length < (this.#sync ? most : most - 1)) this.take(held, most - held.length)
    else if (!this.#sync && !this.#asked && this.#here === undefined && held.length < most) this.#ask()
  }

  /** Leaves it: what it waits for is told, and it is closed. Resolves when it has closed, or has had its time. */
  async close(): Promise<void> {
    if (this.over) return
    this.over = true
    this.#here = undefined
    this.#controller.abort(new Error('the inner stream is not wanted any more'))
    let closed: unknown
    try {
      closed = this.#iteration.return?.()
    } catch {
      return // one that fails while it is closed: its items are not wanted any more
    }
    let timer: NodeJS.Timeout | undefined
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, GRACE_MS)
    })
    await Promise.race([Promise.resolve(closed).catch(() => undefined), late])
    clearTimeout(timer)
  }

  #takeSync(out: unknown[], most: number): void {
    try {
      for (let n = 0; n < most && !this.over; n++) {
        const next = this.#iteration.next() as IteratorResult<unknown>
        if (next.done === true) this.over = true
        else out.push(next.value)
      }
    } catch (error) {
      this.#failed(error)
    }
  }

  #ask(): void {
    this.#asked = true
    const failed = (error: unknown): void => {
      this.#failed(error)
      this.#bell.ring()
    }
    let next: unknown
    try {
      next = this.#iteration.next()
    } catch (error) {
      failed(error)
      return
    }
    const asked = next as PromiseLike<IteratorResult<unknown>>
    const told = this.#sky === undefined ? Promise.resolve(asked) : inTurn(this.#sky, this.#stage, asked, 'hears of an inner item')
    told.then((result) => {
      this.#asked = false
      if (this.over) return // it was left meanwhile
      if (result.done === true) this.over = true
      else this.#here = { value: result.value }
      this.#bell.ring()
    }, failed)
  }

  #failed(error: unknown): void {
    if (!this.over) this.failure = { error }
    this.over = true
  }
}

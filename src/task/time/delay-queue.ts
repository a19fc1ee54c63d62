/**
 * Values that come out at their time: those of a heap, the one that is due first in front.
 *
 *   insert(value, ms) ──▶ heap by deadline ── due ──▶ next()        remove, reset: by the key that insert answered
 *
 * The clock's alarm is set for the first while somebody waits, and only then.
 */
import { clock, type Alarm, type Clock } from '../../prelude/clock.ts'
import { ready } from '../../sync/budget.ts'
import { abandoned, Waiters, type WaitOptions } from '../../sync/waiters.ts'
import { duration, instant } from './check.ts'
import { entry, Heap, type Entry } from './heap.ts'

declare const key: unique symbol

/** What a value in a {@link DelayQueue} is known by; compared by identity. */
export interface DelayKey {
  readonly [key]: true
}

/** A value that has come out. */
export interface Expired<out T> {
  readonly value: T
  readonly key: DelayKey
  /** The instant at which it was to come out. */
  readonly deadline: number
}

interface Item<T> extends Entry, DelayKey {
  readonly value: T
}

const expired = <T>(item: Item<T>): Expired<T> => ({ value: item.value, key: item, deadline: item.due })

/**
 * A queue whose values come out at their deadlines: entries of a cache that expire, jobs to be tried again.
 *
 * **Order**   by deadline; of one deadline in the order in which they were put there
 * **Cost**    insert, remove and reset log n; one timer while somebody waits
 * **Memory**  the values; it has no bound
 * **Source**  tokio-util `time::DelayQueue`
 * @example
 * const queue = new DelayQueue<string>()
 * queue.insert('later', 10)
 * const soon = queue.insert('soon', 5)
 * queue.reset(soon, 1)
 * const first = await queue.next()
 * first?.value // => 'soon'
 */
export class DelayQueue<T> implements AsyncIterable<Expired<T>> {
  readonly #clock: Clock = clock()
  readonly #items = new Heap<Item<T>>()
  readonly #waiters = new Waiters<Expired<T> | undefined>(() => {
    this.#set()
  })
  #alarm: { readonly due: number; readonly alarm: Alarm } | undefined

  /** Values in it, those that are due included. */
  get size(): number {
    return this.#items.size
  }

  get isEmpty(): boolean {
    return this.size === 0
  }

  /** Puts a value in, to come out after `ms` milliseconds. */
  insert(value: T, ms: number): DelayKey {
    return this.#insert(value, this.#clock.now() + duration('DelayQueue.insert', 'ms', ms))
  }

  /** Puts a value in, to come out at an instant of {@link time.now}'s clock; at once when that is past. */
  insertAt(value: T, deadline: number): DelayKey {
    return this.#insert(value, instant('DelayQueue.insertAt', 'deadline', deadline))
  }

  /** Takes a value out before its time; `undefined` when it is not in. */
  remove(key: DelayKey): Expired<T> | undefined {
    const item = key as Item<T>
    if (!this.#items.take(item)) return undefined
    this.#changed()
    return expired(item)
  }

  /** Has a value come out `ms` milliseconds from now. Answers whether it is in. */
  reset(key: DelayKey, ms: number): boolean {
    return this.#move(key, this.#clock.now() + duration('DelayQueue.reset', 'ms', ms))
  }

  /** Has a value come out at an instant. Answers whether it is in. */
  resetAt(key: DelayKey, deadline: number): boolean {
    return this.#move(key, instant('DelayQueue.resetAt', 'deadline', deadline))
  }

  /** The instant at which a value is to come out; `undefined` when it is not in. */
  deadline(key: DelayKey): number | undefined {
    const item = key as Item<T>
    return this.#items.has(item) ? item.due : undefined
  }

  /** The one that comes out next; it stays in. */
  peek(): DelayKey | undefined {
    return this.#items.first
  }

  /** Takes all values out. */
  clear(): void {
    this.#items.takeAll()
    this.#changed()
  }

  /**
   * Resolves with the next value that is due, when it is due; with `undefined` when the queue is, or gets, empty. Several calls
   * get a value each, in the order of the calls.
   *
   * **Cancel**  by `signal`: no value is taken
   */
  next({ signal }: WaitOptions = {}): Promise<Expired<T> | undefined> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    const { first } = this.#items
    if (first === undefined) return ready(undefined)
    if (this.#waiters.first === undefined && first.due <= this.#clock.now()) return ready(this.#take(first))
    const waiting = this.#waiters.wait(undefined, signal)
    this.#set()
    return waiting
  }

  /** The values as they come out, until it is empty. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Expired<T>, void, undefined> {
    for (let next = await this.next(); next !== undefined; next = await this.next()) yield next
  }

  #insert(value: T, deadline: number): DelayKey {
    const item = { ...entry(deadline), value } as Item<T>
    this.#items.put(item)
    this.#set()
    return item
  }

  #move(key: DelayKey, deadline: number): boolean {
    const item = key as Item<T>
    if (!this.#items.take(item)) return false
    item.due = deadline
    this.#items.put(item)
    this.#set()
    return true
  }

  #take(item: Item<T>): Expired<T> {
    this.#items.take(item)
    return expired(item)
  }

  /** Something may have been taken out. */
  #changed(): void {
    if (this.isEmpty) this.#waiters.settleAll(undefined)
    this.#set()
  }

  #set(): void {
    const due = this.#waiters.first === undefined ? undefined : this.#items.first?.due
    if (this.#alarm?.due === due) return
    this.#alarm?.alarm.cancel()
    this.#alarm = undefined
    if (due === undefined) return
    const alarm = this.#clock.at(
      due,
      () => {
        this.#alarm = undefined
        this.#serve()
      },
      (reason) => {
        this.#alarm = undefined
        this.#waiters.refuseAll(() => reason)
      }
    )
    this.#alarm = { due, alarm }
  }

  #serve(): void {
    const now = this.#clock.now()
    for (let { first } = this.#items; first !== undefined && first.due <= now && this.#waiters.first !== undefined; { first } = this.#items) {
      this.#waiters.shift().settle(this.#take(first))
    }
    this.#changed()
  }
}

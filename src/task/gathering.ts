/**
 * Tasks that belong together and the order in which they are joined: what is under JoinSet, JoinMap and JoinQueue.
 *
 *     add ─▶ members ── ended ──▶ finished ──▶ the first who waits            order 'ended': as they end
 *               │                                                             order 'added': a task that ended waits for those before it
 *               └─ remove: not a member any more, whatever comes of it
 *
 * Invariants
 *   G1  a member is handed out once, after it has ended; who gives up waiting takes none
 *   G2  nobody waits while there are no members
 *   G3  a member that is handed out, or removed, is not referred to any more
 * Called by task-group.ts.
 */
import { clock } from '../prelude/clock.ts'
import { ready } from '../sync/budget.ts'
import { Empty } from '../sync/outcome.ts'
import { Waiters, abandoned } from '../sync/waiters.ts'
import type { AbortOptions, TaskCell } from './task-cell.ts'

/** A task and what it goes by. */
export interface Member<K, T> {
  readonly task: TaskCell<T>
  readonly key: K
}

/** What is added at the end and taken from the front, in constant time. */
class Line<A> {
  #items: A[] = []
  #head = 0

  get first(): A | undefined {
    return this.#items[this.#head]
  }

  push(item: A): void {
    this.#items.push(item)
  }

  shift(): void {
    this.#head++
    if (this.#head < 32 || this.#head * 2 < this.#items.length) return
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }

  clear(): void {
    this.#items = []
    this.#head = 0
  }
}

export class Gathering<K, T> {
  readonly #members = new Set<Member<K, T>>()
  /** Members, and removed ones, in the order in which they were added; only where that is the order. */
  readonly #added: Line<Member<K, T>> | undefined
  readonly #finished = new Line<Member<K, T>>()
  /** Members that have ended. */
  #ended = 0
  /** Members that have ended without a value, in the order in which they did. */
  readonly #failed = new Set<Member<K, T>>()
  readonly #joining = new Waiters<Member<K, T> | Empty>()
  readonly #watching = new Waiters<void>()

  constructor(order: 'ended' | 'added') {
    this.#added = order === 'added' ? new Line() : undefined
  }

  get size(): number {
    return this.#members.size
  }

  /** Whether all members have ended, or one has without a value. */
  get isDecided(): boolean {
    return this.#failed.size > 0 || this.#ended === this.#members.size
  }

  /** Members that have not ended. */
  get running(): number {
    return this.#members.size - this.#ended
  }

  /** The first that ended without a value. */
  get failure(): Member<K, T> | undefined {
    return this.#failed.values().next().value
  }

  add(task: TaskCell<T>, key: K): Member<K, T> {
    const member: Member<K, T> = { task, key }
    task.hear()
    this.#members.add(member)
    this.#added?.push(member)
    task.whenEnded(() => {
      this.#end(member)
    })
    return member
  }

  /** Not a member any more. */
  remove(member: Member<K, T>): void {
    if (!this.#members.delete(member)) return
    if (member.task.state !== 'running') this.#uncount(member)
    this.#release()
    member.task.disown()
  }

  /** No members any more, in one step: none of them is handed out on the way. */
  removeAll(): void {
    const members = [...this.#members]
    this.#members.clear()
    this.#failed.clear()
    this.#ended = 0
    this.#added?.clear()
    this.#finished.clear()
    this.#release()
    for (const { task } of members) task.disown()
  }

  abortAll(options?: AbortOptions): void {
    for (const { task } of [...this.#members]) task.abort(options)
  }

  /** All that have not been handed out, in the order in which they were added. */
  all(): readonly Member<K, T>[] {
    return [...this.#members]
  }

  /** The next that has ended. */
  tryNext(): Member<K, T> | Empty {
    for (let member = this.#finished.first; member !== undefined; member = this.#finished.first) {
      this.#finished.shift()
      if (!this.#members.delete(member)) continue
      this.#uncount(member)
      this.#release()
      return member
    }
    return Empty
  }

  /** The next that ends; `Empty` when there are no members. */
  next(signal: AbortSignal | undefined): Promise<Member<K, T> | Empty> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    const member = this.tryNext()
    return member !== Empty || this.#members.size === 0 ? ready(member) : this.#joining.wait(undefined, signal)
  }

  /** Takes one that has ended out of turn. */
  take(member: Member<K, T>): void {
    this.#members.delete(member)
    this.#uncount(member)
    this.#release()
  }

  /** Waits until every member has ended, for so many milliseconds; whether they have. */
  async allEnded(ms: number): Promise<boolean> {
    const late = new AbortController()
    const time = clock()
    const alarm = time.at(time.now() + ms, () => {
      late.abort()
    })
    try {
      while (this.running > 0) await this.change(late.signal)
      return true
    } catch {
      return false // the only way in which the wait can fail
    } finally {
      alarm.cancel()
    }
  }

  /** Resolves when a member ends or is removed. */
  change(signal: AbortSignal | undefined): Promise<void> {
    return abandoned(signal) ?? this.#watching.wait(undefined, signal)
  }

  #end(member: Member<K, T>): void {
    if (!this.#members.has(member)) return
    this.#ended++
    if (member.task.state !== 'done') this.#failed.add(member)
    if (this.#added === undefined) this.#finished.push(member)
    else this.#follow(this.#added)
    this.#release()
  }

  /** Those at the front that have ended. */
  #follow(added: Line<Member<K, T>>): void {
    for (let member = added.first; member !== undefined; member = added.first) {
      if (this.#members.has(member)) {
        if (member.task.state === 'running') return
        this.#finished.push(member)
      }
      added.shift()
    }
  }

  #uncount(member: Member<K, T>): void {
    this.#ended--
    this.#failed.delete(member)
  }

  /** Serves who waits, after any change (G2). */
  #release(): void {
    if (this.#added !== undefined) this.#follow(this.#added)
    while (this.#joining.first !== undefined) {
      const member = this.#finished.first
      if (member === undefined) {
        if (this.#members.size === 0) this.#joining.settleAll(Empty)
        break
      }
      this.#finished.shift()
      if (!this.#members.delete(member)) continue
      this.#uncount(member)
      this.#joining.shift().settle(member)
    }
    this.#watching.settleAll()
  }
}

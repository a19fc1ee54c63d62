/**
 * Tasks that go by a key, joined as they end.
 *
 *     spawn(key) ─▶ { a: ●, b: ○ }     spawn(a) again: the first a is aborted, and joined by nobody
 *
 * Source: tokio-util `task::JoinMap`. Called by users, through `millrace/runtime`.
 */
import { AbortHandle } from './abort-handle.ts'
import type { Member } from './gathering.ts'
import type { TaskFunction } from './local-task.ts'
import type { Joined } from './task-cell.ts'
import { TaskGroup, type GroupSpawnOptions, type TaskGroupOptions } from './task-group.ts'

/** What came of a task, and its key. */
export type JoinedKey<K, T> = Joined<T> & { readonly key: K }

/**
 * Tasks by key, one for each; joined in the order in which they end.
 *
 * **Order**   of completion
 * **Cancel**  `joinNext` and `joinAll` by `signal`: no result is lost
 * **Errors**  as {@link JoinSet}. A task that was replaced is never joined; if it fails by itself, that is told as for any task
 *             whose handle nobody holds
 * **Memory**  a key is kept until its task is joined or replaced
 * **Source**  tokio-util `task::JoinMap`
 * @example
 * const tasks = new JoinMap<string, number>()
 * tasks.spawn('a', () => sleep(60_000).then(() => 0))
 * tasks.spawn('a', () => Promise.resolve(1))
 * const joined = await tasks.joinNext()
 * joined !== Empty && joined.status === 'fulfilled' ? [joined.key, joined.value] : [] // => ['a', 1]
 */
export class JoinMap<K, T> extends TaskGroup<K, T, JoinedKey<K, T>> {
  readonly #byKey = new Map<K, Member<K, T>>()

  constructor(options: TaskGroupOptions = {}) {
    super('ended', options)
  }

  protected override handOut(member: Member<K, T>): JoinedKey<K, T> {
    if (this.#byKey.get(member.key) === member) this.#byKey.delete(member.key)
    return { ...member.task.joined(), key: member.key }
  }

  #put(key: K, start: () => Member<K, T>): AbortHandle {
    const old = this.#byKey.get(key)
    const member = start()
    this.#byKey.set(key, member)
    if (old !== undefined) {
      old.task.abort()
      this.drop(old)
    }
    return new AbortHandle(member.task)
  }

  /** Starts a task; one that has the key already is aborted and leaves the map. */
  spawn(key: K, fn: TaskFunction<T>, options?: GroupSpawnOptions): AbortHandle {
    return this.#put(key, () => this.start(fn, key, options))
  }

  /** As {@link JoinMap.spawn}, on the blocking lane. */
  spawnBlocking<A extends readonly unknown[]>(key: K, fn: (...args: A) => T, ...args: A): AbortHandle {
    return this.#put(key, () => this.startBlocking(fn, args, key))
  }

  /** Whether a task of that key has not been joined. */
  has(key: K): boolean {
    return this.#byKey.has(key)
  }

  /** Keys of the tasks that have not been joined, in the order in which they were spawned first. */
  keys(): IterableIterator<K> {
    return this.#byKey.keys()
  }

  /** Aborts the task of a key; it stays in the map, to be joined. Whether there is one. */
  abort(key: K): boolean {
    const member = this.#byKey.get(key)
    member?.task.abort()
    return member !== undefined
  }

  /** Aborts the tasks whose keys match. */
  abortMatching(predicate: (key: K) => boolean): void {
    for (const [key, { task }] of [...this.#byKey]) if (predicate(key)) task.abort()
  }

  override detachAll(): void {
    this.#byKey.clear()
    super.detachAll()
  }
}

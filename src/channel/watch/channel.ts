/**
 * A watch channel as the ends of one thread know it: where the value is, which may become another place, and the receivers that are here.
 * Called by sender.ts and receiver.ts.
 */
import { reside, resident, type Name } from '../../sync/residents.ts'
import { Ends, type Fed } from '../ends.ts'
import { SharedStore, type Memories } from './shared.ts'
import { LocalStore, type Members } from './store.ts'

/** What another thread makes the same channel of. */
export interface Parts extends Memories {
  readonly name: Name
}

/** A receiver of this thread. */
export interface Watcher {
  /** A call waits there. */
  readonly waits: boolean
  /** Something may have changed. */
  look(): void
}

export class Channel<A> implements Fed, Members {
  readonly ends: Ends
  readonly watchers = new Set<Watcher>()
  store: LocalStore<A> | SharedStore<A>
  #name: Name | undefined

  private constructor(make: (members: Members) => LocalStore<A> | SharedStore<A>) {
    this.ends = new Ends('watch', this)
    this.store = make(this)
  }

  static create<A>(initial: A): Channel<A> {
    return new Channel<A>((members) => new LocalStore(initial, members))
  }

  /** The one of this thread, for a handle that has come from another. */
  static arrived<A>({ name, ...memories }: Parts): { readonly channel: Channel<A>; readonly store: SharedStore<A> } {
    const channel = resident('watch channel', name, () => {
      const made = new Channel<A>((members) => new SharedStore(memories, members))
      made.#name = name
      return made
    })
    return { channel, store: channel.#moved() }
  }

  /** Moves the channel to shared memory, once; throws, and has changed nothing, when the value cannot cross threads. */
  share(): { readonly parts: Parts; readonly store: SharedStore<A> } {
    const store = this.#moved()
    this.#name ??= reside(this)
    return { parts: { name: this.#name, ...store.memories }, store }
  }

  /** What it has in shared memory, from now on. */
  #moved(): SharedStore<A> {
    const { store } = this
    const shared = store instanceof LocalStore ? SharedStore.create(store, this) : store
    this.store = shared
    this.ends.count = shared.senders
    shared.resume()
    return shared
  }

  get waits(): boolean {
    for (const watcher of this.watchers) if (watcher.waits) return true
    return false
  }

  look(): void {
    for (const watcher of this.watchers) watcher.look()
  }

  get unread(): boolean {
    return this.store.receivers === 0
  }

  get starving(): boolean {
    return this.waits
  }

  get kept(): boolean {
    return false
  }

  senderless(): void {
    this.store.settle()
  }

  watched(): void {
    this.store.watched()
  }
}

/**
 * A broadcast channel as the ends of one thread know it: what carries the items, which may become another, and who waits.
 * Called by ends.ts.
 */
import { channelStays } from '../../error/wording-channel.ts'
import { reside, resident, type Name } from '../../sync/residents.ts'
import { Ends, type Fed } from '../ends.ts'
import { LocalLog } from './local.ts'
import type { Members } from './log.ts'
import { Line } from './sending.ts'
import { SharedLog, type Memories } from './shared.ts'

/** What another thread makes the same channel of. */
export interface Parts extends Memories {
  readonly name: Name
}

export class Channel<A> implements Fed, Members<A> {
  readonly ends: Ends
  readonly line: Line<A>
  log: LocalLog<A> | SharedLog<A>
  #name: Name | undefined

  private constructor(make: (members: Members<A>) => LocalLog<A> | SharedLog<A>) {
    this.ends = new Ends('broadcast', this)
    this.line = new Line(
      (sending) => this.log.withdraw(sending),
      () => {
        this.log.settle() // it may have been the last that could come
      }
    )
    this.log = make(this)
  }

  static create<A>(capacity: number, whenFull: 'wait' | 'lag', weigh: ((item: A) => number) | undefined): Channel<A> {
    return new Channel<A>((members) => new LocalLog(capacity, whenFull === 'wait', members, weigh))
  }

  /** The one of this thread, for a handle that has come from another. */
  static arrived<A>({ name, ...memories }: Parts): { readonly channel: Channel<A>; readonly log: SharedLog<A> } {
    const channel = resident('broadcast channel', name, () => {
      const made = new Channel<A>((members) => new SharedLog(memories, members))
      made.#name = name
      return made
    })
    return { channel, log: channel.#moved() }
  }

  /** Moves the channel to shared memory, once; throws, and has changed nothing, when one of its items cannot cross threads. */
  share(): { readonly parts: Parts; readonly log: SharedLog<A> } {
    const log = this.#moved()
    this.#name ??= reside(this)
    return { parts: { name: this.#name, ...log.memories }, log }
  }

  /** What it has in shared memory, from now on. */
  #moved(): SharedLog<A> {
    const { log } = this
    if (log instanceof LocalLog && log.weighs) {
      throw channelStays('broadcast: an end', 'its channel weighs items by a function of this thread', 'make the channel without weigh')
    }
    const shared = log instanceof LocalLog ? SharedLog.create(log, this) : log
    this.log = shared
    this.ends.count = shared.counts
    shared.resume()
    return shared
  }

  get unread(): boolean {
    return this.log.receivers === 0
  }

  get starving(): boolean {
    return this.log.starving
  }

  get kept(): boolean {
    return this.log.pressed
  }

  senderless(): void {
    this.log.settle()
  }

  watched(): void {
    this.log.watched()
  }
}

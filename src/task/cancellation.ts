/**
 * The state of a cancellation token: over or not, who has to be told, its parent, and its word in shared memory.
 *
 * Invariants
 *   C1  a token is over from the moment in which `cancel` of it or of an ancestor is called; in another thread it is so from the
 *       next `isCancelled` on, which reads the word (a busy loop may ask), and its waits end when the event loop turns
 *   C2  a parent knows a child only while somebody waits on it, has its signal, or has it in another thread: children that
 *       are dropped leave nothing behind
 *   C3  the word is watched from the first wait on; the watch keeps a token alive only while somebody waits on it
 * Called by cancellation-token.ts.
 */
import { load, notify, store, waitAsync } from '../atomic/park.ts'
import { Ends } from '../sync/abort.ts'
import type { Name } from '../sync/residents.ts'
import { Waiters } from '../sync/waiters.ts'
import { abortError } from './abort-error.ts'

const GOING = 0
const OVER = 1

export const defaultReason = (): Error => abortError('the token was cancelled')

/** Tokens on which somebody waits, and whose word is in other threads too (C3). */
const waitedOn = new Set<CancellationCore>()

/** Wakes the watch of a token that nobody has any more, so that it goes too. */
const unwatched = new FinalizationRegistry<Int32Array>((words) => {
  notify(words, 0)
})

/** A token's state; the handles of one thread share it. */
export class CancellationCore extends Ends {
  /** What it is called in all threads, once it is shared. */
  name: Name | undefined
  readonly #parent: CancellationCore | undefined
  /** Shared with other threads, once a handle has travelled. */
  #words: Int32Array | undefined
  /** Who has to be told in the moment it is over: waits, the signal, linked children. */
  #waiting = 0
  #linked = false
  #watched = false
  #signalled = false
  #closed = false
  #waiters: Waiters<void> | undefined

  constructor(parent: CancellationCore | undefined, words?: Int32Array, name?: Name) {
    super()
    this.name = name
    this.#parent = parent
    this.#words = words
    this.#waiters = undefined
  }

  /** Whether it is over, by itself or by an ancestor, here or in another thread (C1). */
  look(): boolean {
    if (this.isOver) return true
    let core: CancellationCore | undefined = this // eslint-disable-line @typescript-eslint/no-this-alias -- a chain is walked, not called up
    for (; core !== undefined; core = core.#parent) {
      if (core.isOver) break
      if (core.#words !== undefined && load(core.#words, 0) === OVER) {
        core.end(defaultReason())
        break
      }
    }
    if (core === undefined) return false
    this.end(core.reason) // did it already, if it was linked
    return true
  }

  override aborted(reason: unknown): void {
    if (this.isOver) return
    super.aborted(reason)
    this.#waiters?.settleAll()
    if (this.#words !== undefined) {
      store(this.#words, 0, OVER)
      notify(this.#words, 0)
    }
    this.#arrange()
  }

  /** One more has to be told, until `unneed`. */
  need(): void {
    this.#waiting++
    this.#arrange()
  }

  unneed(): void {
    this.#waiting--
    this.#arrange()
  }

  /** The holder says that nothing will come from outside any more: leaves the parent and the word. */
  close(): void {
    this.#closed = true
    this.#arrange()
  }

  /** Keeps the links that are needed, and no others (C2, C3); up the line of parents, which may be longer than the stack. */
  #arrange(): void {
    let core: CancellationCore = this // eslint-disable-line @typescript-eslint/no-this-alias -- a chain is walked, not called up
    for (let change = core.#arrangeOne(); change !== 0; change = core.#arrangeOne()) {
      core = core.#parent!
      core.#waiting += change
    }
  }

  /** Answers what it changes for its parent: how many more have to be told there. */
  #arrangeOne(): number {
    let change = 0
    const open = !this.isOver && !this.#closed
    const told = open && this.#waiting > 0
    const linked = open && (told || this.#words !== undefined) && this.#parent !== undefined
    if (linked !== this.#linked) {
      this.#linked = linked
      if (linked) {
        this.#parent.listen(this)
        change = 1
      } else {
        this.#parent!.ignore(this)
        change = -1
      }
    }
    if (told && this.#words !== undefined) {
      waitedOn.add(this)
      this.#watch(this.#words)
    } else if (this.#watched) waitedOn.delete(this)
    return change
  }

  #watch(words: Int32Array): void {
    if (this.#watched) return
    this.#watched = true
    const ref = new WeakRef<CancellationCore>(this)
    const watch = (): void => {
      const core = ref.deref()
      if (core === undefined || core.look()) return
      const change = waitAsync(words, 0, GOING)
      if (change === undefined) core.look()
      else void change.then(watch)
    }
    unwatched.register(this, words)
    watch()
  }

  cancelled(signal: AbortSignal | undefined): Promise<void> {
    this.#waiters ??= new Waiters(() => {
      this.unneed()
    })
    const waiting = this.#waiters.wait(undefined, signal)
    this.need()
    return waiting
  }

  shownSignal(): AbortSignal {
    this.look()
    if (!this.#signalled && !this.isOver) {
      this.#signalled = true
      this.need()
      if (this.#words !== undefined) this.#liven()
    }
    return this.signal
  }

  /** Moves the state to where other threads can see it. */
  share(): Int32Array {
    if (this.#words === undefined) {
      this.#words = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
      this.#words[0] = this.look() ? OVER : GOING
      this.#arrange()
      if (this.#signalled) this.#liven()
    }
    return this.#words
  }

  /** The signal's flag becomes a look at the word: true in a busy loop too, which no event ever reaches. */
  #liven(): void {
    const { signal } = this
    Object.defineProperties(signal, {
      aborted: { get: () => this.look(), configurable: true },
      throwIfAborted: {
        value: () => {
          if (this.look()) throw this.reason
        },
        configurable: true
      }
    })
  }
}

/**
 * The lock of what several threads share: for a short stretch of code without user code, from which a thread may vanish at any access.
 *
 *     LOCK    the mark of the thread that is inside; 0: nobody
 *     REAPED  the number of deaths up to which the shared thing has been mended
 *
 *     0 ──seize (cas)──▶ mark ──leave (store)──▶ 0          mark of a dead thread ──seize (cas)──▶ mark: mend, before anything else
 *
 * Invariants
 *   G1  a living thread that is inside is alone: the lock goes from 0, or from a mark whose thread is dead, to another by one cas
 *   G2  nobody is inside who has not seen everything mended since the last death that he knows of: who seizes is told to mend when the
 *       one before him died inside, or when REAPED is behind; if he dies too, the next is told again
 *   G3  what the one before has written is seen by the next: his writes come before his store of LOCK, or before his end,
 *       which is known by the word of his seat
 * Why each atomic is enough: the words behind the lock need none, by G3. Waiting is a look now and then (Shore.pause), so that leaving is one
 * store: inside is well under a microsecond, and who is switched away there is waited for asleep.
 * Called by ledger.ts and, as {@link Gate}, by channels.
 */
import { shore, type Shore } from '../atomic/shore.ts'

export const GATE_WORDS = 2
const LOCK = 0
const REAPED = 1

/** Answer of {@link seize}: nobody has died, there is nothing to mend. */
export const SOUND = -1

/** Goes inside. {@link SOUND}, or the number of deaths to be given to {@link mended} when everything is. */
export const seize = (words: Int32Array, at: number, s: Shore): number => {
  const me = s.me()
  let inherited = false
  for (let n = 1; !s.cas(words, at + LOCK, 0, me); n++) {
    const holder = s.load(words, at + LOCK)
    if (holder === 0) continue
    if (!s.living(holder)) {
      inherited = s.cas(words, at + LOCK, holder, me)
      if (inherited) break
    } else s.pause(words, at + LOCK, holder, n)
  }
  const deaths = s.deaths()
  return inherited || deaths !== s.get(words, at + REAPED) ? deaths : SOUND
}

/** Everything is as if those who have died had never been here. Inside. */
export const mended = (words: Int32Array, at: number, deaths: number, s: Shore): void => {
  s.store(words, at + REAPED, deaths)
}

/** Goes outside. */
export const leave = (words: Int32Array, at: number, s: Shore): void => {
  s.store(words, at + LOCK, 0)
}

/** Whether somebody has died since it was mended; from outside. */
export const ailing = (words: Int32Array, at: number, s: Shore): boolean => s.load(words, at + REAPED) !== s.deaths()

/** The same with what is to be done about deaths, for whoever has one lock. Not re-entrant. */
export class Gate {
  readonly #words: Int32Array
  readonly #at: number
  readonly #mend: () => void

  /** `mend` is called inside; it makes all that is derived anew from facts that are one word each, and drops what the dead had. */
  constructor(words: Int32Array, at: number, mend: () => void) {
    this.#words = words
    this.#at = at
    this.#mend = mend
  }

  enter(): void {
    const deaths = seize(this.#words, this.#at, shore)
    if (deaths === SOUND) return
    this.#mend()
    mended(this.#words, this.#at, deaths, shore)
  }

  exit(): void {
    leave(this.#words, this.#at, shore)
  }

  /** Whether somebody has died since the last `enter` of anybody. */
  get ailing(): boolean {
    return ailing(this.#words, this.#at, shore)
  }
}

/**
 * Waiting for several things at once, and going on with the first.
 *
 *     select({ item: (signal) => …, tick: (signal) => …, stop: token.cancelled() }) ─▶ { key: 'item', value }     the others stop
 *
 * Source: tokio `select!`. Called by users, through `millrace/runtime`.
 */
import { firstOf, type NoMatch } from './first-of.ts'
import type { Work } from './branch.ts'
import { nothingToSelect } from './wording.ts'

/** A branch that is not there this time: `ready && ((signal) => …)`. */
type Disabled = false | null | undefined

/** Branches by name. */
export type Branches = Readonly<Record<string, Work<unknown> | Disabled>>

/** What a branch can answer. */
type ValueOf<W> = W extends (signal: AbortSignal) => infer R
  ? Exclude<Awaited<R>, NoMatch>
  : W extends PromiseLike<infer T>
    ? Exclude<Awaited<T>, NoMatch>
    : never

/** Which branch was first, and its value: told apart by `key`. */
export type Selected<B extends Branches> = {
  [K in keyof B & string]: { readonly key: K; readonly value: ValueOf<B[K]> }
}[keyof B & string]

export interface SelectOptions<B extends Branches, E> {
  /** Branches are started, and so preferred, from the first to the last. Default: from one at random on. */
  readonly biased?: boolean | undefined
  /** Gives up: all branches stop. */
  readonly signal?: AbortSignal | undefined
  /** Answers `{ key: 'else' }` when all branches are disabled, or none matches. Default: select rejects then. */
  readonly else?: (() => E | PromiseLike<E>) | undefined
  /**
   * Is told what a loser came to all the same: a branch that had taken something in the very moment in which another won.
   * For branches that take what must not be lost.
   */
  readonly late?: ((late: Selected<B>) => void) | undefined
}

/**
 * Starts all branches and answers with the first that has a value; the others are told to stop before anybody sees the answer.
 *
 * A branch is a function, which gets a signal, or a promise or handle, which is only waited for: when it loses it goes on, and can be
 * awaited later. In the function every wait of millrace's ends by itself when the branch has lost; other code takes the
 * signal. A branch that is `false` or `undefined` is not there; one that answers `NoMatch` leaves the choice to the others.
 *
 * **Order**   a branch whose first wait need not wait wins before those behind it are started, so that they take nothing. Who
 *             is first: `biased`, or by lot
 * **Cost**    a microsecond or two for each branch
 * **Cancel**  with its task, or by `signal`: rejects with the reason, all branches stop. What losers come to afterwards is dropped,
 *             rejections too; see `late`
 * **Errors**  rejects as the first branch does, when that rejects. TypeError (ERR_MILLRACE_ARGUMENT) when there is no branch and no `else`
 * **Source**  tokio `select!`
 * @example
 * const { receiver } = mpsc<string>({ capacity: 1 })
 * const first = await select({
 *   item: (signal) => receiver.recv({ signal }),
 *   quiet: () => sleep(5)
 * })
 * first.key // => 'quiet'
 */
export const select = async <const B extends Branches, E = never>(
  branches: B,
  options: SelectOptions<B, E> = {}
): Promise<Selected<B> | ([E] extends [never] ? never : { readonly key: 'else'; readonly value: E })> => {
  const { biased = false, signal, late, else: otherwise } = options
  const enabled = Object.entries(branches).filter((entry): entry is [string, Work<unknown>] => entry[1] != null && entry[1] !== false)
  const from = biased ? 0 : Math.floor(Math.random() * enabled.length)
  const outcome = await firstOf<string>({
    works: [...enabled.slice(from), ...enabled.slice(0, from)],
    signal,
    late: late === undefined ? undefined : (key, value) => {
      late({ key, value } as Selected<B>)
    },
    none: () => {
      if (otherwise === undefined) throw nothingToSelect()
      return otherwise()
    }
  })
  return ('none' in outcome ? { key: 'else', value: outcome.none } : outcome) as never
}

/**
 * The value of the first work that settles; the others are told to stop. As {@link select} with `biased`, for works of one kind.
 *
 * **Cancel**  with its task
 * **Errors**  rejects as the first work does, when that rejects
 * **Source**  tokio `select!`, with branches alike
 * @example
 * await race(() => sleep(1_000).then(() => 'slow'), () => sleep(1).then(() => 'fast')) // => 'fast'
 */
export const race = async <T>(...works: readonly [Work<T>, ...(readonly Work<T>[])]): Promise<T> => {
  const none = (): never => {
    throw nothingToSelect()
  }
  const outcome = await firstOf<number>({ works: works.map((work, i) => [i, work]), signal: undefined, late: undefined, none })
  return ('none' in outcome ? outcome.none : outcome.value) as T
}

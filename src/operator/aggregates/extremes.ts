/**
 * The least and the greatest, of values and of items by a value: four aggregates of one form.
 *
 * Of two that are equal the one that came first stays. There is no `deduct`: what is not the least now may be it later.
 * Called by min.ts, max.ts, min-by.ts, max-by.ts.
 */
import { checkRank, type Core, type Rank } from './core.ts'

export interface Extreme {
  readonly has: boolean
  readonly rank: Rank | undefined
  readonly item: unknown
}

const none: Extreme = { has: false, rank: undefined, item: undefined }

/** The core that keeps the least, or the greatest if `most`; `whole`: the item and not its rank is the answer. */
export const extremeCore = (name: string, most: boolean, whole: boolean): Core<Extreme> => ({
  name,
  create: () => none,
  check: (value) => checkRank(name, value),
  add: (state, value, item) => {
    const rank = value as Rank
    return !state.has || (most ? rank > state.rank! : rank < state.rank!) ? { has: true, rank, item: whole ? item : undefined } : state
  },
  combine: (a, b) => (!a.has || (b.has && (most ? b.rank! > a.rank! : b.rank! < a.rank!)) ? b : a),
  finish: (state) => (whole ? state.item : state.rank)
})

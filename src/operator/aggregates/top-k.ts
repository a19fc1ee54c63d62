/**
 * The k items with the greatest values.
 *
 *     a3--b1--c2--|  aggregate(topK(2, value))  ---------[a3, c2]|        state k items        combine by merging
 */
import { wholeNumber } from '../check.ts'
import type { Aggregate } from '../combiner.ts'
import { checkRank, type Args, type Core, type Rank } from './core.ts'
import { needed, ready } from './ready.ts'

/** Two lists side by side, the greatest first; of equals the one that came first. */
interface Top {
  readonly ranks: Rank[]
  readonly items: unknown[]
}

const put = ({ ranks, items }: Top, k: number, rank: Rank, item: unknown): void => {
  if (ranks.length >= k && !(rank > ranks[k - 1]!)) return
  let [low, high] = [0, ranks.length]
  while (low < high) {
    const mid = (low + high) >>> 1
    if (ranks[mid]! >= rank) low = mid + 1
    else high = mid
  }
  ranks.splice(low, 0, rank)
  items.splice(low, 0, item)
  if (ranks.length <= k) return
  ranks.pop()
  items.pop()
}

const kOf = (args: Args): number => args['k'] as number

export const topKCore: Core<Top> = {
  name: 'topK',
  create: () => ({ ranks: [], items: [] }),
  check: (value) => checkRank('topK', value),
  add: (state, value, item, args) => {
    put(state, kOf(args), value as Rank, item)
    return state
  },
  combine: (a, b, args) => {
    b.ranks.forEach((rank, i) => {
      put(a, kOf(args), rank, b.items[i])
    })
    return a
  },
  finish: ({ items }) => [...items],
  size: ({ items }) => items.length
}

/**
 * The `k` items for which `by` answers the greatest values, the greatest first; of equals the ones that came first. Which came
 * first is known in one place: where workers gather parts, ties between items of different parts go either way. For the least,
 * answer the negative.
 *
 * **Cost**    a comparison per item; a search in k and a shift for one that gets in
 * **Errors**  a value that has no place in an order (NaN, an object) is refused
 * **Memory**  k items
 * @example
 * await from([5, 1, 9, 7]).pipe(aggregate(topK(2, (n) => n))).toArray() // => [[9, 7]]
 */
export const topK = <A, E = unknown>(k: number, by: (item: A, env: E) => Rank): Aggregate<A, readonly A[], E> =>
  ready(topKCore, { k: wholeNumber('topK', 'k', k, 1) }, needed('topK', by))

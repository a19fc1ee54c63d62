/**
 * Sorts the whole input, however long it is: what does not fit into memory waits on disk.
 *
 *     in  3--1--4--1--5--|   sort()    out  -------------1-1-3-4-5|
 *     lane async             state `maxItems` items; the others in temporary files
 *
 *   items ──▶ pieces of a few thousand, each sorted ──▶ maxItems are here: all pieces, merged, become a run on disk
 *                                                  └──▶ end of the input: pieces, or runs, are merged on their way out
 *
 * Pieces are sorted as they fill, so the event loop is not held for longer than one of them takes.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { flowOf, type Flow } from '../graph/source.ts'
import type { ProcessContext } from '../graph/spec.ts'
import { stageOptions, wholeNumber } from './check.ts'
import { KWay, type Block, type Run } from './k-way.ts'
import { orderOf, type Order, type OrderOptions, type SortKey } from './order.ts'
import { processSpec } from './process.ts'
import { plainPolicy, Refusals, type PlainPolicy, type WaitingOptions } from './refusals.ts'
import { FAN_IN, Spill } from './sort-spill.ts'

export interface SortOptions<A> extends WaitingOptions, OrderOptions<A> {
  /** Items that are held in memory; more wait in temporary files. A whole number >= 1. Default 100 000. */
  readonly maxItems?: number | undefined
}

/** Items that are sorted at a time. */
const PIECE = 4096
/** Items that are sent at a time. */
const SENT = 512
/** Most items of a block on disk. */
const BLOCK = 1024
/** After so long without a turn the event loop gets one, in milliseconds. */
const TURN_MS = 8

interface Plan {
  readonly order: () => Order
  readonly maxItems: number
  readonly onError: PlainPolicy
}

/** The items in memory: sorted pieces, and the one that is being filled. */
class InMemory {
  count = 0
  readonly #compare: Order['compare']
  #pieces: Block[] = []
  #keys: unknown[] = []
  #items: unknown[] = []

  constructor(compare: Order['compare']) {
    this.#compare = compare
  }

  add(key: unknown, item: unknown): void {
    this.#keys.push(key)
    this.#items.push(item)
    this.count++
    if (this.#items.length >= PIECE) this.#close()
  }

  /** Gives all of it away, sorted. */
  take(): Promise<KWay> {
    this.#close()
    const pieces = this.#pieces
    this.#pieces = []
    this.count = 0
    return KWay.of(pieces.map(once), this.#compare)
  }

  #close(): void {
    const [keys, items] = [this.#keys, this.#items]
    if (items.length === 0) return
    const places = Array.from(keys, (_, place) => place).sort((a, b) => this.#compare(keys[a], keys[b])) // stable
    this.#pieces.push({ keys: places.map((place) => keys[place]), items: places.map((place) => items[place]) })
    this.#keys = []
    this.#items = []
  }
}

const once = (piece: Block): Run => {
  let left: Block | undefined = piece
  return {
    more: () => {
      const block = left
      left = undefined
      return Promise.resolve(block)
    }
  }
}

const run =
  ({ order, maxItems, onError }: Plan) =>
  async (context: ProcessContext): Promise<void> => {
    const { signal, inlets, outlets, stage } = context
    const check = (): void => {
      signal.throwIfAborted()
    }
    const { keyOf, compare } = order()
    const refusals = new Refusals(context, onError)
    const held = new InMemory(compare)
    // what is read again has one block of each run in memory
    const spill = new Spill(stage, compare, Math.max(1, Math.min(BLOCK, Math.floor(maxItems / FAN_IN))))
    let index = 0
    let lastTurn = performance.now()

    /** Sorting is work: other stages have their turns meanwhile. */
    const rest = async (): Promise<void> => {
      if (performance.now() - lastTurn < TURN_MS) return
      await turn()
      lastTurn = performance.now()
    }

    const add = (item: unknown): void => {
      let key: unknown
      try {
        key = keyOf(item)
      } catch (error) {
        refusals.refuse(item, index, error)
        return
      }
      held.add(key, item)
    }

    try {
      for (let batch = await inlets[0]!.pull(); batch !== undefined; batch = await inlets[0]!.pull()) {
        for (const item of batch.items) {
          if (held.count >= maxItems) await spill.add(await held.take(), check)
          add(item)
          if (refusals.stopped) break
          if (refusals.letter !== undefined) await refusals.taken()
          index++
        }
        check()
        await rest()
      }
      if (spill.used && held.count > 0) await spill.add(await held.take(), check)
      const sorted = spill.used ? await spill.merged(check) : await held.take()
      for (;;) {
        check()
        const { items } = await sorted.next(SENT)
        if (items.length === 0 || !(await outlets[0]!.push(items))) return
        await rest()
      }
    } finally {
      await spill.remove()
    }
  }

/**
 * Emits all items in order, when the input has ended: ascending by `by`, by `compare`, or, for numbers, texts and such, by the items
 * themselves. Items that are equal keep the order in which they came. Keys are of one kind: numbers and bigints, texts (by UTF-16
 * code units), booleans or dates.
 *
 * More than `maxItems` items are sorted in parts, which wait in temporary files below `os.tmpdir()` and are merged on their way out;
 * the files are removed when the stage ends, however it does. Items that have waited there are as a structured clone makes them:
 * an instance of a class is a plain object then.
 *
 * **Order**   the one that was asked for; stable
 * **Cost**    n log n comparisons on the event loop, a few thousand items at a time; beyond `maxItems` every item is written and read
 *             once, and once more for every 64 runs
 * **Errors**  an item that `by` throws on, or whose key has no place in the order, is handled by `onError`; what `compare` throws ends
 *             the run. `ERR_MILLRACE_SORT_SPILL` when the temporary files cannot be written or read, `ERR_MILLRACE_NOT_CLONEABLE` for an
 *             item that cannot be kept there
 * **Memory**  `maxItems` items, and while runs are merged no more than that again
 * **Source**  external merge sort: Knuth, The Art of Computer Programming 3, 5.4
 * @example
 * await from([3, 1, 2]).pipe(sort()).toArray() // => [1, 2, 3]
 * await from(['bb', 'a', 'cc']).pipe(sort({ by: (s) => s.length, order: 'descending' })).toArray() // => ['bb', 'cc', 'a']
 */
export function sort<A>(options: SortOptions<A> & { readonly by: (item: A) => SortKey }): Flow<A, A>
export function sort<A>(options: SortOptions<A> & { readonly compare: (a: A, b: A) => number }): Flow<A, A>
export function sort<A extends SortKey>(options?: SortOptions<A>): Flow<A, A>
export function sort(options: SortOptions<never> = {}): Flow<never, unknown> {
  stageOptions('sort', options)
  const order = orderOf('sort', options)
  const maxItems = wholeNumber('sort', 'maxItems', options.maxItems ?? 100_000, 1)
  const plan: Plan = { order, maxItems, onError: plainPolicy('sort', options.onError) }
  const spec = processSpec('sort', run(plan), options, { maxItems, order: options.order ?? 'ascending' })
  return flowOf({ ...spec, holds: `items, at most ${maxItems} in memory, the others in temporary files` }, options.name)
}

/**
 * Puts beside every item the rows of a table that have its key. The table is read to its end first, and held.
 *
 *     table   A1--B2--|
 *     stream  ---------b--a--c--b--|    joinTable    out  ---------[b,B2]--[a,A1]------[b,B2]--|
 *     lane async                        state the table
 */
import type { Source } from '../graph/source.ts'
import type { ProcessContext } from '../graph/spec.ts'
import { checkJoin, boundOf, joinFull, joinKey, type JoinOptions } from './join.ts'
import type { Key } from './keyed/keys.ts'
import { joined, processSpec } from './process.ts'
import { Refusals, type PlainPolicy } from './refusals.ts'

export interface JoinTableOptions<A, T, K extends Key> extends JoinOptions<A, T, K> {
  /** `'inner'` (default): an item without a row is dropped; `'left'`: it is emitted with `undefined`. */
  readonly type?: 'inner' | 'left' | undefined
  /** Rows of the table that are held. A whole number >= 1. Default 1 000 000. */
  readonly maxRows?: number | undefined
}

interface Plan {
  readonly keys: readonly [(item: unknown) => unknown, (row: unknown) => unknown]
  readonly type: 'inner' | 'left'
  readonly onError: PlainPolicy
  readonly maxRows: number
}

/** Pairs that gather before they are sent: an item may have many rows. */
const GATHERED = 1024

const run =
  ({ keys: [ofItem, ofRow], type, onError, maxRows }: Plan) =>
  async (context: ProcessContext): Promise<void> => {
    const [stream, table] = [context.inlets[0]!, context.inlets[1]!]
    const rows = new Map<Key, unknown[]>()
    const refusals = new Refusals(context, onError)
    const missing: readonly unknown[] = type === 'left' ? [undefined] : []

    let held = 0
    for (let batch = await table.pull(); batch !== undefined; batch = await table.pull()) {
      for (const row of batch.items) {
        try {
          if (held >= maxRows) throw joinFull('joinTable', 'rows', maxRows, 'maxRows', 'raise it if memory allows, or filter the table')
          const key = ofRow(row)
          const known = rows.get(key as Key)
          if (known === undefined) rows.set(joinKey('joinTable', key), [row])
          else known.push(row)
        } catch (error) {
          if (held >= maxRows) throw error
          await refusals.refused(row, held, error)
          if (refusals.stopped) break
          continue
        }
        held++
      }
    }

    let index = -1
    for (let batch = await stream.pull(); batch !== undefined; batch = await stream.pull()) {
      let pairs: unknown[] = []
      for (const item of batch.items) {
        index++
        let found: readonly unknown[]
        try {
          const key = ofItem(item)
          found = rows.get(key as Key) ?? (joinKey('joinTable', key), missing)
        } catch (error) {
          await refusals.refused(item, index, error)
          if (refusals.stopped) break
          continue
        }
        for (const row of found) {
          pairs.push([item, row])
          if (pairs.length < GATHERED) continue
          if (!(await context.outlets[0]!.push(pairs))) return
          pairs = []
        }
      }
      if (!(await context.outlets[0]!.push(pairs))) return
    }
  }

/**
 * Pairs of an item and each row of `table` with its key, in the order of the stream; the rows of one item in that of the table.
 *
 * The table is read to its end before the first item of the stream is taken, and is a side input: it does not change while the stream
 * goes on. For a table that changes see {@link joinAsOf}.
 *
 * **Order**   kept
 * **Cost**    on the event loop: a call and a look-up per item, a pair per match
 * **Errors**  an item or a row that its key function throws on is handled by `onError`; more than `maxRows` rows are
 *             `ERR_MILLRACE_STATE_FULL`. Stream and table must not share a source: that would wait for itself, and is refused
 * **Memory**  the table
 * **Source**  hash join; Hazelcast Jet `hashJoin`, Kafka Streams' GlobalKTable
 * @example
 * const names = from([{ id: 1, name: 'ann' }, { id: 2, name: 'bob' }])
 * await joinTable(from([{ by: 2 }, { by: 3 }]), names, { keys: [(o) => o.by, (n) => n.id] }).toArray() // => [[{ by: 2 }, { id: 2, name: 'bob' }]]
 */
export function joinTable<A, T, K extends Key>(
  stream: Source<A>,
  table: Source<T>,
  options: JoinTableOptions<A, T, K> & { readonly type?: 'inner' | undefined }
): Source<readonly [A, T]>
export function joinTable<A, T, K extends Key>(
  stream: Source<A>,
  table: Source<T>,
  options: JoinTableOptions<A, T, K> & { readonly type: 'left' }
): Source<readonly [A, T | undefined]>
export function joinTable<A, T, K extends Key>(stream: Source<A>, table: Source<T>, options: JoinTableOptions<A, T, K>): Source<readonly [A, T | undefined]> {
  const checked = checkJoin('joinTable', options as JoinTableOptions<never, never, Key>, ['inner', 'left'])
  const maxRows = boundOf('joinTable', 'maxRows', options.maxRows, 1_000_000)
  return joined({ ...processSpec('joinTable', run({ ...checked, maxRows }), options, { type: checked.type, maxRows }), holds: `the table, at most ${maxRows} rows` }, [stream, table], 2, options.name)
}

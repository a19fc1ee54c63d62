/**
 * Encodes items with an io-ts codec: what a sink writes is what `decode` with the same codec reads.
 *
 *     in  A--A--A--|     out  O--O--O--|          a codec that changes nothing: no stage at all
 *     lane async              state none          fuses yes
 *
 * `encode` is a function of the codec's own, which closes over others: it stays on the loop. Most codecs have io-ts's identity there.
 * Called by users, and by the files that are given a codec (connector/fs/).
 */
import type { Type } from 'io-ts'
import { argumentError } from '../error/pipeline-error.ts'
import { Source, type Flow } from '../graph/source.ts'
import { stageOptions } from './check.ts'
import type { PlainOptions } from './cpu.ts'
import { map } from './map.ts'

/** Of a function that answers what it is given; by its text, so that any copy and any build of io-ts will do. No other function has it. */
const IDENTITY = /^(?:function\s*\w*\s*\((\w+)\)\s*\{\s*return \1;?\s*\}|\(?(\w+)\)?\s*=>\s*\2)$/

const isIdentity = (encode: unknown): boolean => IDENTITY.test(String(encode))

/**
 * Encodes every item with `codec`, the other way of `decode`: dates become texts, and what a codec of your own does.
 *
 * **Order**   kept
 * **Cost**    one call of `codec.encode` per item, on the caller's loop; none where the codec's values are what is written, as for all
 *             that is made of `t.type`, `t.array`, `t.union` … of plain values
 * **Errors**  what `encode` throws is handled by `onError`
 * **Memory**  none
 * **Source**  io-ts `encode`
 * @example
 * const Day = new t.Type<Date, string>('Day', (u): u is Date => u instanceof Date, (u, c) => t.failure(u, c), (day) => day.toISOString().slice(0, 10))
 * await from([{ day: new Date(0) }]).pipe(encode(t.type({ day: Day }))).toArray() // => [{ day: '1970-01-01' }]
 */
export const encode = <A, O, I = unknown>(codec: Type<A, O, I>, options: Omit<PlainOptions, 'lane'> = {}): Flow<A, O> => {
  const { encode: encoded } = (codec as unknown as { readonly encode?: unknown } | null | undefined) ?? {}
  if (typeof encoded !== 'function') {
    throw argumentError('type', 'encode: the codec must be an io-ts codec', 'got something without encode', 'pass t.type({ … }) or another t.Type')
  }
  stageOptions('encode', options)
  if (isIdentity(encoded)) return { apply: (source) => new Source<O>(source.port) }
  return map((item: A) => codec.encode(item), { ...options, name: options.name ?? 'encode', lane: 'async' })
}

/**
 * Deals the items of a source to several readers: each goes to one that is free.
 *
 *     in  1--2--3--4--5--|   balance(in, 2)    [0]  1-----3--4-----|
 *     lane async             state none        [1]  ---2--------5--|
 */
import { argumentError } from '../error/pipeline-error.ts'
import type { StageOptions } from '../graph/options.ts'
import { Source } from '../graph/source.ts'
import type { ProcessSpec } from '../graph/spec.ts'
import { makeStage } from '../graph/stage.ts'
import { atHand } from './waiting/at-hand.ts'
import { sources, stageOptions, wholeNumber } from './check.ts'
import { Feed } from './waiting/feed.ts'
import { passesAll, processSpec } from './process.ts'
import { Sending } from './waiting/sending.ts'

export interface BalanceOptions extends StageOptions {
  /** Items that are handed over at a time. A whole number >= 1. Default 1. */
  readonly piece?: number | undefined
}

/** So many sources; a tuple where the number is known. */
export type Balanced<A, N extends number> = number extends N ? readonly Source<A>[] : Times<Source<A>, N>
type Times<T, N extends number, R extends readonly T[] = readonly []> = R['length'] extends N ? R : Times<T, N, readonly [...R, T]>

/** More readers than anyone has. */
const MOST = 256

const run = (piece: number): ProcessSpec['run'] =>
  atHand(async ({ context: { signal, inlets, outlets }, bell }) => {
    const feed = new Feed(inlets[0]!, bell)
    const readers = outlets.map((outlet) => new Sending(outlet, bell))
    let turn = 0
    const asked = new Set<Sending>()
    const first = new Map<Sending, readonly unknown[]>() // of each reader, until it is taken
    const back: unknown[] = []

    /** What went to an outlet that nobody has ever read goes to the others. */
    const takeBack = (): void => {
      for (const [reader, items] of first) {
        if (!reader.free) continue
        first.delete(reader)
        if (reader.gone) back.push(...items)
      }
    }

    const deal = (reader: Sending): void => {
      const items = back.length > 0 ? back.splice(0, piece) : feed.take(piece)
      if (!asked.has(reader)) first.set(reader, items)
      asked.add(reader)
      reader.send(items)
    }

    /** The next reader that is free, in turn. */
    const free = (): Sending | undefined => {
      for (let k = 0; k < readers.length; k++) {
        const reader = readers[(turn + k) % readers.length]!
        if (!reader.free || reader.gone) continue
        turn = (turn + k + 1) % readers.length
        return reader
      }
      return undefined
    }

    for (;;) {
      signal.throwIfAborted()
      takeBack()
      if (readers.every((reader) => reader.gone)) return
      if (back.length > 0 || feed.want()) {
        const reader = free()
        if (reader === undefined) await bell.next()
        else deal(reader)
      } else if (feed.over && readers.every((reader) => reader.free)) return
      else await bell.next()
    }
  })

/**
 * Deals the items of `source` to `n` sources: every item goes one way, to a reader that has room, in turn where several have. A
 * slow reader gets fewer. The ways that nobody reads get none.
 *
 * **Order**   kept on each way; what is put together again with `merge` comes as it comes
 * **Cost**    one push per `piece`
 * **Errors**  none of its own
 * **Memory**  up to three pieces on their way to each reader; those of one that leaves early are lost with it
 * **Source**  Pekko `Balance`
 * @example
 * const [a, b] = balance(range(0, 4), 2)
 * const dealt = await merge(a.pipe(map((n) => n * 10)), b.pipe(map((n) => n * 10))).toArray()
 * dealt.sort() // => [0, 10, 20, 30]
 */
export const balance = <A, const N extends number>(source: Source<A>, n: N, options: BalanceOptions = {}): Balanced<A, N> => {
  sources('balance', [source], 1, 1)
  stageOptions('balance', options)
  const count = wholeNumber('balance', 'n', n, 1)
  if (count > MOST) throw argumentError('range', `balance: n must be at most ${MOST}`, `got ${count}`, 'correct the argument')
  const piece = wholeNumber('balance', 'piece', options.piece ?? 1, 1)
  const spec: ProcessSpec = { ...passesAll(processSpec('balance', run(piece), options, { n: count, piece })), outlets: count }
  const stage = makeStage(spec, [source.port], options.name)
  return Array.from({ length: count }, (_, outlet) => new Source<A>({ stage, outlet })) as unknown as Balanced<A, N>
}

/**
 * The weathers of `verifyOperator`: ways to bring the same items to an operator and to take from it what it makes.
 *
 *     fed         all at once · one by one · in pieces of 0, 1, 2, 3 …, with turns of the event loop between them
 *     taken       at once · every other time late, by a channel that holds one item and a reader that lets it wait
 *     within      as many items at a time as there are · one · with a pause after every result · with its state copied in between
 *
 * Called by verify-operator.ts. Plain data, and the Weather that each makes of it.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { ItemBatch, SourceCursor } from '../graph/spec.ts'
import type { Weather } from '../prelude/weather.ts'

export interface Conditions {
  /** As it is said in messages. */
  readonly name: string
  readonly feed: 'at once' | 'one by one' | 'odd pieces'
  /** The outbox refuses every other offer for a while, and holds one item. */
  readonly refuses?: true | undefined
  /** The state is copied between any two slices. */
  readonly moves?: true | undefined
  readonly pauses?: true | undefined
  /** One item a slice. */
  readonly slices?: true | undefined
}

export const FAIR: Conditions = { name: 'all at once, to a reader that is quick', feed: 'at once' }

/** Without those that move state when that is not wanted. */
export const conditions = (restore: boolean): readonly Conditions[] => {
  const all: readonly Conditions[] = [
    { name: 'one by one', feed: 'one by one' },
    { name: 'in odd pieces with turns between', feed: 'odd pieces' },
    { name: 'at once, with a pause after every result', feed: 'at once', pauses: true },
    { name: 'at once, into an outbox that refuses every other offer', feed: 'at once', refuses: true, slices: true },
    { name: 'one by one, into an outbox that refuses every other offer', feed: 'one by one', refuses: true, pauses: true },
    { name: 'moved after every item', feed: 'at once', moves: true, slices: true },
    { name: 'moved between odd pieces, into an outbox that refuses every other offer', feed: 'odd pieces', moves: true, refuses: true, pauses: true }
  ]
  return all.filter(({ moves }) => restore || moves !== true)
}

export const weatherOf = ({ refuses, moves, pauses, slices }: Conditions): Weather => {
  let offers = 0
  const late = async (): Promise<void> => {
    for (let i = 0; i < 3; i++) await turn()
  }
  return {
    slice: (_, items) => (slices === true ? 1 : items),
    turn: () => (refuses === true && offers++ % 2 === 0 ? late() : undefined),
    pauseAt: pauses === true ? 1 : undefined,
    moves: () => moves === true,
    leaves: () => false,
    morsel: () => 1,
    fn: (_, fn) => fn,
    outside: () => undefined
  }
}

const pieces = (items: readonly unknown[], feed: Conditions['feed']): readonly (readonly unknown[])[] => {
  if (feed === 'at once') return [items]
  if (feed === 'one by one') return items.map((item) => [item])
  const odd: (readonly unknown[])[] = [[]]
  for (let at = 0, size = 1; at < items.length; at += size, size++) odd.push(items.slice(at, at + size), [])
  return odd
}

/** Items as a source under those conditions; what it knows of its end is written down. */
export class Fed implements SourceCursor {
  /** It was asked for more when there was no more. */
  ended = false
  closed = false
  readonly #batches: readonly (readonly unknown[])[]
  readonly #turns: boolean
  readonly #endless: boolean
  #next = 0
  #giveUp: (() => void) | undefined

  constructor(items: readonly unknown[], feed: Conditions['feed'], endless: boolean) {
    this.#batches = pieces(items, feed)
    this.#turns = feed === 'odd pieces'
    this.#endless = endless
  }

  async pull(): Promise<ItemBatch | undefined> {
    if (this.#turns) await turn()
    const items = this.#batches[this.#next++]
    if (items !== undefined) return { items }
    if (this.#endless) {
      return new Promise((resolve) => {
        this.#giveUp = () => {
          resolve(undefined)
        }
      })
    }
    this.ended = true
    return undefined
  }

  close(): void {
    this.closed = true
    this.#giveUp?.()
  }
}

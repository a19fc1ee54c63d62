/**
 * Windows that have no time: so many items of a key each, or all of them.
 *
 *     counted({ count: 2 })   a a b a b   ──▶   {a: 2}  …  {b: 2}, at the end {a: 1}        a state per key
 *
 * A window closes when it is full, or at the end of the input, in the order in which the keys came.
 */
import type { Gather } from '../aggregates/gather.ts'
import { newKey, type Key } from '../keyed/keys.ts'
import { fire, tooManyWindows, type Engine, type EngineArgs, type EngineState, type Fired, type Firing } from './engine.ts'
import type { CountedKind } from './kinds.ts'
import { createWatermark } from './watermark.ts'

interface Tally {
  value: unknown
  count: number
  /** Items since it last fired. */
  news: number
}

interface CountsState extends EngineState {
  readonly tallies: Map<Key, Tally>
}

export const countsEngine = ({ count: full }: CountedKind, { maxWindows, earlyCount }: EngineArgs, gather: Gather): Engine<CountsState> => {
  const fireOne = (key: Key, tally: Tally, firing: Firing, env: unknown): Fired => {
    tally.news = 0
    return fire(gather, { key, start: -Infinity, end: Infinity, firing, count: tally.count }, () => tally.value, firing === 'early', env)
  }
  return {
    create: () => ({ watermark: createWatermark(), tallies: new Map() }),
    add: (s, { item, key, env }) => {
      let tally = s.tallies.get(key)
      if (tally === undefined) {
        const kept = newKey('window', 0, undefined, key)
        if (s.tallies.size >= maxWindows) tooManyWindows(maxWindows)
        tally = { value: gather.add(gather.create(env), item, env), count: 1, news: 1 }
        s.tallies.set(kept, tally)
      } else {
        tally.value = gather.add(tally.value, item, env)
        tally.count++
        tally.news++
      }
      if (tally.count === full) {
        s.tallies.delete(key)
        return [fireOne(key, tally, 'onTime', env)]
      }
      return tally.news === earlyCount ? [fireOne(key, tally, 'early', env)] : undefined
    },
    isDue: (s) => s.watermark.value === Infinity && s.tallies.size > 0,
    pass: function* (s, env) {
      if (s.watermark.value !== Infinity) return
      for (const [key, tally] of s.tallies) {
        s.tallies.delete(key)
        yield fireOne(key, tally, 'onTime', env)
      }
    },
    early: function* (s, env) {
      for (const [key, tally] of s.tallies) if (tally.news > 0) yield fireOne(key, tally, 'early', env)
    },
    isNews: (s) => s.tallies.size > 0,
    nextDue: () => Infinity
  }
}

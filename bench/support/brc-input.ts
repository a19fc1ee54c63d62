/**
 * Files in the format of the one billion row challenge: `station;temperature`, one decimal, lines end with a newline. 413 stations, some with letters
 * that take two bytes, temperatures around a mean of each station's own; from a seed, so that every machine has the same.
 */
import { cached, type Input } from './cached.ts'
import type { Station } from './brc-by-hand.ts'

const STATIONS = 413
const SEED = 5
const SYLLABLES = ['an', 'bel', 'cor', 'da', 'el', 'fjø', 'gra', 'ha', 'is', 'jun', 'kal', 'lo', 'mün', 'nar', 'os', 'par', 'qui', 'ro', 'são', 'tun']

const random = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** The station with this number: its name has no other. */
const nameOf = (i: number): string => {
  const [a, b, c] = [SYLLABLES[i % 20]!, SYLLABLES[Math.floor(i / 20) % 20]!, SYLLABLES[(i * 7 + Math.floor(i / 400)) % 20]!]
  const name = `${a}${b}${i % 3 === 0 ? c : ''}${i >= 400 ? ` ${i}` : ''}`
  return name[0]!.toUpperCase() + name.slice(1)
}

export const sortStations = (stations: Iterable<Station>): readonly Station[] => [...stations].sort(([a], [b]) => (a < b ? -1 : 1))

/** `facts`: lowest, highest, sum and count of every station, by name. */
export const brcInput = (rows: number): Input<readonly Station[]> =>
  cached(`brc-${rows}-v1.txt`, (line) => {
    const next = random(SEED)
    const stations = Array.from({ length: STATIONS }, (_, i) => ({ name: nameOf(i), mean: next() * 500 - 100, min: Infinity, max: -Infinity, sum: 0, count: 0 }))
    for (let i = 0; i < rows; i++) {
      const station = stations[Math.floor(next() * STATIONS)]!
      // three of them together: near enough to a bell
      const tenths = Math.max(-999, Math.min(999, Math.round(station.mean + (next() + next() + next() - 1.5) * 200)))
      station.min = Math.min(station.min, tenths)
      station.max = Math.max(station.max, tenths)
      station.sum += tenths
      station.count++
      const size = Math.abs(tenths)
      line(`${station.name};${tenths < 0 ? '-' : ''}${Math.floor(size / 10)}.${size % 10}`)
    }
    return sortStations(stations.filter((s) => s.count > 0).map((s): Station => [s.name, s.min, s.max, s.sum, s.count]))
  })

/**
 * Tumbling and sliding windows, made of panes: the stretches of time in which no window begins or ends.
 *
 *     panes     |  p0  |  p1  |  p2  |  p3  |        a state per pane and key; an item is added once
 *     windows   [   w0      )                        fires when the watermark has passed its end: its panes combined
 *                      [   w1      )                 with deduct: w0 − p0 + p2
 *
 * Invariants
 *   P1  a pane is held exactly while a window that it is part of is open; its last window is the one that begins last
 *   P2  a window is in `open` and once in `due` from the first item of one of its panes until it is let go
 *   P3  `running` holds, by key, the panes from `running.from` to `running.until`, but for the keys in `stale`
 * Windows fire in the order of their ends, of their starts, and, in a window, of what came first.
 */
import type { Gather } from '../aggregates/gather.ts'
import { newKey, type Key } from '../keyed/keys.ts'
import { fire, LATE, tooManyWindows, type Engine, type EngineArgs, type EngineState, type Fired, type Firing } from './engine.ts'
import { popDue, pushDue, type Due } from './heap.ts'
import type { SlidingKind } from './kinds.ts'
import { createWatermark } from './watermark.ts'

interface Cell {
  value: unknown
  count: number
}

/** `due` is its end, or, once it has fired, the end of its lateness; `order` is its start. */
interface Open extends Due {
  readonly fired: boolean
}

interface Running {
  /** NaN before the first window. */
  from: number
  until: number
  readonly cells: Map<Key, Cell>
  /** Keys whose panes have changed after they were taken in. */
  readonly stale: Set<Key>
}

interface PanesState extends EngineState {
  readonly panes: Map<number, Map<Key, Cell>>
  readonly due: Open[]
  readonly open: Set<number>
  /** By window and key: items since it last fired. */
  readonly news: Map<number, Map<Key, number>>
  readonly running: Running
  held: number
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

export const panesEngine = (kind: SlidingKind, args: EngineArgs, gather: Gather): Engine<PanesState> => {
  const { sizeMs: size, everyMs: every, offsetMs: offset } = kind
  const { latenessMs: lateness, maxWindows, earlyCount, hasEarly } = args
  const pane = gcd(size, every)
  const slides = gather.deduct !== undefined && size > 2 * every
  const grid = (at: number, step: number): number => Math.floor((at - offset) / step) * step + offset

  /** Windows that hold an instant, the last one first. */
  const windowsOf = function* (at: number): Generator<number> {
    for (let start = grid(at, every); start > at - size; start -= every) yield start
  }

  const openWindows = (s: PanesState, at: number): void => {
    for (const start of windowsOf(at)) {
      const fired = start + size <= s.watermark.value
      const due = fired ? start + size + lateness : start + size
      if (due <= s.watermark.value) break
      if (s.open.has(start)) continue
      s.open.add(start)
      pushDue(s.due, { due, order: start, fired })
    }
  }

  /** A state to be combined with another, which may come to share its parts. */
  const copied = ({ value }: Cell): unknown => (gather.shares ? structuredClone(value) : value)

  /** A window's state for one key: a fresh one of its panes, or that of its only one. */
  const total = (cells: readonly Cell[], env: unknown): unknown => {
    if (pane === size) return cells[0]!.value
    return cells.reduce((sum, cell) => gather.combine(sum, copied(cell), env), gather.create(env))
  }

  const countOf = (cells: readonly Cell[]): number => cells.reduce((sum, { count }) => sum + count, 0)

  const cellsOf = (s: PanesState, from: number, until: number, key: Key): readonly Cell[] => {
    const cells: Cell[] = []
    for (let at = from; at < until; at += pane) {
      const cell = s.panes.get(at)?.get(key)
      if (cell !== undefined) cells.push(cell)
    }
    return cells
  }

  const cellsIn = function* (s: PanesState, from: number, until: number): Generator<[Key, Cell]> {
    for (let at = from; at < until; at += pane) yield* s.panes.get(at) ?? []
  }

  const cellsByKey = (s: PanesState, start: number): ReadonlyMap<Key, Cell[]> => {
    const byKey = new Map<Key, Cell[]>()
    for (const [key, cell] of cellsIn(s, start, start + size)) {
      const cells = byKey.get(key)
      if (cells === undefined) byKey.set(key, [cell])
      else cells.push(cell)
    }
    return byKey
  }

  const fireCells = (start: number, key: Key, cells: readonly Cell[], firing: Firing, lives: boolean, env: unknown): Fired =>
    fire(gather, { key, start, end: start + size, firing, count: countOf(cells) }, () => total(cells, env), lives && pane === size, env)

  const fireOne = (s: PanesState, start: number, key: Key, firing: Firing, env: unknown): Fired => {
    s.news.get(start)?.delete(key)
    return fireCells(start, key, cellsOf(s, start, start + size, key), firing, true, env)
  }

  const fireAnew = function* (s: PanesState, start: number, env: unknown): Generator<Fired> {
    for (const [key, cells] of cellsByKey(s, start)) yield fireCells(start, key, cells, 'onTime', lateness > 0, env)
  }

  // ---- sliding by deduction ----

  const takeIn = (s: PanesState, until: number, env: unknown): void => {
    const { running } = s
    for (const key of running.stale) {
      const cells = cellsOf(s, running.from, running.until, key)
      running.cells.set(key, { value: total(cells, env), count: countOf(cells) })
    }
    running.stale.clear()
    for (const [key, cell] of cellsIn(s, running.until, until)) {
      const known = running.cells.get(key)
      if (known === undefined) running.cells.set(key, { value: total([cell], env), count: cell.count })
      else {
        known.value = gather.combine(known.value, copied(cell), env)
        known.count += cell.count
      }
    }
    running.until = until
  }

  const letOut = (s: PanesState, until: number, env: unknown): void => {
    const { running } = s
    for (const [key, cell] of cellsIn(s, running.from, until)) {
      const known = running.cells.get(key)!
      known.count -= cell.count
      if (known.count === 0) running.cells.delete(key)
      else known.value = gather.deduct!(known.value, copied(cell), env)
    }
    running.from = until
  }

  const restart = ({ running }: PanesState, from: number): void => {
    running.from = running.until = from
    running.cells.clear()
    running.stale.clear()
  }

  /** Whether `running` could be moved on; if not it begins anew with the next window: the user's functions have thrown. */
  const moved = (s: PanesState, move: () => void): boolean => {
    try {
      move()
      return true
    } catch {
      restart(s, NaN)
      return false
    }
  }

  const fireSliding = function* (s: PanesState, start: number, env: unknown): Generator<Fired> {
    if (s.running.from !== start) restart(s, start)
    if (!moved(s, () => { takeIn(s, start + size, env) })) {
      yield* fireAnew(s, start, env) // which tells by key what cannot be combined
      return
    }
    for (const [key, cell] of s.running.cells) {
      yield fire(gather, { key, start, end: start + size, firing: 'onTime', count: cell.count }, () => cell.value, true, env)
    }
    moved(s, () => { letOut(s, start + every, env) })
  }

  // ---- firing and letting go ----

  const fireAll = (s: PanesState, start: number, env: unknown): Iterable<Fired> => {
    s.news.delete(start)
    return slides ? fireSliding(s, start, env) : fireAnew(s, start, env)
  }

  const letGo = (s: PanesState, start: number): void => {
    s.open.delete(start)
    s.news.delete(start)
    for (let at = start; at < start + Math.min(every, size); at += pane) {
      s.held -= s.panes.get(at)?.size ?? 0
      s.panes.delete(at)
    }
  }

  /** What an item that was added fires at once: windows that have fired already, and those that have gathered enough. */
  const atOnce = (s: PanesState, at: number, key: Key, env: unknown): Fired[] | undefined => {
    let fired: Fired[] | undefined
    for (const start of windowsOf(at)) {
      if (start + size + lateness <= s.watermark.value) break
      if (start + size <= s.watermark.value) (fired ??= []).push(fireOne(s, start, key, 'late', env))
      else if (hasEarly) {
        const news = s.news.get(start) ?? new Map<Key, number>()
        s.news.set(start, news)
        const count = (news.get(key) ?? 0) + 1
        news.set(key, count)
        if (count === earlyCount) (fired ??= []).push(fireOne(s, start, key, 'early', env))
      }
    }
    return fired?.reverse()
  }

  return {
    create: () => ({
      watermark: createWatermark(),
      panes: new Map(),
      due: [],
      open: new Set(),
      news: new Map(),
      running: { from: NaN, until: NaN, cells: new Map(), stale: new Set() },
      held: 0
    }),
    add: (s, { item, at, key, env }) => {
      const last = grid(at, every)
      if (at >= last + size) return undefined // between two windows
      if (last + size + lateness <= s.watermark.value) return LATE
      const start = grid(at, pane)
      const known = s.panes.get(start)
      const cell = known?.get(key)
      if (cell !== undefined) {
        cell.value = gather.add(cell.value, item, env)
        cell.count++
      } else {
        const kept = newKey('window', 0, undefined, key)
        if (s.held >= maxWindows) tooManyWindows(maxWindows)
        const first = { value: gather.add(gather.create(env), item, env), count: 1 }
        if (known !== undefined) known.set(kept, first)
        else {
          s.panes.set(start, new Map([[kept, first]]))
          openWindows(s, start)
        }
        s.held++
      }
      if (slides && start >= s.running.from && start < s.running.until) s.running.stale.add(key)
      return lateness > 0 || hasEarly ? atOnce(s, at, key, env) : undefined
    },
    isDue: (s) => s.due.length > 0 && s.due[0]!.due <= s.watermark.value,
    pass: function* (s, env) {
      while (s.due.length > 0 && s.due[0]!.due <= s.watermark.value) {
        const { order: start, fired } = popDue(s.due)
        if (!fired) yield* fireAll(s, start, env)
        if (!fired && lateness > 0) pushDue(s.due, { due: start + size + lateness, order: start, fired: true })
        else letGo(s, start)
      }
    },
    early: function* (s, env) {
      const news = [...s.news].sort((a, b) => a[0] - b[0])
      s.news.clear()
      for (const [start, keys] of news) for (const key of keys.keys()) yield fireOne(s, start, key, 'early', env)
    },
    isNews: (s) => s.news.size > 0,
    nextDue: (s) => s.due[0]?.due ?? Infinity
  }
}

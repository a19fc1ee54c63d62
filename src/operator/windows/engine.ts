/**
 * What the kinds of windows have in common: how an item comes in, what comes out, and what is asked of an engine.
 *
 *     item ── at, key, split ──▶ late? ── no ──▶ added to its windows ──▶ watermark rises ──▶ windows that it has passed fire
 *
 * An engine holds no data: its state is a plain object that survives structured clone, given to every call. Firings come as
 * iterables, so that a window of many keys need not be held in full; between two calls of an engine the state is whole.
 * Called by window.ts (kernels, on workers too) and timed-window.ts (on the event loop).
 */
import type { Gather } from '../aggregates/gather.ts'
import type { Key } from '../keyed/keys.ts'
import type { Watermark } from './watermark.ts'

/** Why a window has fired: before it closed, when it closed, or again for an item that was late but allowed. */
export type Firing = 'early' | 'onTime' | 'late'

/** What leaves a window. */
export interface WindowResult<K, R> {
  readonly key: K
  /** First instant of the window, and the first one behind it; of windows that have no time, -Infinity and Infinity. */
  readonly start: number
  readonly end: number
  /** What the aggregate makes of all items of the window so far. */
  readonly value: R
  readonly firing: Firing
  /** Items in the window so far. */
  readonly count: number
}

/** What was to come out, and could not be made: the user's function has thrown. Stands for it among the results. */
export class Unfinished {
  readonly item: unknown
  readonly error: unknown

  constructor(item: unknown, error: unknown) {
    this.item = item
    this.error = error
  }
}

export const isUnfinished = (one: unknown): one is Unfinished => one instanceof Unfinished

export type Fired = WindowResult<Key, unknown> | Unfinished

/** An item that came when all its windows had closed for good. */
export const LATE = false

/** An item, taken apart before anything is changed. */
export interface Incoming {
  readonly item: unknown
  readonly at: number
  readonly key: Key
  readonly env: unknown
}

export interface EngineState {
  readonly watermark: Watermark
}

export interface Engine<S extends EngineState = EngineState> {
  create(): S
  /** Adds an item that came at the present watermark. Answers what fires because of it, or that it is late. Throws as the aggregate does. */
  add(state: S, incoming: Incoming): Iterable<Fired> | typeof LATE | undefined
  /** Whether windows have been passed by the watermark. */
  isDue(state: S): boolean
  /** Fires and lets go the windows that the watermark has passed. */
  pass(state: S, env: unknown): Iterable<Fired>
  /** Fires, early, all windows that hold something new. */
  early(state: S, env: unknown): Iterable<Fired>
  /** Whether `early` would fire anything. */
  isNews(state: S): boolean
  /** The watermark that the next window waits for; Infinity where none does. */
  nextDue(state: S): number
}

/**
 * A stage's own part of what goes by time, as its kernel and its form by the clock call it. Results of type `R`, {@link Unfinished}
 * among them, come as iterables, which are read to their end before the next call.
 */
export interface ByTime<S extends object, R = unknown> {
  create(): S
  /** An item: what comes out because of it, or that it is late and was left out. `now`: by the clock. */
  put(state: S, item: unknown, env?: unknown, now?: number): Iterable<R> | typeof LATE | undefined
  /** Time has gone as far as an item at `at` makes it go. */
  reach(state: S, at: number, env?: unknown): Iterable<R> | undefined
  /** The input has ended. */
  end(state: S, env?: unknown): Iterable<R>
  /** Why an item is late. */
  lateness(state: S, item: unknown, env?: unknown): Error
  /** The clock says `now`: splits that are idle are left out, and, where the instant of an item is its arrival, time goes on. */
  tick(state: S, now: number, env?: unknown): Iterable<R> | undefined
  /** When to look again, by the clock. */
  nextTick(state: S): number
  isNews(state: S): boolean
  early(state: S, env?: unknown): Iterable<R>
}

/** What engines are made with. */
export interface EngineArgs {
  readonly latenessMs: number
  readonly maxWindows: number
  /** Items after which an open window fires. */
  readonly earlyCount: number | undefined
  /** Something fires early, by count or by time: it has to be known what is new. */
  readonly hasEarly: boolean
}

export const tooManyWindows = (max: number): never => {
  const remedy = 'raise it if memory allows, answer coarser keys, or make windows, outOfOrderMs or latenessMs shorter'
  const error = new RangeError(`window: more than ${max} open windows, one for each key and pane of time (maxWindows); ${remedy}`)
  throw Object.assign(error, { code: 'ERR_MILLRACE_TOO_MANY_WINDOWS' })
}

/**
 * One result, or how its making failed. `lives`: the state is added to later, so that what is made of it by functions of the
 * user's, which may share its parts, is made of a copy.
 */
export const fire = (
  { finish, shares }: Gather,
  window: Omit<WindowResult<Key, unknown>, 'value'>,
  value: () => unknown,
  lives: boolean,
  env: unknown
): Fired => {
  try {
    const state = value()
    const { key, start, end, firing, count } = window
    return { key, start, end, value: finish(shares && lives ? structuredClone(state) : state, env), firing, count }
  } catch (error) {
    return new Unfinished(window, error)
  }
}

/**
 * The stage's own part of windows, whatever their kind: takes items apart, keeps the watermark, asks the engine.
 *
 *     put(state, item, env)  ──▶  undefined: nothing fires      LATE: it is late      an iterable: what fires
 *     reach(state, at, env)  ──▶  an item of another partition was at `at`
 *
 * An item is judged and added at the watermark that was before it, then it raises the watermark, then windows fire.
 * Called by window.ts, which binds it to a stage's functions on both lanes, and by timed-window.ts.
 */
import { gatherHere } from '../aggregates/bind.ts'
import type { Shape } from '../aggregates/core.ts'
import { checkInstant } from '../instant.ts'
import type { Fns } from '../loop/kernel.ts'
import type { Key } from '../keyed/keys.ts'
import { settled } from '../loop/promised.ts'
import { countsEngine } from './counts.ts'
import { LATE, type ByTime, type Engine, type EngineArgs, type EngineState, type Fired } from './engine.ts'
import type { WindowKind } from './kinds.ts'
import { panesEngine } from './panes.ts'
import { sessionsEngine } from './sessions.ts'
import { checkSplit, leaveIdle, nextIdle, observe, type WatermarkArgs } from './watermark.ts'

/** The arguments of a stage of windows; plain data. */
export interface WindowArgs extends EngineArgs, WatermarkArgs {
  readonly window: WindowKind
  readonly shape: Shape
  readonly late: 'drop' | 'deadLetter'
}

export type Windows = ByTime<EngineState, Fired>

const engineOf = (args: WindowArgs, fns: Fns): Engine => {
  const gather = gatherHere(args.shape, fns)
  switch (args.window.kind) {
    case 'sliding': return panesEngine(args.window, args, gather)
    case 'session': return sessionsEngine(args.window, args, gather)
    case 'counted': return countsEngine(args.window, args, gather)
  }
}

type Read = (item: unknown, env: unknown) => unknown

const joined = function* (first: Iterable<Fired>, rest: Iterable<Fired>): Generator<Fired> {
  yield* first
  yield* rest
}

/** `byArrival`: the instant of an item is when it comes. */
export const windowsOf = (args: WindowArgs, fns: Fns, byArrival = false): Windows => {
  const engine = engineOf(args, fns)
  const { at: atOf, key: keyOf, split: splitOf } = fns as Readonly<Record<string, Read | undefined>>
  const timeless = args.window.kind === 'counted'

  const instantOf = (item: unknown, env: unknown, now: number): number =>
    timeless ? 0 : byArrival ? now : checkInstant('window', atOf!(item, env))

  const passed = (state: EngineState, env: unknown): Iterable<Fired> | undefined => (engine.isDue(state) ? engine.pass(state, env) : undefined)

  return {
    create: () => engine.create(),
    put: (state, item, env, now = 0) => {
      const at = instantOf(item, env, now)
      const key = keyOf === undefined ? undefined : (settled(keyOf(item, env)) as Key)
      const split = splitOf === undefined ? undefined : (settled(splitOf(item, env)) as Key)
      checkSplit(state.watermark, split, args)
      const fired = engine.add(state, { item, at, key, env })
      if (!timeless && !byArrival) observe(state.watermark, split, at, now, args)
      const due = passed(state, env)
      if (fired === undefined || due === undefined) return fired ?? due
      // what is late cannot have raised its own split's mark; but a split that was idle, or not known, may let the watermark rise
      return fired === LATE ? LATE : joined(fired, due)
    },
    reach: (state, at, env) => {
      observe(state.watermark, undefined, at, 0, args)
      return passed(state, env)
    },
    end: (state, env) => {
      state.watermark.value = Infinity
      return engine.pass(state, env)
    },
    lateness: (state, item, env) => {
      const at = instantOf(item, env, 0)
      const message = `window: an item of ${at} came when the watermark was ${state.watermark.value}, and its windows had closed`
      const error = new Error(`${message}; raise outOfOrderMs or latenessMs if such items should count`)
      return Object.assign(error, { code: 'ERR_MILLRACE_LATE' })
    },
    tick: (state, now, env) => {
      if (byArrival) state.watermark.value = Math.max(state.watermark.value, now)
      else leaveIdle(state.watermark, now, args)
      return passed(state, env)
    },
    nextTick: (state) => (byArrival ? engine.nextDue(state) : nextIdle(state.watermark, args)),
    isNews: (state) => engine.isNews(state),
    early: (state, env) => engine.early(state, env)
  }
}

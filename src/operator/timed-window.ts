/**
 * The form of `window` that looks at the clock: a process on the event loop.
 *
 *   feed ──▶ windows ──▶ what fires: by an item, by the clock (arrival, idle splits), every so often early ──▶ out
 *
 * One timer at most, for what is due next, by the clock of the runtime that it runs in; it only wakes the loop, which looks for
 * itself. Instants of arrival are milliseconds since the epoch; under a clock that a test moves, since that clock's origin.
 * Called by window.ts.
 */
import { stageFailed } from '../error/wording-run.ts'
import type { KernelSpec, ProcessContext, ProcessSpec } from '../graph/spec.ts'
import { clock, realClock, type Alarm, type Clock } from '../prelude/clock.ts'
import { bellOf } from './bell.ts'
import { Feed } from './feed.ts'
import { LATE, type Fired } from './windows/engine.ts'
import { windowsOf, type WindowArgs } from './windows/windows.ts'

export interface WindowClock {
  /** The instant of an item is when it comes. */
  readonly byArrival: boolean
  /** Windows with something new fire so often. */
  readonly everyMs: number | undefined
}

/** Results that gather before they are sent on. */
const BATCH = 256

/** What has to be added to a clock's instants to make them milliseconds since the epoch. */
const epochOf = (time: Clock): number => (time === realClock ? performance.timeOrigin : 0)

const run = (spec: KernelSpec, args: WindowArgs, { byArrival, everyMs }: WindowClock) => async (context: ProcessContext): Promise<void> => {
  const { signal, inlets, outlets } = context
  const { env, onError } = spec
  const windows = windowsOf(args, spec.fns, byArrival)
  const state = windows.create()
  const time = clock()
  const epoch = epochOf(time)
  const now = (): number => time.now() + epoch
  const bell = bellOf(signal)
  const feed = new Feed(inlets[0]!, bell)
  const reads = outlets.map(() => true) // who still reads
  const out: unknown[][] = outlets.map(() => [])
  let firing: Iterator<Fired> | undefined
  let letter: Promise<void> | undefined // one that is not taken yet: no more are made
  let nextEarly = Infinity
  let ended = false
  let alarm: Alarm | undefined
  let alarmAt = Infinity

  const setAside = (item: unknown, cause: unknown): void => {
    const set = context.deadLetter(item, cause, feed.taken - 1)
    if (set instanceof Promise) letter = set
  }

  const refused = (item: unknown, error: unknown): void => {
    if (onError === 'skip') context.skipped(1)
    else if (onError === 'deadLetter') setAside(item, error)
    else {
      const index = feed.over ? -1 : feed.taken - 1
      if (onError !== 'stop') throw stageFailed(context.stage, context.site, { index }, error)
      context.stop(item, error, index)
    }
  }

  const late = (item: unknown): void => {
    if (outlets.length > 1) out[1]!.push(item)
    else if (args.late === 'deadLetter') setAside(item, windows.lateness(state, item, env))
    else context.skipped(1)
  }

  const begin = (fired: Iterable<Fired> | undefined): void => {
    firing = fired?.[Symbol.iterator]()
  }

  /** One step of what is firing. */
  const step = (): void => {
    const turn: IteratorResult<Fired, unknown> = firing!.next()
    if (turn.done === true) firing = undefined
    else if ('thrown' in turn.value) refused(turn.value.window, turn.value.thrown.error)
    else out[0]!.push(turn.value)
  }

  const add = (item: unknown): void => {
    let fired: ReturnType<typeof windows.put>
    try {
      fired = windows.put(state, item, env, now())
    } catch (error) {
      refused(item, error)
      return
    }
    if (fired === LATE) late(item)
    else begin(fired)
    if (everyMs !== undefined && nextEarly === Infinity && windows.isNews(state)) nextEarly = now() + everyMs
  }

  /** What the clock has to say. */
  const tick = (): void => {
    begin(windows.tick(state, now(), env))
    if (firing !== undefined || now() < nextEarly) return
    nextEarly = Infinity
    begin(windows.early(state, env))
  }

  const setAlarm = (): void => {
    const due = Math.min(windows.nextTick(state), nextEarly) - epoch
    if (due === alarmAt) return
    alarm?.cancel()
    alarm = undefined
    alarmAt = due
    if (due === Infinity) return
    alarm = time.at(due, () => {
      alarm = undefined
      alarmAt = Infinity
      bell.ring()
    })
  }

  /** Sends what has gathered; answers whether anybody reads. */
  const send = async (): Promise<boolean> => {
    for (let outlet = 0; outlet < out.length; outlet++) {
      const items = out[outlet]!
      if (items.length === 0) continue
      out[outlet] = []
      if (reads[outlet] === true) reads[outlet] = await outlets[outlet]!.push(items)
    }
    return reads.includes(true)
  }

  try {
    for (;;) {
      signal.throwIfAborted()
      if (firing === undefined && letter === undefined && !ended) tick()
      for (let room = BATCH; room > 0 && letter === undefined; room--) {
        if (firing !== undefined) step()
        else if (feed.size > 0) add(feed.next())
        else break
      }
      if (letter !== undefined) {
        await letter
        letter = undefined
      } else if (out.some((items) => items.length > 0)) {
        if (!(await send())) return
      } else if (firing === undefined && feed.over) {
        if (ended) return
        ended = true
        begin(windows.end(state, env))
      } else if (firing === undefined && !feed.want() && !feed.over) {
        setAlarm()
        await bell.next()
      }
    }
  } finally {
    alarm?.cancel()
    bell.close()
  }
}

/** The process that does what the kernel of `spec` would, by the clock. */
export const timedWindow = (spec: KernelSpec, args: WindowArgs, by: WindowClock): ProcessSpec => {
  const { kind, onError, outlets, holds } = spec
  return { role: 'process', kind, args: { ...args, ...by }, run: run(spec, args, by), onError, outlets, holds }
}

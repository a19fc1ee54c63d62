/**
 * The form by the clock of a stage that goes by time: a process on the event loop.
 *
 *   feed ──▶ engine ──▶ what comes out: by an item, by the clock (arrival, idle splits), every so often early ──▶ out
 *
 * One timer at most, for what is due next, by the clock of the runtime that it runs in; it only wakes the loop, which looks for
 * itself. Instants of arrival are milliseconds since the epoch; under a clock that a test moves, since that clock's origin.
 * Called by timed-window.ts and keyed-process.ts.
 */
import { stageFailed } from '../../error/wording-run.ts'
import type { OnError } from '../../graph/options.ts'
import type { ProcessContext } from '../../graph/spec.ts'
import { clock, realClock, type Alarm, type Clock } from '../../prelude/clock.ts'
import { bellOf } from './bell.ts'
import { Feed } from './feed.ts'
import { isUnfinished, LATE, type ByTime } from '../windows/engine.ts'

export interface ByClock {
  readonly env: unknown
  readonly onError: OnError
  /** What becomes of an item that is late, where it has no outlet of its own. */
  readonly late: string
  /** What is new comes out so often. */
  readonly everyMs?: number | undefined
}

/** Results that gather before they are sent on. */
const BATCH = 256

/** What has to be added to a clock's instants to make them milliseconds since the epoch. */
const epochOf = (time: Clock): number => (time === realClock ? performance.timeOrigin : 0)

/** The run of a process that does what `engine` says, by the clock. */
export const byClock = <S extends object>(make: () => ByTime<S>, how: ByClock) => async (context: ProcessContext): Promise<void> => {
  const { signal, inlets, outlets } = context
  const { env, onError, everyMs } = how
  const engine = make()
  const state = engine.create()
  const time = clock()
  const epoch = epochOf(time)
  const now = (): number => time.now() + epoch
  const bell = bellOf(signal)
  const feed = new Feed(inlets[0]!, bell)
  const reads = outlets.map(() => true) // who still reads
  const out: unknown[][] = outlets.map(() => [])
  let firing: Iterator<unknown> | undefined
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
    else if (how.late === 'deadLetter') setAside(item, engine.lateness(state, item, env))
    else context.skipped(1)
  }

  const begin = (fired: Iterable<unknown> | undefined): void => {
    firing = fired?.[Symbol.iterator]()
  }

  /** One step of what is firing. */
  const step = (): void => {
    const turn: IteratorResult<unknown, unknown> = firing!.next()
    if (turn.done === true) firing = undefined
    else if (isUnfinished(turn.value)) refused(turn.value.item, turn.value.error)
    else out[0]!.push(turn.value)
  }

  const add = (item: unknown): void => {
    let fired: ReturnType<typeof engine.put>
    try {
      fired = engine.put(state, item, env, now())
    } catch (error) {
      refused(item, error)
      return
    }
    if (fired === LATE) late(item)
    else begin(fired)
    if (everyMs !== undefined && nextEarly === Infinity && engine.isNews(state)) nextEarly = now() + everyMs
  }

  /** What the clock has to say. */
  const tick = (): void => {
    begin(engine.tick(state, now(), env))
    if (firing !== undefined || now() < nextEarly) return
    nextEarly = Infinity
    begin(engine.early(state, env))
  }

  const setAlarm = (): void => {
    const due = Math.min(engine.nextTick(state), nextEarly) - epoch
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
        begin(engine.end(state, env))
      } else if (firing === undefined && !feed.want() && !feed.over) {
        setAlarm()
        context.underWay?.(alarmAt < Infinity)
        await bell.next()
      }
    }
  } finally {
    alarm?.cancel()
    bell.close()
  }
}

/**
 * Session windows: items of a key that follow each other by less than the gap.
 *
 *     items      x--x-----------x-------x            a new item:  in reach of no session: a session of its own
 *     sessions   [------)       [---)   [---)                     in reach of one: it grows
 *                               [---- o -----)                    in reach of several: they become one
 *
 * Invariants
 *   S1  the sessions of a key do not overlap
 *   S2  a session that is held has one valid entry in `due`, at or before the instant at which it has to be looked at: growing moves
 *       that instant and not the entry, which is put in its right place when it comes up
 * Sessions fire in the order of their ends; of equals the one that came first.
 */
import type { Gather } from '../aggregates/gather.ts'
import { newKey, type Key } from '../keyed/keys.ts'
import { fire, LATE, tooManyWindows, type Engine, type EngineArgs, type EngineState, type Fired, type Firing } from './engine.ts'
import { popDue, pushDue, type Due } from './heap.ts'
import type { SessionKind } from './kinds.ts'
import { createWatermark } from './watermark.ts'

interface Session {
  readonly key: Key
  readonly order: number
  start: number
  end: number
  value: unknown
  count: number
  fired: boolean
  /** Items since it last fired. */
  news: number
  /** Of its valid entry; NaN when it is no longer held. */
  due: number
}

interface Entry extends Due {
  readonly session: Session
}

interface SessionsState extends EngineState {
  /** By key, in the order of time. */
  readonly sessions: Map<Key, Session[]>
  readonly due: Entry[]
  held: number
  made: number
}

export const sessionsEngine = ({ gapMs: gap }: SessionKind, args: EngineArgs, gather: Gather): Engine<SessionsState> => {
  const { latenessMs: lateness, maxWindows, earlyCount, hasEarly } = args

  const enter = (s: SessionsState, session: Session, due: number): void => {
    session.due = due
    pushDue(s.due, { due, order: session.order, session })
  }

  const letGo = (s: SessionsState, session: Session): void => {
    session.due = NaN
    s.held--
    const left = s.sessions.get(session.key)!.filter((other) => other !== session)
    if (left.length === 0) s.sessions.delete(session.key)
    else s.sessions.set(session.key, left)
  }

  const fireOne = (session: Session, firing: Firing, lives: boolean, env: unknown): Fired => {
    const { key, start, end, count } = session
    session.news = 0
    return fire(gather, { key, start, end, firing, count }, () => session.value, lives, env)
  }

  const begin = (s: SessionsState, key: Key, at: number, item: unknown, env: unknown): Session => {
    const kept = newKey('window', 0, undefined, key)
    if (s.held >= maxWindows) tooManyWindows(maxWindows)
    const value = gather.add(gather.create(env), item, env)
    const session: Session = { key: kept, order: s.made++, start: at, end: at + gap, value, count: 1, fired: false, news: 0, due: NaN }
    const others = s.sessions.get(key)
    if (others === undefined) s.sessions.set(kept, [session])
    else {
      others.push(session)
      others.sort((a, b) => a.start - b.start)
    }
    s.held++
    return session
  }

  /** The sessions in reach, in the order of time, as one: the first of them. */
  const grow = (s: SessionsState, near: readonly Session[], at: number, item: unknown, env: unknown): Session => {
    const [session, ...others] = near as readonly [Session, ...Session[]]
    session.value = gather.add(session.value, item, env)
    session.count++
    session.start = Math.min(session.start, at)
    session.end = Math.max(session.end, at + gap)
    for (const other of others) {
      session.value = gather.combine(session.value, other.value, env)
      session.count += other.count
      session.end = Math.max(session.end, other.end)
      session.news += other.news
      letGo(s, other)
    }
    return session
  }

  /** A session that has an item more: when it is to be looked at, and what fires at once. */
  const settle = (s: SessionsState, session: Session, env: unknown): Fired[] | undefined => {
    const late = session.end <= s.watermark.value
    session.fired = late
    session.news++
    const due = late ? session.end + lateness : session.end
    if (!(session.due <= due)) enter(s, session, due)
    if (late) return [fireOne(session, 'late', true, env)]
    return session.news === earlyCount ? [fireOne(session, 'early', true, env)] : undefined
  }

  return {
    create: () => ({ watermark: createWatermark(), sessions: new Map(), due: [], held: 0, made: 0 }),
    add: (s, { item, at, key, env }) => {
      const near = (s.sessions.get(key) ?? []).filter(({ start, end }) => start < at + gap && at < end)
      const end = near.reduce((latest, session) => Math.max(latest, session.end), at + gap)
      if (end + lateness <= s.watermark.value) return LATE
      return settle(s, near.length === 0 ? begin(s, key, at, item, env) : grow(s, near, at, item, env), env)
    },
    isDue: (s) => s.due.length > 0 && s.due[0]!.due <= s.watermark.value,
    pass: function* (s, env) {
      while (s.due.length > 0 && s.due[0]!.due <= s.watermark.value) {
        const { session, due } = popDue(s.due)
        if (session.due !== due) continue // it has been let go, or has another entry
        const actual = session.fired ? session.end + lateness : session.end
        if (actual > due) enter(s, session, actual)
        else if (session.fired) letGo(s, session)
        else {
          const lives = lateness > 0
          session.fired = true
          if (lives) enter(s, session, session.end + lateness)
          else letGo(s, session)
          yield fireOne(session, 'onTime', lives, env)
        }
      }
    },
    early: function* (s, env) {
      if (!hasEarly) return
      const all = [...s.sessions.values()].flat().filter((session) => session.news > 0 && !session.fired)
      for (const session of all.sort((a, b) => a.start - b.start || a.order - b.order)) yield fireOne(session, 'early', true, env)
    },
    isNews: (s) => s.sessions.size > 0,
    nextDue: (s) => s.due[0]?.due ?? Infinity
  }
}

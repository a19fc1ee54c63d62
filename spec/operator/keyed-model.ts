/** A naive model of keyedProcess by event time: timers are in a list that is looked through after every item. For keyed-process.spec.ts. */

export interface Event {
  readonly key: string
  readonly at: number
  readonly id: number
  readonly does: 'nothing' | 'set' | 'clear' | 'forget' | 'throw' | 'setThrow'
  readonly name: string
  readonly delay: number
}

export interface ModelOptions {
  readonly outOfOrderMs: number
  readonly late: 'process' | 'drop'
  readonly restart: boolean
  readonly ttlMs: number | undefined
}

interface State {
  ids: number[]
  again: number
  used: number
}

interface Set {
  readonly key: string
  readonly name: string
  readonly order: number
  at: number
}

/** What the stage of the spec and the model answer. */
export type Row = readonly unknown[]

/** A timer that is called 'again' sets itself again so often, so much later. */
export const AGAIN = 2
export const AGAIN_MS = 7

export const model = (options: ModelOptions, events: readonly Event[]): { readonly rows: readonly Row[], readonly late: number, readonly failed: readonly number[] } => {
  const rows: Row[] = []
  const failed: number[] = []
  const states = new Map<string, State>()
  let timers: Set[] = []
  let watermark = -Infinity
  let now = -Infinity
  let made = 0
  let late = 0
  let ended = false

  const set = (key: string, name: string, at: number): void => {
    if (ended) return
    const known = timers.find((timer) => timer.key === key && timer.name === name)
    if (known === undefined) timers.push({ key, name, order: made++, at })
    else known.at = at
  }
  const drop = (key: string): void => {
    timers = timers.filter((timer) => timer.key !== key)
  }
  const isTimed = (key: string): boolean => timers.some((timer) => timer.key === key)

  const pass = (): void => {
    for (;;) {
      const due = timers.filter((timer) => timer.at <= watermark).sort((a, b) => a.at - b.at || a.order - b.order)[0]
      if (due === undefined) return
      timers = timers.filter((timer) => timer !== due)
      const state = states.get(due.key)!
      rows.push(['timer', due.key, due.name, due.at, watermark, [...state.ids]])
      state.used = now
      if (due.name === 'again' && state.again-- > 0) set(due.key, 'again', due.at + AGAIN_MS)
    }
  }

  for (const e of events) {
    if (e.at < watermark && options.late === 'drop') {
      late++
      continue
    }
    now = Math.max(now, e.at)
    const kept = states.get(e.key)
    const isOld = kept !== undefined && options.ttlMs !== undefined && !isTimed(e.key) && kept.used + options.ttlMs <= now
    const known = isOld ? undefined : kept
    const state = known ?? { ids: [], again: AGAIN, used: now }
    if (isOld) states.delete(e.key)
    state.ids.push(e.id)
    if (e.does === 'throw' || e.does === 'setThrow') {
      failed.push(e.id)
      if (known !== undefined && options.restart) {
        drop(e.key)
        states.set(e.key, { ids: [], again: AGAIN, used: now })
      }
      continue
    }
    states.set(e.key, state)
    state.used = now
    rows.push(['item', e.key, e.id, e.at, watermark, state.ids.length, timers.find((timer) => timer.key === e.key && timer.name === e.name)?.at])
    if (e.does === 'set') set(e.key, e.name, e.at + e.delay)
    if (e.does === 'clear') timers = timers.filter((timer) => timer.key !== e.key || timer.name !== e.name)
    if (e.does === 'forget') {
      states.delete(e.key)
      drop(e.key)
    }
    watermark = Math.max(watermark, e.at - options.outOfOrderMs)
    pass()
  }
  watermark = Infinity
  ended = true
  pass()
  return { rows, late, failed }
}

/** A naive model of windows: all items are kept in lists, and every window is looked at after every item. For window.spec.ts. */
import type { WindowKind } from '../../src/operator/windows/kinds.ts'

export interface Event {
  readonly at: number
  readonly key: string
  readonly split: string
  readonly id: number
}

export interface ModelOptions {
  readonly outOfOrderMs: number
  readonly latenessMs: number
  readonly expectSplits: number
  readonly splits: boolean
  readonly earlyCount: number | undefined
}

export interface Row {
  readonly key: string
  readonly start: number
  readonly end: number
  readonly ids: readonly number[]
  readonly firing: string
}

interface Win {
  readonly key: string
  start: number
  end: number
  ids: number[]
  fired: boolean
  news: number
}

export const model = (kind: WindowKind, options: ModelOptions, events: readonly Event[]): { readonly rows: readonly Row[], readonly late: readonly number[] } => {
  const rows: Row[] = []
  const late: number[] = []
  const latest = new Map<string, number>()
  let watermark = -Infinity
  let open: Win[] = []
  const fire = (w: Win, firing: string): void => {
    w.news = 0
    rows.push({ key: w.key, start: w.start, end: w.end, ids: [...w.ids].sort((a, b) => a - b), firing })
  }
  const touched = (w: Win): void => {
    w.news++
    if (w.end <= watermark) fire(w, 'late')
    else if (w.news === options.earlyCount) fire(w, 'early')
  }
  const closed = (end: number): boolean => end + options.latenessMs <= watermark

  const intoSliding = (e: Event, size: number, every: number, offset: number): boolean => {
    const starts: number[] = []
    for (let start = offset - 1000 * every; start <= e.at; start += every) if (e.at < start + size) starts.push(start)
    const alive = starts.filter((start) => !closed(start + size))
    for (const start of alive) {
      let w = open.find((one) => one.key === e.key && one.start === start)
      if (w === undefined) open.push((w = { key: e.key, start, end: start + size, ids: [], fired: start + size <= watermark, news: 0 }))
      w.ids.push(e.id)
      touched(w)
    }
    return starts.length === 0 || alive.length > 0
  }

  const intoSession = (e: Event, gap: number): boolean => {
    const near = open.filter((w) => w.key === e.key && w.start < e.at + gap && e.at < w.end)
    const end = Math.max(e.at + gap, ...near.map((w) => w.end))
    if (closed(end)) return false
    const w: Win = {
      key: e.key, start: Math.min(e.at, ...near.map((one) => one.start)), end, ids: [...near.flatMap((one) => one.ids), e.id],
      fired: end <= watermark, news: near.reduce((n, one) => n + one.news, 0)
    }
    open = [...open.filter((one) => !near.includes(one)), w]
    touched(w)
    return true
  }

  const pass = (): void => {
    for (const w of [...open].sort((a, b) => a.end - b.end)) {
      if (w.end > watermark || w.fired) continue
      w.fired = true
      fire(w, 'onTime')
    }
    open = open.filter((w) => !closed(w.end))
  }

  for (const e of events) {
    const inTime = kind.kind === 'session'
      ? intoSession(e, kind.gapMs)
      : kind.kind === 'sliding' ? intoSliding(e, kind.sizeMs, kind.everyMs, kind.offsetMs) : true
    if (!inTime) late.push(e.id)
    const split = options.splits ? e.split : ''
    latest.set(split, Math.max(latest.get(split) ?? -Infinity, e.at))
    if (latest.size >= options.expectSplits) watermark = Math.max(watermark, Math.min(...latest.values()) - options.outOfOrderMs)
    pass()
  }
  watermark = Infinity
  pass()
  return { rows, late }
}

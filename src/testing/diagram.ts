/**
 * Marble diagrams as text: parsed into events at instants, and written from them. Pure.
 *
 *     '--a-(bc)-|'     a at 2, b and c at 4, the end at 9          one character is one frame; a group is as long as its text
 *     'a 10ms b|'      a at 0, b at 11, the end at 12              between spaces a time: ms, s or m
 *
 * The syntax of RxJS, without its `^` and `!`. Called by marbles.ts.
 */
import { argumentError } from '../error/pipeline-error.ts'

export type MarbleEvent =
  | { readonly at: number; readonly type: 'item'; readonly value: unknown }
  | { readonly at: number; readonly type: 'end' }
  | { readonly at: number; readonly type: 'error'; readonly error: unknown }

export interface Diagram {
  readonly events: readonly MarbleEvent[]
  /** Frames that the text takes. */
  readonly length: number
}

const TIME = /^(\d+(?:\.\d+)?)(ms|s|m)(?= |$)/
const MS = { ms: 1, s: 1000, m: 60_000 } as const

const wrong = (text: string, at: number, what: string): Error =>
  argumentError('range', `marbles: '${text}' is no diagram`, `at character ${at + 1}: ${what}`, "write - for a frame, ( ) for a group, | for the end, # for an error, any other character for an item")

/** A text as events; characters stand for themselves where `values` has nothing for them. */
export const parseMarbles = (text: string, values: Readonly<Record<string, unknown>> = {}, error?: unknown): Diagram => {
  if (typeof text !== 'string') throw argumentError('type', 'marbles: a diagram must be a text', `got ${typeof text}`, "such as '-a-b|'")
  const events: MarbleEvent[] = []
  let frame = 0
  let group: number | undefined
  let ended = false
  for (let i = 0; i < text.length; ) {
    const c = String.fromCodePoint(text.codePointAt(i)!)
    const time = group === undefined && (i === 0 || text[i - 1] === ' ') ? TIME.exec(text.slice(i)) : null
    if (time !== null) {
      frame += Number(time[1]) * MS[time[2] as keyof typeof MS]
      i += time[0].length
      continue
    }
    i += c.length
    if (c === ' ') continue
    const at = group ?? frame
    frame++
    if (c === '-') {
      if (group !== undefined) throw wrong(text, i - 1, 'a frame within a group')
      continue
    }
    if (c === '(') {
      if (group !== undefined) throw wrong(text, i - 1, 'a group within a group')
      group = at
      continue
    }
    if (c === ')') {
      if (group === undefined) throw wrong(text, i - 1, 'the end of no group')
      group = undefined
      continue
    }
    if (c === '^' || c === '!') throw wrong(text, i - 1, `'${c}' means nothing here`)
    if (ended) throw wrong(text, i - 1, 'something behind the end')
    if (c === '|') events.push({ at, type: 'end' })
    else if (c === '#') events.push({ at, type: 'error', error })
    else events.push({ at, type: 'item', value: Object.hasOwn(values, c) ? values[c] : c })
    ended = c === '|' || c === '#'
  }
  if (group !== undefined) throw wrong(text, text.length, 'a group that has no end')
  return { events, length: frame }
}

/** Frames as text: few as themselves, many as a time. */
const gap = (frames: number): string => (frames <= 20 && Number.isInteger(frames) ? '-'.repeat(Math.max(0, frames)) : ` ${frames}ms `)

/** Events as text; `nameOf` answers the character of an item. What cannot be written exactly (items that are too close) is written near. */
export const writeMarbles = (events: readonly MarbleEvent[], nameOf: (value: unknown) => string): string => {
  let text = ''
  let frame = 0
  for (let i = 0; i < events.length; ) {
    const { at } = events[i]!
    const together = events.slice(i).filter((event) => event.at === at)
    const names = together.map((event) => (event.type === 'end' ? '|' : event.type === 'error' ? '#' : nameOf(event.value))).join('')
    const group = together.length === 1 ? names : `(${names})`
    text += gap(at - frame) + group
    frame = Math.max(at, frame) + group.length
    i += together.length
  }
  return text.trim()
}

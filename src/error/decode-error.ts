/**
 * A value that does not fit its codec: what was expected where, and what was there.
 *
 * Plain fields only, so that it survives the way between threads; io-ts errors and the compiled checkers' own are both
 * told in this form. Called by ship/ (which makes them), wire.ts (which puts them together again) and users.
 */

/** One place where the value does not fit. */
export interface DecodeIssue {
  /** From the root of the value: `user.tags[3]`; empty for the value itself. */
  readonly path: string
  /** Name of the codec that refused. */
  readonly expected: string
  /** A short rendering of what was there. */
  readonly actual: string
  /** What the codec itself said, where it says something (a custom message of an io-ts codec). */
  readonly message?: string | undefined
}

/** Issues that an error keeps: a long list of bad elements tells no more than its beginning, and dead letters stay small. */
export const MAX_ISSUES = 100
/** Places that the message names. */
const SHOWN = 3
/** Longest string in a rendering, and longest name of a codec in a line, in characters. */
const LONGEST_STRING = 40
const LONGEST_NAME = 80

const clip = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text)

const renderObject = (value: object): string => {
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid date' : value.toISOString()
  const proto = Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null
  const made = proto?.constructor?.name
  if (typeof made === 'string' && made !== 'Object' && made !== '') return `a value of class ${made}`
  const keys = Object.keys(value)
  if (keys.length === 0) return 'an empty object'
  return `an object with ${keys.slice(0, 4).map((key) => clip(key, LONGEST_STRING)).join(', ')}${keys.length > 4 ? ', …' : ''}`
}

/** A value in a few words. Never throws. */
export const renderValue = (value: unknown): string => {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(clip(value, LONGEST_STRING))
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return `${clip(String(value), LONGEST_STRING)}n`
    case 'function':
      return 'a function'
    case 'object':
      if (value === null) return 'null'
      try {
        return renderObject(value)
      } catch {
        return 'an object' // a proxy or an accessor that throws
      }
    default:
      return String(value)
  }
}

/**
 * Readable lines: `user.age: expected number, got "x"`. Issues of one place that follow each other share a line, so that
 * a union reads as what it is: `id: expected string or number, got null`.
 */
export const issueLines = (issues: readonly DecodeIssue[]): string[] => {
  const lines: string[] = []
  for (let i = 0; i < issues.length; ) {
    const { path, actual } = issues[i]!
    const wants: string[] = []
    const says: string[] = []
    for (; i < issues.length && issues[i]!.path === path && issues[i]!.actual === actual; i++) {
      const { expected, message } = issues[i]!
      const into = message === undefined ? wants : says
      const text = message ?? clip(expected, LONGEST_NAME)
      if (!into.includes(text)) into.push(text)
    }
    const want = wants.length === 0 ? [] : [`expected ${wants.join(' or ')}, got ${actual}`]
    lines.push(`${path === '' ? 'the value' : path}: ${[...says, ...want].join('; ')}`)
  }
  return lines
}

const wording = (issues: readonly DecodeIssue[]): string => {
  const lines = issueLines(issues)
  if (lines.length === 0) return 'the value does not fit its codec. Correct the value or the codec'
  const more = lines.length - SHOWN
  const rest = more <= 0 ? '' : `; and ${more}${issues.length >= MAX_ISSUES ? ' or more' : ''} other places`
  return `the value does not fit its codec: ${lines.slice(0, SHOWN).join('; ')}${rest}. Correct the value or the codec`
}

/**
 * Why `decode` set an item aside; the `cause` of its dead letter.
 *
 * @example
 * run.deadLetters.subscribe(({ cause }) => {
 *   if (cause instanceof DecodeError) console.warn(reportErrors(cause).join('\n'))
 * })
 */
export class DecodeError extends Error {
  readonly code = 'ERR_MILLRACE_DECODE'
  /** In the order of the codec; at most {@link MAX_ISSUES}. */
  readonly issues: readonly DecodeIssue[]

  constructor(issues: readonly DecodeIssue[]) {
    const kept = issues.length > MAX_ISSUES ? issues.slice(0, MAX_ISSUES) : issues
    // Millions of these may be made, and where in millrace they are made says nothing: no stack.
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(wording(kept))
    Error.stackTraceLimit = limit
    this.name = 'DecodeError'
    this.issues = kept
  }
}

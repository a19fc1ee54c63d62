/**
 * One line of a web server's access log ("combined" or "common" format) as a record, or what is wrong with it.
 *
 *     host ident user [day/Mon/year:h:m:s zone] "METHOD target HTTP/n.n" status bytes "referrer" "agent" ...
 *
 * A scanner by hand, because this runs for every line of the input: it looks at every character once, makes no object
 * but the record and no string but the fields that the record keeps, and throws nothing. It accepts exactly the lines that
 * this expression accepts, with one of Jan..Dec as month (the spec compares the two on good lines and on broken ones):
 *
 *     ^(\S+) (\S+) (\S+) \[(\d\d)/(\w{3})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\]
 *      "([A-Z]+) ([^ "]+) (HTTP/\d\.\d)" (\d{3}) (\d+|-)((?: "(?:[^"\\]|\\.)*")*)$
 *
 * Bytes are bytes: a line is text of one character a byte (`encoding: 'latin1'`), so that two hosts or paths are the same key
 * only if their bytes are the same, valid UTF-8 or not. Hence `\S` means: none of the six white-space characters of ASCII. (To
 * a JavaScript expression the byte A0, half of `à` in UTF-8, would be a space too.) utf8.ts turns fields into text at the end.
 *
 * Imported by workers: loads nothing else. Called by ../access-log.ts.
 */
import type { Either } from 'fp-ts/lib/Either.js'
import { portable } from 'millrace/portable'

/** What the log says about one request. Strings hold one character a byte. */
export interface AccessRecord {
  readonly host: string
  readonly user: string
  /** Seconds since 1970, UTC. */
  readonly time: number
  readonly method: string
  /** The target up to its first `?`, as it stands. */
  readonly path: string
  readonly protocol: string
  readonly status: number
  /** Bytes sent; 0 where the log says `-`. */
  readonly bytes: number
  /** Without the quotes, escapes as they stand; empty where the line has none. */
  readonly referrer: string
  readonly agent: string
}

/** The shortest line from its `[` on: `[17/May/2015:10:05:03 +0000] "G / HTTP/1.1" 200 -`. */
const SHORTEST_REST = 49
/** The shortest line from the end of its target on: ` HTTP/1.1" 200 -`. */
const SHORTEST_END = 16

/** What is wrong, for people; columns count bytes from 1. */
const bad = (what: string, at: number): string => `${what} at column ${at + 1}`

/** Text that does not keep alive the line, and the whole chunk of the file, from which it was cut. */
export const ownText = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')

const isSpace = (c: number): boolean => c === 32 || (c >= 9 && c <= 13)

const isDigit = (c: number): boolean => c >= 48 && c <= 57

/** The two digits at `at`, or NaN. */
const two = (line: string, at: number): number => {
  const a = line.charCodeAt(at)
  const b = line.charCodeAt(at + 1)
  return isDigit(a) && isDigit(b) ? (a - 48) * 10 + b - 48 : NaN
}

/** Where the word that starts at `at` ends: at the first white space, or the end of the line. */
const wordEnd = (line: string, at: number): number => {
  let end = at
  for (; end < line.length; end++) {
    const c = line.charCodeAt(end)
    if (c <= 32 && isSpace(c)) break
  }
  return end
}

const MONTHS: ReadonlyMap<number, number> = new Map(
  ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'].map((name, i) => [
    (name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2),
    i + 1
  ])
)

/** 1 to 12, or undefined. */
const monthAt = (line: string, at: number): number | undefined => {
  const a = line.charCodeAt(at)
  const b = line.charCodeAt(at + 1)
  const c = line.charCodeAt(at + 2)
  return (a | b | c) > 127 ? undefined : MONTHS.get((a << 16) | (b << 8) | c)
}

/**
 * Days from 1 Jan 1970 to a day of the proleptic Gregorian calendar; days beyond the month run on.
 * After H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
const daysOf = (year: number, month: number, day: number): number => {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}

/** The stamp of the line before up to its minute, its zone, and the second at which that minute began: lines come in bursts. */
let lastMinute = '?'
let lastZone = '?'
let lastBegin = 0

/** Seconds since 1970 of the stamp whose `[` is at `at`, or what is wrong with it. */
const timeAt = (line: string, at: number): number | string => {
  if (line.startsWith(lastMinute, at) && line.startsWith(lastZone, at + 21)) {
    const second = two(line, at + 19)
    if (!Number.isNaN(second)) return lastBegin + second
  }
  if (line.charCodeAt(at) !== 91) return bad('no [ before the time', at)
  const month = monthAt(line, at + 4)
  if (month === undefined) return bad('the month is none of Jan to Dec', at + 4)
  const sign = line.charCodeAt(at + 22)
  const marks =
    line.charCodeAt(at + 3) === 47 && line.charCodeAt(at + 7) === 47 && line.charCodeAt(at + 12) === 58 &&
    line.charCodeAt(at + 15) === 58 && line.charCodeAt(at + 18) === 58 && line.charCodeAt(at + 21) === 32 &&
    (sign === 43 || sign === 45) && line.charCodeAt(at + 27) === 93 && line.charCodeAt(at + 28) === 32
  const days = daysOf(two(line, at + 8) * 100 + two(line, at + 10), month, two(line, at + 1))
  const offset = two(line, at + 23) * 3600 + two(line, at + 25) * 60
  const begin = days * 86_400 + two(line, at + 13) * 3600 + two(line, at + 16) * 60 + (sign === 43 ? -offset : offset)
  const time = begin + two(line, at + 19)
  if (!marks || Number.isNaN(time)) return bad('the time is not [dd/Mon/yyyy:hh:mm:ss +hhmm] and a space', at)
  lastMinute = ownText(line.slice(at, at + 19))
  lastZone = line.slice(at + 21, at + 29)
  lastBegin = begin
  return time
}

const PROTOCOLS = Array.from({ length: 100 }, (_, i) => `HTTP/${Math.floor(i / 10)}.${i % 10}`)

/** Where the method ends that starts at `at`. */
const methodEnd = (line: string, at: number): number => {
  if (line.startsWith('GET ', at)) return at + 3
  let end = at
  for (let c = line.charCodeAt(end); c >= 65 && c <= 90; ) c = line.charCodeAt(++end)
  return end
}

/** Where the quoted request should end, and with it the target: the target has no space, no quote, and ` HTTP/n.n"` follows. */
const targetEnd = (line: string, at: number): number => {
  const space = line.indexOf(' ', at)
  return space > at && line.indexOf('"', at) === space + 9 ? space : -1
}

/** The quote that closes the field whose text starts at `at`, or -1. `escape` is the first backslash of the line from there on. */
const closingQuote = (line: string, at: number, escape: number): number => {
  let end = line.indexOf('"', at)
  if (escape < 0 || end < 0 || end < escape) return end
  for (end = at; end < line.length; end++) {
    const c = line.charCodeAt(end)
    if (c === 34) return end
    if (c === 92) end++
  }
  return -1
}

/** A record, or what is wrong with the line. */
export const scan = (line: string): AccessRecord | string => {
  const { length } = line
  if (length === 0) return 'an empty line'
  const hostEnd = wordEnd(line, 0)
  if (hostEnd === 0 || line.charCodeAt(hostEnd) !== 32) return bad('no host followed by a space', hostEnd)
  const nobody = line.startsWith(' - - ', hostEnd)
  const identEnd = nobody ? hostEnd + 2 : wordEnd(line, hostEnd + 1)
  if (identEnd === hostEnd + 1 || line.charCodeAt(identEnd) !== 32) return bad('no identity followed by a space', identEnd)
  const userEnd = nobody ? identEnd + 2 : wordEnd(line, identEnd + 1)
  if (userEnd === identEnd + 1 || line.charCodeAt(userEnd) !== 32) return bad('no user followed by a space', userEnd)

  const stamp = userEnd + 1
  if (length - stamp < SHORTEST_REST) return bad('the line is cut off', length)
  const time = timeAt(line, stamp)
  if (typeof time === 'string') return time
  if (line.charCodeAt(stamp + 29) !== 34) return bad('no quote before the request', stamp + 29)

  const verb = stamp + 30
  const verbEnd = methodEnd(line, verb)
  if (verbEnd === verb || line.charCodeAt(verbEnd) !== 32) return bad('the method is not in capital letters, followed by a space', verbEnd)
  const target = verbEnd + 1
  let at = targetEnd(line, target)
  if (at < 0) return bad('the request is not a method, a target without spaces and HTTP/n.n', target)
  const query = line.indexOf('?', target)

  if (length - at < SHORTEST_END) return bad('the line is cut off', length)
  const major = line.charCodeAt(at + 6)
  const minor = line.charCodeAt(at + 8)
  if (!line.startsWith('HTTP/', at + 1) || !isDigit(major) || line.charCodeAt(at + 7) !== 46 || !isDigit(minor)) {
    return bad('the protocol is not HTTP/n.n', at + 1)
  }
  const hundreds = line.charCodeAt(at + 11)
  const status = (hundreds - 48) * 100 + two(line, at + 12)
  if (line.charCodeAt(at + 10) !== 32 || !isDigit(hundreds) || Number.isNaN(status) || line.charCodeAt(at + 14) !== 32) {
    return bad('the status is not three digits between spaces', at + 11)
  }
  const path = line.slice(target, query >= 0 && query < at ? query : at)

  at += 15
  let bytes = 0
  let c = line.charCodeAt(at)
  if (c === 45) at++
  else {
    if (!isDigit(c)) return bad('the size is neither a number nor -', at)
    for (; isDigit(c); c = line.charCodeAt(++at)) bytes = bytes * 10 + c - 48
    if (bytes > Number.MAX_SAFE_INTEGER) bytes = Number.MAX_SAFE_INTEGER
  }

  let referrer = ''
  let agent = ''
  const escape = at === length ? -1 : line.indexOf('\\', at)
  for (let field = 0; at < length; field++) {
    if (line.charCodeAt(at) !== 32 || line.charCodeAt(at + 1) !== 34) return bad('expected a space and a quoted field', at)
    const end = closingQuote(line, at + 2, escape)
    if (end < 0) return bad('a quoted field does not end', at + 1)
    if (field === 0) referrer = line.slice(at + 2, end)
    else if (field === 1) agent = line.slice(at + 2, end)
    at = end + 1
  }
  return {
    host: line.slice(0, hostEnd),
    user: nobody ? '-' : line.slice(identEnd + 1, userEnd),
    time,
    method: verbEnd - verb === 3 && line.startsWith('GET', verb) ? 'GET' : line.slice(verb, verbEnd),
    path,
    protocol: PROTOCOLS[(major - 48) * 10 + minor - 48]!,
    status,
    bytes,
    referrer,
    agent
  }
}

/** For `mapEither`: a record, or why the line is a dead letter. */
export const parseLine = portable(import.meta, 'parseLine', (line: string): Either<string, AccessRecord> => {
  const found = scan(line)
  return typeof found === 'string' ? { _tag: 'Left', left: found } : { _tag: 'Right', right: found }
})

/**
 * What a line of an access log says, by one regular expression: the slow and plain twin of the example's scanner.
 * White space is that of ASCII and `.` is any byte, because a line is bytes, one character each.
 */
import type { AccessRecord } from '../../../examples/access-log/line.ts'

const LINE =
  /^([^ \t-\r]+) ([^ \t-\r]+) ([^ \t-\r]+) \[(\d\d)\/(\w{3})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\] "([A-Z]+) ([^ "]+) (HTTP\/\d\.\d)" (\d{3}) (\d+|-)((?: "(?:[^"\\]|\\[^])*")*)$/
const QUOTED = / "((?:[^"\\]|\\[^])*)"/g
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The record, or undefined for a bad line. */
export const byRegex = (line: string): AccessRecord | undefined => {
  const match = LINE.exec(line)
  if (match === null) return undefined
  const [, host, , user, day, name, year, h, m, s, sign, zh, zm, method, target, protocol, status, sent, rest] = match as unknown as string[]
  const month = MONTHS.indexOf(name!)
  if (month < 0) return undefined
  const date = new Date(0)
  date.setUTCFullYear(Number(year), month, Number(day))
  date.setUTCHours(Number(h), Number(m), Number(s))
  const offset = (Number(zh) * 60 + Number(zm)) * (sign === '+' ? 60 : -60)
  const [referrer = '', agent = ''] = [...rest!.matchAll(QUOTED)].map(([, text]) => text!)
  return {
    host: host!,
    user: user!,
    time: date.getTime() / 1000 - offset,
    method: method!,
    path: target!.split('?')[0]!,
    protocol: protocol!,
    status: Number(status),
    bytes: sent === '-' ? 0 : Math.min(Number(sent), Number.MAX_SAFE_INTEGER),
    referrer,
    agent
  }
}

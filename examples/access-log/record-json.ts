/**
 * A record as one line of JSON.
 *
 * Written out by hand because it runs for every line: putting the parts together is more than twice as fast as
 * JSON.stringify of an object, as long as a field has nothing to escape. One that has goes through JSON.stringify.
 * Imported by workers: loads nothing else. Called by ../access-log.ts.
 */
import { portable } from 'millrace/portable'
import type { AccessRecord } from './line.ts'
import { toText } from './text.ts'

/** What cannot stand in a JSON string as it is, or is not ASCII. */
const ODD = /[^ !#-[\]-~]/

/** What stands between the quotes of a JSON string. (The quotes come with the text around it: every part that is put together costs.) */
const inner = (bytes: string): string => (bytes === '-' || !ODD.test(bytes) ? bytes : JSON.stringify(toText(bytes)).slice(1, -1))

/** The minute of the record before, as text: lines come in bursts. */
let lastMinute = NaN
let lastText = ''

/** `2015-05-17T10:05:03Z` */
export const isoSecond = (time: number): string => {
  const minute = Math.floor(time / 60)
  if (minute !== lastMinute) {
    lastMinute = minute
    lastText = new Date(minute * 60_000).toISOString().slice(0, -7)
  }
  const second = time - minute * 60
  return second < 10 ? `${lastText}0${second}Z` : `${lastText}${second}Z`
}

/** What {@link recordJson} writes. */
export interface RecordLine {
  readonly host: string
  readonly user: string
  /** UTC. */
  readonly time: string
  readonly method: string
  readonly path: string
  readonly protocol: string
  readonly status: number
  readonly bytes: number
  readonly referrer: string
  readonly agent: string
}

export const recordJson = portable(
  import.meta,
  'recordJson',
  (r: AccessRecord): string =>
    `{"host":"${inner(r.host)}","user":"${inner(r.user)}","time":"${isoSecond(r.time)}","method":"${r.method}","path":"${inner(r.path)}",` +
    `"protocol":"${r.protocol}","status":${r.status},"bytes":${r.bytes},"referrer":"${inner(r.referrer)}","agent":"${inner(r.agent)}"}`
)

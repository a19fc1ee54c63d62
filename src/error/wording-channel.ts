/** The wording of what a channel whose ends are in several threads cannot do. Called by channel/. */
import { argumentError } from './pipeline-error.ts'

/** An item that structured clone refuses, at the call that was given it. */
export const itemStays = (channel: string, found: { readonly path: string; readonly what: string } | undefined, cause: unknown): TypeError => {
  const what = found === undefined ? (cause instanceof Error ? cause.message : String(cause)) : `${found.path} is ${found.what}`
  const message =
    `${channel}: nothing was sent, since the item cannot cross threads: ${what}. ` +
    'An end of this channel is in another thread, so items must survive structured clone: leave functions, symbols, handles and other live objects out of them'
  return Object.assign(new TypeError(message, cause === undefined ? undefined : { cause }), { code: 'ERR_MILLRACE_NOT_CLONEABLE' })
}

/** More bytes than the shared memory of one channel can have. */
export const channelOverflows = (channel: string, bytes: number, most: number): TypeError | RangeError =>
  argumentError(
    'range',
    `${channel}: nothing was sent, since the items of a channel across threads take at most ${most} bytes together`,
    `with this item they would take ${bytes}`,
    'send smaller items, or bound the channel so that fewer wait in it'
  )

/** An end that cannot go to another thread. */
export const channelStays = (end: string, why: string, remedy: string): TypeError | RangeError =>
  argumentError('type', `${end} cannot go to another thread`, why, remedy)

/** An end that is used where it was, after it has gone to another thread. */
export const endMoved = (channel: string): TypeError | RangeError =>
  argumentError('type', `${channel}: this end was sent to another thread, so it is none here any more`, 'it was moved, not copied', 'use it there, or send it back')

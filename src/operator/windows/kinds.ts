/**
 * The kinds of windows: plain values, checked where they are made.
 *
 *     tumbling  [------)[------)[------)        sliding  [------)            session  [--x-x---x--)     [-x--)
 *                                                           [------)                  ends gapMs after its last item
 *                                                              [------)
 *
 * Instants are milliseconds since the epoch; a window holds the items from its start on and before its end.
 * Called by users; read by window.ts.
 */
import { optionsObject, wholeNumber } from '../check.ts'

/** Windows of one length, side by side or overlapping. `everyMs` is `sizeMs` where they are side by side. */
export interface SlidingKind {
  readonly kind: 'sliding'
  readonly sizeMs: number
  readonly everyMs: number
  readonly offsetMs: number
}

/** Windows that last as long as items keep coming. */
export interface SessionKind {
  readonly kind: 'session'
  readonly gapMs: number
}

/** Windows that have no time: `count` items each, or, `undefined`, all of them. */
export interface CountedKind {
  readonly kind: 'counted'
  readonly count: number | undefined
}

export type WindowKind = SlidingKind | SessionKind | CountedKind

/**
 * Windows of one length, side by side: every item is in one. They begin at multiples of `sizeMs` since the epoch, plus `offsetMs`
 * (days of a time zone, for example).
 *
 * @example
 * tumbling({ sizeMs: 60_000 }) // whole minutes
 */
export const tumbling = (options: { readonly sizeMs: number, readonly offsetMs?: number | undefined }): SlidingKind => {
  optionsObject('tumbling', options)
  const sizeMs = wholeNumber('tumbling', 'sizeMs', options.sizeMs, 1)
  return { kind: 'sliding', sizeMs, everyMs: sizeMs, offsetMs: wholeNumber('tumbling', 'offsetMs', options.offsetMs ?? 0, 0) }
}

/**
 * Windows of one length, one of which begins every `everyMs`: an item is in `sizeMs / everyMs` of them. Where `everyMs` is longer
 * than `sizeMs` the items between two windows are in none.
 *
 * An item is added once, to the pane of time that all its windows share; panes are combined when a window closes, or, where the
 * aggregate has `deduct`, what has come is combined and what has left is deducted.
 *
 * **Source**  panes: Li and others, No pane, no gain, SIGMOD Record 2005
 * @example
 * sliding({ sizeMs: 60_000, everyMs: 10_000 }) // the last minute, six times a minute
 */
export const sliding = (options: {
  readonly sizeMs: number
  readonly everyMs: number
  readonly offsetMs?: number | undefined
}): SlidingKind => {
  optionsObject('sliding', options)
  return {
    kind: 'sliding',
    sizeMs: wholeNumber('sliding', 'sizeMs', options.sizeMs, 1),
    everyMs: wholeNumber('sliding', 'everyMs', options.everyMs, 1),
    offsetMs: wholeNumber('sliding', 'offsetMs', options.offsetMs ?? 0, 0)
  }
}

/**
 * Windows that hold the items of a key which follow each other by less than `gapMs`. A session begins with its first item and ends
 * `gapMs` after its last; an item that falls between two sessions may make them one.
 *
 * @example
 * session({ gapMs: 30 * 60_000 }) // a visit ends after half an hour without a click
 */
export const session = (options: { readonly gapMs: number }): SessionKind => {
  optionsObject('session', options)
  return { kind: 'session', gapMs: wholeNumber('session', 'gapMs', options.gapMs, 1) }
}

/**
 * Windows of so many items of a key, whatever their time; the last of a key may hold fewer.
 *
 * @example
 * counted({ count: 100 })
 */
export const counted = (options: { readonly count: number }): CountedKind => {
  optionsObject('counted', options)
  return { kind: 'counted', count: wholeNumber('counted', 'count', options.count, 1) }
}

/** One window per key, for all items; it closes when the input ends. Made for `early` results: a total so far. */
export const everything = (): CountedKind => ({ kind: 'counted', count: undefined })

/**
 * The watermark: the instant before which no more items are expected, as told by the items themselves.
 *
 *     split a  …10 14 12       its greatest 14 ─┐
 *     split b  …11  9          its greatest 11 ─┴─ least of all: 11, less outOfOrderMs ──▶ the watermark, which never goes back
 *
 * Each split (a file, a partition, a device) has its own, so that one that is behind holds the windows open for its items; one
 * that has been idle is left out until it says something again.
 * Source: bounded out-of-orderness and idleness as in Flink; Akidau and others, The Dataflow Model, VLDB 2015.
 * Called by the engines of windows; plain data. Why it is here and not in the channels: docs/decisions/0012.
 */
import { own } from '../../prelude/own-string.ts'
import { refuseKey, type Key } from '../keyed/keys.ts'

interface Mark {
  /** The greatest instant of the split's items. */
  at: number
  /** By the clock: when it last said something. */
  seen: number
  idle: boolean
}

export interface Watermark {
  /** Never goes back; -Infinity before there is any. */
  value: number
  readonly splits: Map<Key, Mark>
}

export interface WatermarkArgs {
  readonly outOfOrderMs: number
  /** The watermark stays where it is until so many splits have said something. */
  readonly expectSplits: number
  readonly maxSplits: number
  readonly idleMs: number | undefined
}

export const createWatermark = (): Watermark => ({ value: -Infinity, splits: new Map() })

const least = ({ splits }: Watermark): number => {
  let at = Infinity
  for (const mark of splits.values()) if (!mark.idle && mark.at < at) at = mark.at
  return at
}

const raise = (mark: Watermark, args: WatermarkArgs): void => {
  if (mark.splits.size < args.expectSplits) return
  const at = least(mark)
  if (at !== Infinity && at - args.outOfOrderMs > mark.value) mark.value = at - args.outOfOrderMs
}

/** Refuses a split that is one too many, or no key. Before anything is changed by the item. */
export const checkSplit = ({ splits }: Watermark, split: Key, { maxSplits }: WatermarkArgs): void => {
  if (splits.has(split)) return
  refuseKey('window', split)
  if (splits.size < maxSplits) return
  const error = new RangeError(`window: more than ${maxSplits} splits (maxSplits); raise it, or answer coarser splits`)
  throw Object.assign(error, { code: 'ERR_MILLRACE_TOO_MANY_KEYS' })
}

/** A split has said something. */
export const observe = (watermark: Watermark, split: Key, at: number, now: number, args: WatermarkArgs): void => {
  const mark = watermark.splits.get(split)
  if (mark === undefined) {
    watermark.splits.set(own(split), { at, seen: now, idle: false })
    raise(watermark, args)
    return
  }
  const { at: before, idle } = mark
  mark.seen = now
  mark.idle = false
  if (at > before) mark.at = at
  // only the split that was behind all others holds the watermark
  if (idle || (at > before && before - args.outOfOrderMs <= watermark.value)) raise(watermark, args)
}

/** Leaves out the splits that have said nothing for `idleMs`; when all are idle the watermark stays. */
export const leaveIdle = (watermark: Watermark, now: number, args: WatermarkArgs): void => {
  if (args.idleMs === undefined) return
  for (const mark of watermark.splits.values()) if (now - mark.seen >= args.idleMs) mark.idle = true
  raise(watermark, args)
}

/** When the next split may have become idle. */
export const nextIdle = ({ splits }: Watermark, { idleMs }: WatermarkArgs): number => {
  let at = Infinity
  if (idleMs !== undefined && splits.size > 1) for (const mark of splits.values()) if (!mark.idle) at = Math.min(at, mark.seen + idleMs)
  return at
}

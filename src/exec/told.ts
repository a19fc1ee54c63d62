/**
 * Turning what went wrong in a loop into something that can travel: an item that cannot be cloned is told by a preview.
 *
 * Called by the loops on both sides (local-loop.ts, remote.ts).
 */
import { inspect } from 'node:util'
import { encodeError } from '../error/wire.ts'
import type { ItemBatch } from '../graph/spec.ts'
import type { Told } from './protocol.ts'

/** Longest preview of an item that cannot travel, in characters. */
const PREVIEW = 2000

const travels = (item: unknown): boolean => {
  if (item === null || (typeof item !== 'object' && typeof item !== 'function' && typeof item !== 'symbol')) return true
  try {
    structuredClone(item)
    return true
  } catch {
    return false
  }
}

export const tell = (node: number, batch: Pick<ItemBatch, 'origin'>, index: number, base: number, item: unknown, error: unknown, attempts = 1): Told => {
  const { origin } = batch
  const whole = travels(item)
  const line = origin === undefined || index < 0 ? undefined : (origin.lines?.[index] ?? origin.line + index)
  return {
    node,
    index: index < 0 ? -1 : base + index,
    line,
    file: origin?.file,
    splitStart: origin?.splitStart,
    item: whole ? item : inspect(item, { depth: 2 }).slice(0, PREVIEW),
    whole,
    error: encodeError(error),
    attempts
  }
}

/**
 * What an item takes of a channel's capacity, when its user weighs items. Called by the local forms of mpsc and broadcast.
 */
import { argumentError } from '../error/pipeline-error.ts'

/** A weight as permits: whole, at least 1, and never more than the channel has, so that a heavy item goes through when it is alone. */
export const fitWeight = (channel: string, weight: number, capacity: number, rule: string): number => {
  if (!(weight >= 0)) {
    throw argumentError('range', `${channel}: ${rule}`, `got ${String(weight)}`, 'correct it; what it says is what bounds the channel')
  }
  return Math.min(Math.max(1, Math.ceil(weight)), capacity)
}

/**
 * The keys that were seen last, at most so many: a list in the order of use, as plain data that survives structured clone.
 *
 *   newest ⇄ … ⇄ oldest      each key has a slot; the slot of the oldest is used again when all are taken
 *
 * A `Map` alone would do, if its first key could be found at once; after many deletions at its front it cannot.
 * Called by dedupe, on workers too.
 */
import { newKey } from '../keyed/keys.ts'

const NONE = -1

export interface Recent {
  readonly slots: Map<unknown, number>
  /** By slot: the key, and the slots beside it in the order of use. */
  readonly keys: unknown[]
  readonly newer: number[]
  readonly older: number[]
  newest: number
  oldest: number
}

export const recent = (): Recent => ({ slots: new Map(), keys: [], newer: [], older: [], newest: NONE, oldest: NONE })

const takeOut = (list: Recent, slot: number): void => {
  const [newer, older] = [list.newer[slot]!, list.older[slot]!]
  if (newer === NONE) list.newest = older
  else list.older[newer] = older
  if (older === NONE) list.oldest = newer
  else list.newer[older] = newer
}

const putFirst = (list: Recent, slot: number): void => {
  list.newer[slot] = NONE
  list.older[slot] = list.newest
  if (list.newest === NONE) list.oldest = slot
  else list.newer[list.newest] = slot
  list.newest = slot
}

/** The slot of a key that is in the list; it is the newest from now on. */
export const find = (list: Recent, key: unknown): number | undefined => {
  const slot = list.slots.get(key)
  if (slot === undefined || slot === list.newest) return slot
  takeOut(list, slot)
  putFirst(list, slot)
  return slot
}

/** Puts a key into the list that is not in it, in place of the oldest when there are `max`. Answers its slot. */
export const put = (list: Recent, max: number, key: unknown): number => {
  const own = newKey('dedupe', 0, undefined, key)
  let slot = list.keys.length
  if (slot >= max) {
    slot = list.oldest
    takeOut(list, slot)
    list.slots.delete(list.keys[slot])
  }
  list.keys[slot] = own
  list.slots.set(own, slot)
  putFirst(list, slot)
  return slot
}

/** Whether the key is in the list; it is from now on. */
export const seen = (list: Recent, max: number, key: unknown): boolean => {
  if (find(list, key) !== undefined) return true
  put(list, max, key)
  return false
}

/**
 * A binary heap in a plain array: what is due first is at index 0. Of equals the one with the lower `order`.
 * Survives structured clone, as everything that a window's state holds. Called by panes.ts and sessions.ts.
 */

export interface Due {
  readonly due: number
  readonly order: number
}

const before = (a: Due, b: Due): boolean => a.due < b.due || (a.due === b.due && a.order < b.order)

export const pushDue = <D extends Due>(heap: D[], entry: D): void => {
  let at = heap.length
  heap.push(entry)
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!before(entry, heap[parent]!)) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = entry
}

/** Takes the first; only where there is one. */
export const popDue = <D extends Due>(heap: D[]): D => {
  const first = heap[0]!
  const last = heap.pop()!
  const size = heap.length
  if (size === 0) return first
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= size) break
    if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++
    if (!before(heap[child]!, last)) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = last
  return first
}

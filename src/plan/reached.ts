/** Where ways through a graph lead. Called by loops.ts and deadlock.ts. */

/** Everything that can be reached from `start` by `next`, and `start`. */
export const reached = (start: number, next: (id: number) => readonly number[]): ReadonlySet<number> => {
  const found = new Set<number>()
  const todo = [start]
  while (todo.length > 0) {
    const id = todo.pop()!
    if (found.has(id)) continue
    found.add(id)
    todo.push(...next(id))
  }
  return found
}

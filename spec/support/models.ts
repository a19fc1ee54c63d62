/** Naive models of operators over arrays, for specs that compare. */

/** `batch` by count and weight: a batch is closed by the item that does not fit, and by being full. */
export const byWeight = (items: readonly number[], count: number, maxWeight: number): number[][] => {
  const out: number[][] = []
  let open: number[] = []
  const weight = (): number => open.reduce((a, b) => a + b, 0)
  const close = (): void => {
    if (open.length > 0) out.push(open)
    open = []
  }
  for (const n of items) {
    if (weight() + n > maxWeight) close()
    open.push(n)
    if (open.length >= count || weight() >= maxWeight) close()
  }
  close()
  return out
}

/**
 * How results are put together where io-ts makes a new object: intersections, stripped keys, decoded keys.
 *
 * These follow io-ts 2.2 to the letter, also where it is peculiar (inherited keys, NaN): results must be the same on both
 * sides of a thread. Called by interpret.ts and by the code that generate.ts writes. Imports nothing.
 */

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

const hasOwn = Object.prototype.hasOwnProperty

/** The answer of an intersection whose members answered `results` for `base`. */
export const merge = (base: unknown, results: readonly unknown[]): unknown => {
  if (results.every((result) => result === base)) return base
  if (!results.some(isRecord)) return results[results.length - 1]
  const before = base as Record<string, unknown>
  const plain = isRecord(base)
  const merged: Record<string, unknown> = {}
  for (const result of results as Record<string, unknown>[]) {
    // A member that changed a key wins over one that left it as it was; inherited keys become own.
    for (const key in result) if (!hasOwn.call(merged, key) || !plain || result[key] !== before[key]) merged[key] = result[key]
  }
  return merged
}

/** Without the own keys that are not in `keys`; the same object when there are none. */
export const strip = (value: object, keys: ReadonlySet<string>): object => {
  const own = Object.getOwnPropertyNames(value)
  let kept = 0
  while (kept < own.length && keys.has(own[kept]!)) kept++
  if (kept === own.length) return value
  const stripped: Record<string, unknown> = {}
  for (const key of own) if (keys.has(key)) stripped[key] = (value as Record<string, unknown>)[key]
  return stripped
}

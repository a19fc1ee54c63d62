/** What a `weigh` function may answer. Called by both forms of batch, on workers too. */

/** The weight, or a refusal: with a weight that is no number a batch would never be full. */
export const checkWeight = (weight: unknown): number => {
  if (typeof weight === 'number' && weight >= 0) return weight
  throw new RangeError(`batch: weigh must answer a number >= 0, not ${typeof weight === 'number' ? weight : typeof weight}`)
}

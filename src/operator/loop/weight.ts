/** What a `weigh` function may answer, and what bytes weigh. Called by both forms of batch and by takeBytes, on workers too. */

/** The weight, or a refusal: with a weight that is no number a batch would never be full. */
export const checkWeight = (weight: unknown, operator = 'batch'): number => {
  if (typeof weight === 'number' && weight >= 0) return weight
  throw new RangeError(`${operator}: weigh must answer a number >= 0, not ${typeof weight === 'number' ? weight : typeof weight}`)
}

/** Bytes of a byte array, or of a text in UTF-8. */
export const bytesOf = (item: unknown): number => {
  if (typeof item === 'string') return Buffer.byteLength(item)
  if (ArrayBuffer.isView(item) || item instanceof ArrayBuffer) return item.byteLength
  throw new TypeError(`takeBytes: an item is neither bytes nor a text but ${item === null ? 'null' : typeof item}; give 'weigh'`)
}

export const tooManyBytes = (max: number): never => {
  const error = new RangeError(`takeBytes: the items are more than ${max} bytes (max); raise it, or choose whenOver: 'end'`)
  throw Object.assign(error, { code: 'ERR_MILLRACE_TOO_MANY_BYTES' })
}

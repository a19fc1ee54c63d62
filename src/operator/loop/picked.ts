/** What `pick` makes of an item. Called by the loops of tasks, on workers too. */

const isField = Object.prototype.propertyIsEnumerable

/** The fields of an item that are in the list, in its order. */
export const picked = (item: unknown, fields: readonly string[]): object => {
  if (typeof item !== 'object' || item === null) {
    throw new TypeError(`pick: the item is ${item === null ? 'null' : `a ${typeof item}`} and has no fields; filter those out before`)
  }
  const out: Record<string, unknown> = {}
  for (const field of fields) if (isField.call(item, field)) out[field] = (item as Readonly<Record<string, unknown>>)[field]
  return out
}

/** How anything that was thrown is said in one line: programs throw texts, plain objects, and worse. Called by the wording files. */

/** More of a text than this is not read in a message. */
const LONGEST = 300

const clipped = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text)

/** A thrown object that is no Error: by its message, if it has one, else by what is in it. */
const object = (thrown: { readonly name?: unknown, readonly message?: unknown }): string => {
  const { name, message } = thrown
  if (typeof message === 'string') return typeof name === 'string' ? `${name}: ${message}` : message
  const text = JSON.stringify(thrown) as string | undefined
  return text === undefined ? Object.prototype.toString.call(thrown) : clipped(text)
}

/** Never throws: what looks at a failure must not fail of it. */
export const say = (thrown: unknown): string => {
  try {
    if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}`
    return typeof thrown === 'object' && thrown !== null ? object(thrown) : clipped(String(thrown))
  } catch {
    return 'something that cannot be said'
  }
}

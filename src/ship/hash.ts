/**
 * A short hash of a function's source, by which a stale build is told from the right one. Not for secrets.
 *
 * Source: FNV-1a (Fowler, Noll, Vo), two lanes of 32 bits. Called by portable.ts. Imports nothing.
 */

const PRIME = 0x01000193

export const hashOf = (text: string): string => {
  let a = 0x811c9dc5
  let b = 0x1b873593
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, PRIME)
    b = Math.imul(b ^ ((unit << 5) | (unit >>> 11)), PRIME)
  }
  return [a, b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('')
}

const COUNTER = /\bcov_[0-9a-z]+\b|\b__coverage__\b|\b_\$jscoverage\b/

/** The counter that a coverage tool has written into the source, if one has: such a source may differ from thread to thread. */
export const coverageCounter = (text: string): string | undefined => COUNTER.exec(text)?.[0]

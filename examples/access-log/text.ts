/**
 * From bytes to text, at the edge: inside, a string holds one character a byte (line.ts says why); people and JSON want text.
 *
 * A field whose bytes are valid UTF-8 is that text. One whose bytes are not is taken as Latin-1, the encoding of old clients:
 * every byte becomes the character of its number, so nothing is lost and nothing becomes U+FFFD. Decided field by field; a
 * field of ASCII, nearly all of them, is its own text. Called by record-json.ts, summary.ts and ../access-log.ts.
 */
import { isUtf8 } from 'node:buffer'

const BEYOND_ASCII = /[^\u0000-\u007f]/

/** The text that a field's bytes stand for. */
export const toText = (bytes: string): string => {
  if (!BEYOND_ASCII.test(bytes)) return bytes
  const raw = Buffer.from(bytes, 'latin1')
  return isUtf8(raw) ? raw.toString('utf8') : bytes
}

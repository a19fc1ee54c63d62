/** Cuts chunks of bytes, which begin and end anywhere, into lines of text. Called by the kernel of splitLines, on workers too. */

/** What is kept between two chunks: plain data, since the stage may move to another thread. */
export interface LineState {
  /** The beginning of a line whose end has not come, in pieces. */
  rest: Uint8Array[]
  size: number
  begun: boolean
}

const LF = 10
const BOM = '\ufeff'
const BOM_BYTES = 3

const tooLong = (max: number): never => {
  const error = new RangeError(`splitLines: a line is longer than ${max} bytes (maxLineBytes). If these are lines, raise it`)
  throw Object.assign(error, { code: 'ERR_MILLRACE_LINE_TOO_LONG' })
}

const bufferOf = (chunk: unknown): Buffer => {
  if (ArrayBuffer.isView(chunk)) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  throw new TypeError(`splitLines: an item is no chunk of bytes but ${chunk === null ? 'null' : typeof chunk}; texts are cut by flatMap((text) => text.split('\\n'))`)
}

const textsOf = (state: LineState, bytes: Buffer): string[] => {
  let text = bytes.toString()
  if (!state.begun && text.startsWith(BOM)) text = text.slice(1)
  state.begun = true
  const lines = text.split('\n')
  if (text.includes('\r')) for (let i = 0; i < lines.length; i++) if (lines[i]!.endsWith('\r')) lines[i] = lines[i]!.slice(0, -1)
  return lines
}

/** The lines that end in this chunk; what is behind the last of them is kept, in memory of its own. */
export const linesOf = (state: LineState, chunk: unknown, max: number): readonly string[] => {
  const bytes = bufferOf(chunk)
  const end = bytes.lastIndexOf(LF)
  if (state.size + (end < 0 ? bytes.length : bytes.indexOf(LF)) > max || bytes.length - end - 1 > max) tooLong(max)
  const head = state.rest
  if (end < 0) {
    if (bytes.length > 0) head.push(new Uint8Array(bytes))
    state.size += bytes.length
    return []
  }
  state.rest = end + 1 < bytes.length ? [new Uint8Array(bytes.subarray(end + 1))] : []
  state.size = bytes.length - end - 1
  const whole = bytes.subarray(0, end)
  return textsOf(state, head.length === 0 ? whole : Buffer.concat([...head, whole]))
}

/** The last line, if nothing has ended it. */
export const lastLine = (state: LineState): string | undefined => {
  if (state.size === 0) return undefined
  const mark = !state.begun && state.size === BOM_BYTES
  const [line] = textsOf(state, Buffer.concat(state.rest))
  state.rest = []
  state.size = 0
  return mark && line === '' ? undefined : line // a byte order mark alone is no line
}

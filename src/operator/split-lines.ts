/**
 * The lines of a stream of bytes: of a connection, a child process, a Node stream.
 *
 *     in  "ab\nc"--"d\ne"--|   splitLines()    out  ab--cd--e|
 *     lane blocking            state the line that has not ended     fuses with serial neighbours
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { stageOptions, wholeNumber } from './check.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'
import type { LineState } from './loop/line-splitter.ts'

export interface SplitLinesOptions extends Pick<CpuOptions, 'name' | 'lane'> {
  /** A longer line ends the run: a bound on what somebody else sends. A whole number >= 1. Default 16 MiB. */
  readonly maxLineBytes?: number | undefined
}

const MAX_LINE = 16 * 1024 * 1024

export const kernel: Kernel = {
  kind: 'splitLines',
  expands: true,
  state: (): LineState => ({ rest: [], size: 0, begun: false }),
  each: (g, item) => {
    const [many, y, walker] = [g.fresh('many'), g.fresh('y'), g.fresh('walker')]
    return `${many} = ${g.help}.linesOf(${g.state}, ${item}, ${g.args}.max);
      ${walker} ??= ${g.help}.walker(); ${walker}.begin(${many});
      try { while (${walker}.advance()) { ${y} = ${walker}.value; ${g.emitOne(y)} ${g.pause} } }
      catch (thrown) { ${walker}.abandon(); throw thrown; } finally { ${walker}.leave(); }`
  },
  end: (g) => {
    const y = g.fresh('y')
    return `${y} = ${g.help}.lastLine(${g.state}); if (${y} !== undefined) { ${g.emit(y)} }`
  }
}

/**
 * Emits the lines of chunks of bytes that begin and end anywhere, as text in UTF-8. Lines end at `\n`, a `\r` before it is removed, a byte
 * order mark at the start too; the last line needs no end. For files there is `fs.lines`, which reads in the workers.
 *
 * **Order**   of the input. Serial: all items pass one place
 * **Cost**    one decoding and one `split` per chunk
 * **Errors**  ERR_MILLRACE_LINE_TOO_LONG for a line of more than `maxLineBytes`, and an item that is no bytes, end the run
 * **Memory**  the line that has not ended
 * **Source**  Pekko `Framing.delimiter`, Effect `splitLines`
 * @example
 * const chunks = ['one\ntw', 'o\r\nthree'].map((text) => Buffer.from(text))
 * await from(chunks).pipe(splitLines()).toArray() // => ['one', 'two', 'three']
 */
export const splitLines = (options: SplitLinesOptions = {}): Flow<Uint8Array, string> => {
  stageOptions('splitLines', options)
  const max = wholeNumber('splitLines', 'maxLineBytes', options.maxLineBytes ?? MAX_LINE, 1)
  return flowOf(cpu('splitLines', {}, options, { parallelism: 'serial', args: { max } }), options.name)
}

/** Lines on their way to a sink of text: in large pieces where nobody sees them before the run is over, as they come where somebody does. */
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { from, map, pipeline, type Sink } from '../../src/index.ts'
import * as fs from '../../src/fs.ts'
import { sinkOf } from '../../src/graph/source.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'

const MIB = 1024 * 1024

/** A sink of text that notes the bytes of each write. `replaces`: what it makes appears at the end of the run. */
const noting = (replaces: string | undefined, wrote: (bytes: number) => void): Sink<string, number> => {
  let lines = 0
  return sinkOf<string, number>({
    role: 'sink',
    kind: 'noting',
    args: {},
    accepts: 'text',
    replaces,
    open: () => ({
      write: () => undefined,
      writeText: async (pieces, count) => {
        lines += count
        wrote(pieces.reduce((sum, { length }) => sum + length, 0))
        await new Promise((resolve) => setImmediate(resolve))
      },
      finish: () => lines,
      abort: () => undefined
    })
  })
}

suite('text sinks', (it) => {
  it('lines for a file that appears when it is complete are written in large pieces', async ({ defer }) => {
    const path = join(tempDir(defer), 'long.txt')
    writeFileSync(path, `${'x'.repeat(199)}\n`.repeat(120_000))
    const writes: number[] = []
    const lines = fs.lines(path).pipe(map((line) => line, { lane: 'blocking' }))
    const report = await pipeline({ out: lines.to(noting('/nowhere', (bytes) => writes.push(bytes))) }).run({ workers: 2 }).done
    const bytes = statSync(path).size
    assert.is(writes.reduce((sum, each) => sum + each, 0), bytes)
    assert.is(report.workers, 2)
    assert.ok(writes.length <= bytes / MIB + 2, `${bytes} bytes in ${writes.length} writes`)
  })

  for (const [what, replaces, line] of [
    ['large ones for a sink that shows what comes', undefined, 'x'.repeat(300_000)],
    ['small ones for a file', '/nowhere', 'x'.repeat(100)]
  ] as const) {
    it(`${what} are written as they come`, async () => {
      let written = (): void => undefined
      const first = new Promise<void>((resolve) => {
        written = resolve
      })
      const two = async function* () {
        yield line
        await first // for ever, if the sink waited for more
        yield line
      }
      const run = pipeline({ out: from(two()).pipe(map((text) => text)).to(noting(replaces, () => { written() })) }).run({ workers: 0 })
      const { results } = await run.done
      assert.equal(Object.values(results), [2])
    })
  }
}, 30_000)

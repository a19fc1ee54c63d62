/** Sources of more than 64 MiB: read by workers from the beginning, in splits that become smaller towards the end. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { map, pipeline } from '../../src/index.ts'
import * as fs from '../../src/fs.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'
import { warmPool } from '../support/warm.ts'

const MIB = 1024 * 1024
/** No multiple of anything: splits have to begin at whole bytes. */
const LINE = MIB - 4099
const LINES = 70

suite('huge files', (it) => {
  it('are read by workers, whole and in order', async ({ defer }) => {
    const file = join(tempDir(defer), 'huge.txt')
    const fd = openSync(file, 'w')
    for (let i = 0; i < LINES; i++) writeSync(fd, `${String(i).padEnd(LINE, '.')}\n`)
    closeSync(fd)
    await warmPool(2) // a pool that is not ready in time is not waited for
    const run = pipeline({ out: fs.lines(file).pipe(map((line) => [parseInt(line, 10), line.length])).observe() }).run({ workers: 2 })
    const found: unknown[] = []
    run.outputs.out.subscribe((pair) => found.push(pair))
    const { workers, stages } = await run.done
    assert.equal(found, Array.from({ length: LINES }, (_, i) => [i, LINE]))
    assert.is(workers, 2)
    assert.is(stages.find(({ kind }) => kind === 'map')!.in, LINES)
    const { done } = run.metrics().bytes
    const size = LINES * (LINE + 1)
    assert.ok(done >= size && done < size + 512 * 1024, `${done} bytes read`) // told in KiB, split by split
  })
}, 20_000)

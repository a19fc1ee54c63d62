/** Frames that come back from workers become items on the caller's loop only where somebody there wants items. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import * as fs from '../../src/fs.ts'
import { forEach, map, pipeline, range, scan, toJson, type Source } from '../../src/index.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'

const N = 50_000
const numbers = (): Source<number> => range(0, N).pipe(map((n) => n + 1, { lane: 'blocking' }))

suite('a frame from a worker', (it) => {
  it('is written as it is by sinks of text, several of them too', async ({ defer }) => {
    const dir = tempDir(defer)
    const text = numbers().pipe(toJson())
    const run = pipeline({ a: text.to(fs.lines(join(dir, 'a'))), b: text.to(fs.lines(join(dir, 'b'))), c: numbers().to(fs.ndjson(join(dir, 'c'))) }).run({ workers: 2 })
    const { crossings, stages } = await run.done
    const expected = Array.from({ length: N }, (_, n) => `${n + 1}\n`).join('')
    for (const name of ['a', 'b', 'c']) assert.is(await readFile(join(dir, name), 'utf8'), expected)
    assert.ok(crossings.fromWorkers.frames > 0)
    assert.is(crossings.decoded, 0)
    assert.ok(stages.filter(({ kind }) => kind.startsWith('fs.')).every((stage) => stage.in === N), 'counted without being decoded')
  })

  it('goes on to the next task of the pool as it is', async ({ defer }) => {
    const file = join(tempDir(defer), 'sums')
    const steps = numbers().pipe(scan((sum, n) => sum + n, 0, { lane: 'blocking' }), map((n) => `${n % 7}`, { lane: 'blocking' }))
    const { crossings } = await pipeline({ out: steps.to(fs.lines(file)) }).run({ workers: 2 }).done
    let sum = 0
    assert.is(await readFile(file, 'utf8'), Array.from({ length: N }, (_, n) => `${(sum += n + 1) % 7}\n`).join(''))
    assert.is(crossings.fromWorkers.items, 3 * N, 'three tasks')
    // Where a worker was held up its items look dear, and a frame of many such is cut into morsels.
    assert.ok(crossings.decoded * 4 < crossings.fromWorkers.frames, `${crossings.decoded} of ${crossings.fromWorkers.frames} frames`)
  })

  it('becomes items once for a reader that wants items', async () => {
    let seen = 0
    const { crossings } = await pipeline({ out: numbers().to(forEach(() => { seen++ })) }).run({ workers: 2 }).done
    assert.is(seen, N)
    assert.is(crossings.decoded, crossings.fromWorkers.frames)
  })
}, 20_000)

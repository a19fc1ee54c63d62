/** Files appear when the whole run has succeeded, not when their own branch has ended. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { firstValueFrom } from 'rxjs'
import { forEach, from, interval, map, pipeline, take } from '../../src/index.ts'
import * as fs from '../../src/fs.ts'
import { rejection } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'

suite('commit', (it) => {
  it('a branch that ended early shows its file at the end of the run, and only then its result', async ({ defer }) => {
    const path = join(tempDir(defer), 'out.txt')
    writeFileSync(path, 'before')
    const seen: string[] = []
    const run = pipeline({
      file: from(['a', 'b']).to(fs.lines(path)),
      slow: interval(5).pipe(take(10)).to(forEach(() => void seen.push(readFileSync(path, 'utf8'))))
    }).run({ workers: 0 })
    const result = firstValueFrom(run.outputs.file).then(({ path: written }) => readFileSync(written, 'utf8'))
    await run.done
    assert.equal(new Set(seen), new Set(['before']))
    assert.is(await result, 'a\nb\n')
  })

  it('a failure of one branch leaves the files of all branches as they were', async ({ defer }) => {
    const dir = tempDir(defer)
    const path = join(dir, 'out.txt')
    writeFileSync(path, 'before')
    const run = pipeline({
      file: from(['a', 'b']).to(fs.lines(path)),
      slow: interval(5).pipe(map((n) => { if (n === 5) throw new Error('late'); return n })).to(forEach(() => undefined))
    }).run({ workers: 0 })
    assert.is((await rejection(run.done)).code, 'ERR_MILLRACE_STAGE_FAILED')
    assert.is(readFileSync(path, 'utf8'), 'before')
    assert.equal(readdirSync(dir), ['out.txt'])
  })
})

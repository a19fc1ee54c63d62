/**
 * The access-log example as a program at a terminal: it says what is wrong and exits with the right code, leaves alone what it
 * should, and ends as it is told to.
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { logChunks } from '../../../examples/access-log/generate.ts'
import { suite } from '../../support/suite.ts'
import { ok } from '../support/answers.ts'
import { ndjson, runExample, startExample, tempDir } from '../support/example.ts'
import { answerByHand } from './by-hand.ts'

const log = Buffer.concat([...logChunks(20_000, 7)])
const lines = log.toString('latin1').split('\n').slice(0, -1)

suite('access log: manners', (it) => {
  it('refuses a wrong option with exit code 2, before it writes anything', async ({ defer }) => {
    const dir = tempDir(defer)
    const ended = await runExample(defer, 'access-log', ['--workers', 'many', '--out', join(dir, 'out')])
    assert.is(ended.code, 2)
    assert.is(ended.stdout, '')
    assert.match(ended.stderr, /--workers takes a whole number from 0 to 128; got 'many'\n/)
    assert.equal(readdirSync(dir), [])
  })

  it('names a file that is not there, exits with 1 and leaves what was written before', async ({ defer }) => {
    const out = tempDir(defer)
    writeFileSync(join(out, 'records.ndjson'), 'before\n')
    const ended = await runExample(defer, 'access-log', ['--json', '--out', out, join(out, 'no-such.log')])
    assert.is(ended.code, 1)
    assert.is(ended.stdout, '')
    assert.match(ended.stderr, /ERR_MILLRACE_\w+: .*no-such\.log/)
    assert.not.match(ended.stderr, /\n {4}at /, 'a message, not a stack')
    assert.equal(readdirSync(out), ['records.ndjson'])
    assert.is(readFileSync(join(out, 'records.ndjson'), 'utf8'), 'before\n')
  })

  it('names an output folder that cannot be made, and exits with 1', async ({ defer }) => {
    const file = join(tempDir(defer), 'file')
    writeFileSync(file, '')
    const ended = await runExample(defer, 'access-log', ['--out', file])
    assert.is(ended.code, 1)
    assert.is(ended.stdout, '')
    assert.ok(ended.stderr.startsWith(`--out: cannot make the folder ${file}: `), ended.stderr)
  })

  it('says that what it prints could not be written, and exits with 1', async ({ defer }) => {
    if (!existsSync('/dev/full')) return
    const full = openSync('/dev/full', 'w')
    defer(() => {
      closeSync(full)
    })
    for (const more of [[], ['--json']]) {
      const words = ['access-log', ['--lines', '500', '--out', tempDir(defer), ...more], full] as const
      const ended = await runExample(defer, ...words)
      assert.is(ended.code, 1)
      assert.is(ended.stderr, 'standard output: ENOSPC: no space left on device, write\n')
    }
  })

  it('ends quietly when nobody reads what it prints', async ({ defer }) => {
    const out = tempDir(defer)
    const example = startExample(defer, 'access-log', ['--lines', '2000', '--out', out])
    example.process.stdout.destroy()
    const { code, stderr } = await example.ended
    assert.is(code, 0, stderr)
    assert.not.match(stderr, /EPIPE|Error/)
  })

  for (const workers of ['0', '2']) {
    it(`finishes what it has read at the first Ctrl-C, with ${workers} workers`, async ({ defer }) => {
      const out = tempDir(defer)
      const example = startExample(defer, 'access-log', ['-', '--workers', workers, '--out', out])
      await example.seen('plan:')
      example.process.stdin.write(log) // and stays open: without Ctrl-C the program would wait for more
      await example.seen('lines/s')
      example.process.kill('SIGINT')
      const ended = await example.ended
      ok(ended)
      assert.match(ended.stderr, /draining/)
      assert.match(ended.stdout, /ended early, as asked/)
      const read = Number(/^([\d,]+) lines? in /m.exec(ended.stdout)![1]!.replaceAll(',', ''))
      const { parsed } = answerByHand(lines.slice(0, read))
      assert.is(ndjson(join(out, 'records.ndjson')).length, parsed)
      assert.is(ndjson(join(out, 'dead-letters.ndjson')).length, read - parsed)
    })
  }

  it('stops at the second Ctrl-C with exit code 130, and leaves what was written before', async ({ defer }) => {
    const out = tempDir(defer)
    writeFileSync(join(out, 'records.ndjson'), 'before\n')
    const large = join(out, 'large.log.gz') // one split: it is read to its end when the run is drained
    writeFileSync(large, gzipSync(Buffer.concat(Array.from({ length: 40 }, () => log)), { level: 1 }))
    const example = startExample(defer, 'access-log', ['--workers', '2', '--out', out, large])
    await example.seen('plan:')
    example.process.kill('SIGINT')
    await example.seen('draining')
    example.process.kill('SIGSTOP')
    await sleep(300) // a second Ctrl-C is one that comes later than the key's echo; see shell.ts
    example.process.kill('SIGINT')
    example.process.kill('SIGCONT')
    const { code, stderr } = await example.ended
    assert.is(code, 130, stderr)
    assert.is(readFileSync(join(out, 'records.ndjson'), 'utf8'), 'before\n')
    assert.equal(readdirSync(out).sort(), ['large.log.gz', 'records.ndjson'])
  })
}, 30_000)

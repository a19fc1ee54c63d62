/**
 * The access-log example as a program: its answers equal those of awk and of a loop over a regular expression, with workers and
 * without, whatever way its input comes in; and what it writes is complete and right.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { logChunks } from '../../../examples/access-log/generate.ts'
import type { Letter } from '../../../examples/access-log/letter.ts'
import type { RecordLine } from '../../../examples/access-log/record-json.ts'
import { suite } from '../../support/suite.ts'
import { answered, ok, same, sameAnswer } from '../support/answers.ts'
import { ndjson, runExample, startExample, tempDir } from '../support/example.ts'
import { answerByAwk, answerByHand } from './by-hand.ts'
import { byRegex } from './by-regex.ts'

/** More than one split for the workers. */
const LINES = 20_000
const log = Buffer.concat([...logChunks(LINES, 7)])
const lines = log.toString('latin1').split('\n').slice(0, -1)

suite('access log: program', (it) => {
  for (const workers of ['0', '2']) {
    it(`makes up a log, reports on it, and writes every line as a record or with its place as a dead letter, with ${workers} workers`, async ({ defer }) => {
      const out = join(tempDir(defer), 'new', 'folder')
      const ended = await runExample(defer, 'access-log', ['--lines', String(LINES), '--workers', workers, '--out', out])
      ok(ended)
      assert.match(ended.stdout, /^plan: \d+ tasks/)
      const { parsed, deadLetters } = answerByHand(lines)
      assert.ok(ended.stdout.includes(`${LINES.toLocaleString('en-US')} lines in `), ended.stdout)
      assert.ok(ended.stdout.includes(`${parsed.toLocaleString('en-US')} requests of `), ended.stdout)
      assert.ok(ended.stdout.includes(`${deadLetters} lines (`), ended.stdout)
      assert.match(ended.stdout, /top paths\n +[\d,]+ {2}\//)
      assert.equal(readdirSync(out).sort(), ['access.log', 'dead-letters.ndjson', 'records.ndjson'])
      assert.ok(readFileSync(join(out, 'access.log')).equals(log), 'the log is the generator\'s')
      const good = lines.map(byRegex).filter((record) => record !== undefined)
      const utf8 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString()
      const expected = good.map((r): RecordLine => ({
        host: r.host, user: r.user, time: new Date(r.time * 1000).toISOString().replace('.000Z', 'Z'), method: r.method, path: r.path,
        protocol: r.protocol, status: r.status, bytes: r.bytes, referrer: r.referrer, agent: utf8(r.agent)
      }))
      same(ndjson(join(out, 'records.ndjson')), expected, 'records')
      const file = join(out, 'access.log')
      const bad = lines.flatMap((text, i) => (byRegex(text) === undefined ? [{ file, line: i + 1, text }] : []))
      const letters = ndjson(join(out, 'dead-letters.ndjson')) as readonly Letter[]
      same(letters.map(({ file: name, line }) => [name, line]), bad.map(({ line }) => [file, line]), 'dead letters')
      for (const { reason } of letters) assert.ok(reason.length > 10, reason)
      // cuts inside of a character are no UTF-8: such text keeps its bytes
      const textOf = (bytes: string): string => (utf8(bytes).includes('\ufffd') ? bytes : utf8(bytes))
      same(letters.map(({ text }) => text), bad.map(({ text }) => textOf(text)), 'texts')
    })

    it(`answers what awk answers, and the regular expression, with ${workers} workers`, async ({ defer }) => {
      const out = tempDir(defer)
      const file = join(out, 'a.log')
      writeFileSync(file, log)
      const answer = answered(await runExample(defer, 'access-log', ['--json', '--workers', workers, '--out', out, file]))
      sameAnswer(answer, answerByHand(lines))
      const awk = answerByAwk(log)
      if (awk !== undefined) sameAnswer(answer, awk)
    })

  }

  it('reads globs, compressed files and standard input', async ({ defer }) => {
    const dir = tempDir(defer)
    const half = Math.floor(log.indexOf(10, log.length / 2)) + 1
    writeFileSync(join(dir, 'access.log.1'), log.subarray(0, half))
    writeFileSync(join(dir, 'access.log.2.gz'), gzipSync(log.subarray(half)))
    const expected = answerByHand(lines)
    sameAnswer(answered(await runExample(defer, 'access-log', ['--json', '--workers', '2', '--out', join(dir, 'out'), join(dir, 'access.log*')])), expected)
    const piped = startExample(defer, 'access-log', ['-', '--json', '--workers', '2', '--out', join(dir, 'out')])
    piped.process.stdin.end(log)
    sameAnswer(answered(await piped.ended), expected)
  })

  it('keeps bytes that are not UTF-8 apart, and writes UTF-8', async ({ defer }) => {
    const out = tempDir(defer)
    const line = (host: string, path: string): string => `${host} - - [17/May/2015:10:05:03 +0000] "GET ${path} HTTP/1.1" 200 1 "-" "-"\n`
    writeFileSync(join(out, 'a.log'), Buffer.from(line('\u00e0', '/caf\u00e9') + line('\u00c3\u00a0', '/caf\u00c3\u00a9'), 'latin1'))
    const answer = answered(await runExample(defer, 'access-log', ['--json', '--out', out, join(out, 'a.log')]))
    assert.equal([answer.parsed, answer.clients, answer.paths], [2, 2, 2])
    assert.equal((ndjson(join(out, 'records.ndjson')) as readonly RecordLine[]).map(({ host, path }) => [host, path]), [['à', '/café'], ['à', '/café']])
  })

  it('reports on an empty log', async ({ defer }) => {
    const out = tempDir(defer)
    const answer = answered(await runExample(defer, 'access-log', ['--json', '--lines', '0', '--out', out]))
    assert.equal(answer, { lines: 0, parsed: 0, deadLetters: 0, bytes: 0, statuses: {}, statusClasses: {}, clients: 0, paths: 0, topPaths: [], topClients: [], perMinute: [] })
    assert.equal(ndjson(join(out, 'records.ndjson')), [])
  })

  it('explains itself', async ({ defer }) => {
    const ended = await runExample(defer, 'access-log', ['--help'])
    ok(ended)
    assert.match(ended.stdout, /^usage:/)
  })
}, 30_000)

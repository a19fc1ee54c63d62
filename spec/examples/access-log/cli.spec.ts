/**
 * The access-log example as a program: its answers equal those of awk and of a loop over a regular expression, with workers and
 * without; what it writes is complete and right; and it says what is wrong, and ends, as a program at a terminal should.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { logChunks } from '../../../examples/access-log/generate.ts'
import type { Letter } from '../../../examples/access-log/letter.ts'
import type { Answer } from '../../../examples/access-log/report.ts'
import type { RecordLine } from '../../../examples/access-log/record-json.ts'
import { suite } from '../../support/suite.ts'
import { ndjson, runExample, sharedData, startExample, tempDir, type Ended } from '../support/example.ts'
import { answerByAwk, answerByHand } from './by-hand.ts'
import { byRegex } from './by-regex.ts'

/** More than one split for the workers. */
const LINES = 20_000
const log = Buffer.concat([...logChunks(LINES, 7)])
const lines = log.toString('latin1').split('\n').slice(0, -1)

const ok = ({ code, signal, stdout, stderr }: Ended): void => {
  assert.is(code, 0, `exit code ${String(code)} ${String(signal)}\n${stdout}${stderr}`)
}

const answered = (ended: Ended): Answer => {
  ok(ended)
  return JSON.parse(ended.stdout) as Answer
}

/** The difference is enough; both sides are thousands of lines. */
const same = (actual: unknown, expected: unknown, what: string): void => {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)]
  const at = [...a].findIndex((c, i) => c !== b[i])
  assert.ok(a === b, `${what}: ${a.slice(Math.max(0, at - 60), at + 60)}\n  is not ${b.slice(Math.max(0, at - 60), at + 60)}`)
}

const sorted = (answer: Answer): unknown => ({ ...answer, statuses: Object.entries(answer.statuses).sort(), statusClasses: Object.entries(answer.statusClasses).sort() })

const sameAnswer = (actual: Answer, expected: Answer): void => {
  same(sorted(actual), sorted(expected), 'the answer')
}

suite('access log: program', (it) => {
  for (const workers of ['0', '2']) {
    it(`makes up a log, says its plan and reports on it, with ${workers} workers`, async ({ defer }) => {
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

    it(`writes every good line as a record, in order, and every bad one with its place, with ${workers} workers`, async ({ defer }) => {
      const out = tempDir(defer)
      const file = join(out, 'a.log')
      writeFileSync(file, log)
      ok(await runExample(defer, 'access-log', ['--workers', workers, '--out', out, file]))
      const good = lines.map(byRegex).filter((record) => record !== undefined)
      const utf8 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString()
      const expected = good.map((r): RecordLine => ({
        host: r.host, user: r.user, time: new Date(r.time * 1000).toISOString().replace('.000Z', 'Z'), method: r.method, path: r.path,
        protocol: r.protocol, status: r.status, bytes: r.bytes, referrer: r.referrer, agent: utf8(r.agent)
      }))
      same(ndjson<RecordLine>(join(out, 'records.ndjson')), expected, 'records')
      const bad = lines.flatMap((text, i) => (byRegex(text) === undefined ? [{ file, line: i + 1, text }] : []))
      const letters = ndjson<Letter>(join(out, 'dead-letters.ndjson'))
      same(letters.map(({ file: name, line }) => [name, line]), bad.map(({ line }) => [file, line]), 'dead letters')
      for (const { reason } of letters) assert.ok(reason.length > 10, reason)
      // cuts inside of a character are no UTF-8: such text keeps its bytes
      const textOf = (bytes: string): string => (utf8(bytes).includes('\ufffd') ? bytes : utf8(bytes))
      same(letters.map(({ text }) => text), bad.map(({ text }) => textOf(text)), 'texts')
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
    assert.equal(ndjson<RecordLine>(join(out, 'records.ndjson')).map(({ host, path }) => [host, path]), [['à', '/café'], ['à', '/café']])
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
      await example.seen('end of plan').catch(() => example.seen('starts no worker'))
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

  for (const [file, lineCount, parsed, bytes, clients, paths, statuses, first, last] of [
    ['access/apache_logs', 10_000, 9999, 2_747_282_505, 1753, 1368, { 200: 9125, 206: 45, 301: 164, 304: 445, 403: 2, 404: 213, 416: 2, 500: 3 }, '2015-05-17T10:05Z', '2015-05-20T21:05Z'],
    ['access/rotated/access.log.48.gz', 13_960, 13_959, 107_261_327, 801, 481, { 200: 10_232, 206: 90, 301: 2, 302: 169, 304: 2328, 400: 14, 403: 814, 404: 310 }, '2013-11-03T05:25Z', '2013-11-10T05:25Z'],
    ['access/rotated/access.log.5.gz', 14_853, 14_850, 208_815_664, 1236, 297, { 200: 12_328, 206: 428, 302: 226, 304: 1109, 400: 1, 403: 419, 404: 339 }, '2014-08-31T04:25Z', '2014-09-07T04:25Z']
  ] as const) {
    it(`answers right for the real log ${file}`, async ({ defer }) => {
      const path = sharedData(file)
      if (path === undefined) return
      for (const workers of ['0', '2']) {
        const answer = answered(await runExample(defer, 'access-log', ['--json', '--workers', workers, '--out', tempDir(defer), path]))
        assert.equal(
          [answer.lines, answer.parsed, answer.deadLetters, answer.bytes, answer.clients, answer.paths],
          [lineCount, parsed, lineCount - parsed, bytes, clients, paths]
        )
        assert.equal(answer.statuses, statuses)
        assert.equal([answer.perMinute[0]![0], answer.perMinute.at(-1)![0]], [first, last])
      }
    })
  }
}, 30_000)

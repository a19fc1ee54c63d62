/**
 * Positions in files: the line of a dead letter and of a failure is the line that an editor shows, wherever the task was when
 * it came by: on the caller's loop, on the pool, or on the way.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { forEach, map, pipeline, type DeadLetter } from '../../src/index.ts'
import * as fs from '../../src/fs.ts'
import { rejection } from '../support/attempt.ts'
import { suite, type Scope } from '../support/suite.ts'
import { warmPool } from '../support/warm.ts'

/** A file of `lines` lines of 100 bytes, every thousandth of them bad. */
const logFile = ({ defer }: Scope, lines: number): string => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-positions-'))
  defer(() => {
    rmSync(dir, { recursive: true })
  })
  const file = join(dir, 'log.txt')
  writeFileSync(file, Array.from({ length: lines }, (_, i) => `${(i + 1) % 1000 === 0 ? 'bad' : 'good'} ${i + 1} `.padEnd(99, '.')).join('\n'))
  return file
}

/** Refuses bad lines; takes `env.rounds` nanoseconds or so for each. */
const strict = (rounds: number, onError: 'fail' | 'deadLetter', from: number) =>
  map((line: string, env: { rounds: number; from: number }) => {
    let x = 1
    for (let i = 0; i < env.rounds; i++) x = (x * 31 + 7) % 1000003
    if (line.startsWith('bad') && Number(line.split(' ')[1]) >= env.from) throw new Error(`bad line, ${x}`)
    return line.length
  }, { env: { rounds, from }, onError })

const bad = (lines: number): number[] => Array.from({ length: Math.floor(lines / 1000) }, (_, i) => (i + 1) * 1000)

suite('positions in files', (it) => {
  for (const [where, lines, rounds, workers] of [
    ['on the loop', 8000, 0, 0], ['on the way to the pool', 10_000, 5000, 2], ['on the pool', 40_000, 100, 2]
  ] as const) {
    it(`dead letters have their line and index, ${where}`, async (scope) => {
      const file = logFile(scope, lines)
      if (workers > 0) await warmPool(workers)
      const letters: DeadLetter[] = []
      const run = pipeline({ out: fs.lines(file).pipe(strict(rounds, 'deadLetter', 0)).to(forEach(() => undefined)) }, { deadLetters: forEach((letter: DeadLetter) => void letters.push(letter)) }).run({ workers })
      const report = await run.done
      assert.is(report.workers, workers)
      assert.equal(letters.map((l) => l.position.line), bad(lines))
      assert.equal(letters.map((l) => l.position.index + 1), bad(lines))
      assert.ok(letters.every((l) => l.position.file === file))
      assert.is(report.deadLetters, bad(lines).length)
    })

    it(`a failure has its line, ${where}`, async (scope) => {
      const file = logFile(scope, lines)
      const error = await rejection(pipeline({ out: fs.lines(file).pipe(strict(rounds, 'fail', lines - 1500)).to(forEach(() => undefined)) }).run({ workers }).done)
      // Workers run ahead: the first to fail need not be the first in the file.
      assert.ok([lines, lines - 1000].includes(error.position!.line!), `line ${error.position!.line}`)
      assert.ok(error.message.includes(`${file}:${error.position!.line}`), error.message)
    })
  }

  it('the index of a dead letter counts items, not lines, where a file has other lines too', async (scope) => {
    const file = logFile(scope, 0)
    const lines = Array.from({ length: 60_000 }, (_, i) => (i % 3 === 0 ? '' : `{"n":${i},"s":"${'x'.repeat(50)}"}`))
    writeFileSync(file, lines.join('\n'))
    await warmPool(2)
    const letters: DeadLetter[] = []
    const strict = map((row: unknown) => {
      const { n } = row as { readonly n: number }
      let x = n
      for (let i = 0; i < 500; i++) x = (x * 31 + 7) % 1000003
      if (n % 1000 === 1) throw new Error(`bad row ${x}`)
      return x
    }, { onError: 'deadLetter' })
    await pipeline({ out: fs.ndjson(file).pipe(strict).to(forEach(() => undefined)) }, { deadLetters: forEach((letter: DeadLetter) => void letters.push(letter)) }).run({ workers: 2 }).done
    const wanted = lines.flatMap((line, i) => (line !== '' && i % 1000 === 1 ? [i] : []))
    assert.equal(letters.map(({ position }) => position.line), wanted.map((i) => i + 1))
    assert.equal(letters.map(({ position }) => position.index), wanted.map((i) => i - Math.ceil(i / 3)))
  })
}, 20_000)

/** Files through whole pipelines, on the caller's loop and on the pool: what arrives, where errors point, what is left behind. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import * as t from 'io-ts'
import * as assert from 'uvu/assert'
import * as fs from '../../src/fs.ts'
import { countBy, filter, from, map, pipeline, type PipelineError, range, take, type DeadLetter } from '../../src/index.ts'
import { collect } from '../../src/exec/collect.ts'
import { failure } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'

const lanes = [0, 2] as const

/** Enough lines to be read in several splits, on the pool from the start. */
const many = (count: number, of: (i: number) => string): string => `${Array.from({ length: count }, (_, i) => of(i)).join('\n')}\n`
const filler = 'x'.repeat(60)

suite('files in a pipeline', (it) => {
  it('arrive in order, and whole', async ({ defer }) => {
    const dir = tempDir(defer)
    const text = many(40_000, (i) => `${i} ${filler}`)
    writeFileSync(join(dir, 'a.txt'), text)
    writeFileSync(join(dir, 'b.txt.gz'), gzipSync('packed\n'))
    for (const workers of lanes) {
      const source = fs.lines([join(dir, 'a.txt'), join(dir, 'b.txt.gz')])
      const { report, outputs } = await collect(
        pipeline({
          copy: source.to(fs.lines(join(dir, 'copy.txt'))),
          packed: source.pipe(filter((line) => line.startsWith('7'))).to(fs.lines(join(dir, 'packed.gz'))),
          count: source.pipe(countBy((line) => line.length > 10)).observe()
        }),
        { workers }
      )
      assert.is(readFileSync(join(dir, 'copy.txt'), 'utf8'), `${text}packed\n`)
      const sevens = text.split('\n').filter((line) => line.startsWith('7'))
      assert.is(gunzipSync(readFileSync(join(dir, 'packed.gz'))).toString(), `${sevens.join('\n')}\n`)
      assert.equal(report.results['copy'], { path: join(dir, 'copy.txt'), items: 40_001, bytes: text.length + 7 })
      assert.equal([...(outputs.count[0] as Map<boolean, number>)].sort(), [[false, 1], [true, 40_000]])
    }
    assert.equal(readdirSync(dir).sort(), ['a.txt', 'b.txt.gz', 'copy.txt', 'packed.gz'])
  })

  it('have their errors at the right line, in any split', async ({ defer }) => {
    const dir = tempDir(defer)
    const file = join(dir, 'a.ndjson')
    for (const bad of [1, 2, 17_777, 40_000]) {
      writeFileSync(file, many(40_000, (i) => (i + 1 === bad ? '{' : i % 1000 === 5 ? '' : `{"i":${i},"f":"${filler}"}`)))
      for (const workers of lanes) {
        const error = await failure(pipeline({ out: fs.ndjson(file).observe({ overflow: 'dropOldest' }) }).run({ workers }).done)
        assert.is(error.code, 'ERR_MILLRACE_STAGE_FAILED')
        assert.is(error.position?.file, file)
        assert.is(error.position?.line, bad, `line ${bad} with ${workers} workers`)
        assert.instance(error.cause, SyntaxError)
      }
    }
  })

  it('have their dead letters at the right line', async ({ defer }) => {
    const file = join(tempDir(defer), 'a.ndjson')
    const isBad = (i: number): boolean => i % 7001 === 7000
    writeFileSync(file, many(40_000, (i) => (isBad(i) ? `{"i":"${i}"}` : i % 1000 === 5 ? ' ' : `{"i":${i},"f":"${filler}"}`)))
    for (const workers of lanes) {
      const { outputs, deadLetters } = await collect(pipeline({ out: fs.ndjson(file, { codec: t.type({ i: t.number }) }).pipe(map(({ i }) => i)).observe() }), { workers })
      assert.equal(outputs.out, Array.from({ length: 40_000 }, (_, i) => i).filter((i) => !isBad(i) && i % 1000 !== 5))
      assert.equal(deadLetters.map(({ position, item }) => [position.line, item]), [7000, 14_001, 21_002, 28_003, 35_004].map((i) => [i + 1, { i: String(i) }]))
    }
  })

  it('are rows, and bad rows are dead letters with their line', async ({ defer }) => {
    const dir = tempDir(defer)
    const file = join(dir, 'a.csv')
    writeFileSync(file, `id,text\n${many(20_000, (i) => (i === 15_000 ? `${i}` : `${i},"${filler},\n${filler}"`))}`)
    for (const workers of lanes) {
      const rows = fs.csv(file, { onError: 'deadLetter' })
      const { outputs, deadLetters, report } = await collect(pipeline({ ids: rows.pipe(map((row) => Number(row['id']))).observe(), out: rows.to(fs.csv(join(dir, 'b.csv'))) }), { workers })
      assert.equal(outputs.ids, Array.from({ length: 20_000 }, (_, i) => i).filter((i) => i !== 15_000))
      assert.is(deadLetters.length, 1)
      const [{ position, cause, item, stage }] = deadLetters as [DeadLetter]
      assert.equal([position.line, position.file, stage], [30_002, file, 'rows'])
      assert.is((cause as { code?: string }).code, 'ERR_MILLRACE_CSV_ROW')
      assert.is((item as { text?: string }).text, '15000')
      assert.is(report.results['out'].items, 19_999)
      assert.is(readFileSync(join(dir, 'b.csv'), 'utf8'), readFileSync(file, 'utf8').replace('\n15000\n', '\n'))
      const error = await failure(pipeline({ out: fs.csv(file).observe({ overflow: 'dropOldest' }) }).run({ workers }).done)
      assert.is(error.code, 'ERR_MILLRACE_CSV_ROW')
      assert.is(error.position?.line, 30_002)
      const skipped = await collect(pipeline({ out: fs.csv(file, { header: false, onError: 'skip' }).observe() }), { workers })
      assert.equal(skipped.outputs.out[0], ['id', 'text'])
      assert.is(skipped.outputs.out.length, 20_000)
    }
  })

  it('are bytes', async ({ defer }) => {
    const dir = tempDir(defer)
    const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * 131) % 256))
    writeFileSync(join(dir, 'a'), content)
    for (const workers of lanes) {
      const chunks = await fs.bytes(join(dir, 'a')).toArray({ workers })
      assert.ok(Buffer.concat(chunks).equals(content))
    }
  })

  it('that are missing, broken or too long end the run, and touch no target', async ({ defer }) => {
    const dir = tempDir(defer)
    const target = join(dir, 'target')
    writeFileSync(target, 'before')
    writeFileSync(join(dir, 'empty'), '')
    const packed = gzipSync(many(100_000, (i) => `${(i * 2654435761) % 2 ** 32}`))
    writeFileSync(join(dir, 'a.gz'), packed.subarray(0, packed.length >> 1))
    writeFileSync(join(dir, 'long'), `${many(20_000, () => filler)}${'y'.repeat(70)}\n${many(20_000, () => filler)}`)
    for (const workers of lanes) {
      for (const [source, code] of [
        [fs.lines(join(dir, 'missing')), 'ERR_MILLRACE_FILE_NOT_FOUND'],
        [fs.lines(join(dir, '*.none')), 'ERR_MILLRACE_NO_FILES'],
        [fs.lines(dir), 'ERR_MILLRACE_IS_DIRECTORY'],
        [fs.lines(join(dir, 'a.gz')), 'ERR_MILLRACE_GZIP_CORRUPT'],
        [fs.lines(join(dir, 'long'), { maxLineBytes: 60 }), 'ERR_MILLRACE_LINE_TOO_LONG']
      ] as const) {
        const error = await failure(pipeline({ out: source.to(fs.lines(target)) }).run({ workers }).done)
        assert.is(error.code, code)
        if (code === 'ERR_MILLRACE_LINE_TOO_LONG') assert.is(error.position?.line, 20_001)
        assert.is(readFileSync(target, 'utf8'), 'before')
      }
      assert.equal(await fs.lines(join(dir, 'empty')).toArray({ workers }), [])
    }
    assert.equal(readdirSync(dir).sort(), ['a.gz', 'empty', 'long', 'target'])
  })

  it('can be left early, and cancelled, and leave nothing behind', async ({ defer }) => {
    const dir = tempDir(defer)
    writeFileSync(join(dir, 'a.txt'), many(60_000, (i) => `${i} ${filler}`))
    writeFileSync(join(dir, 'a.gz'), gzipSync(many(60_000, (i) => `${i} ${filler}`)))
    for (const workers of lanes) {
      for (const name of ['a.txt', 'a.gz']) {
        assert.equal((await fs.lines(join(dir, name)).pipe(take(3)).toArray({ workers })).map((line) => line.slice(0, 2)), ['0 ', '1 ', '2 '])
        const run = pipeline({ out: fs.lines(join(dir, name)).pipe(map((line) => line.length)).to(fs.ndjson(join(dir, 'out'))) }).run({ workers })
        setTimeout(() => { run.cancel() }, 5)
        const error = await run.done.then(() => undefined, (e: unknown) => e as PipelineError)
        if (error !== undefined) {
          assert.is(error.code, 'ERR_MILLRACE_CANCELLED')
          assert.ok(!existsSync(join(dir, 'out')))
        }
      }
    }
    assert.equal(readdirSync(dir).filter((name) => name.endsWith('.tmp')), [])
  })

  it('say that the disk is full, or that there is no place for them', async ({ defer }) => {
    const dir = tempDir(defer)
    for (const workers of lanes) {
      if (existsSync('/dev/full')) {
        const full = await failure(pipeline({ out: range(0, 300_000).to(fs.ndjson('/dev/full')) }).run({ workers }).done)
        assert.is(full.code, 'ERR_MILLRACE_SINK_FAILED')
        assert.is((full.cause as { code?: string }).code, 'ENOSPC')
        assert.is(full.stage, 'full')
      }
      const nowhere = await failure(pipeline({ out: range(0, 3).to(fs.ndjson(join(dir, 'no', 'x'))) }).run({ workers }).done)
      assert.is((nowhere.cause as { code?: string }).code, 'ENOENT')
      const wrong = await failure(pipeline({ out: range(0, 3).to(fs.lines(join(dir, 'x')) as never) }).run({ workers }).done)
      assert.instance(wrong.cause, TypeError)
      assert.is(wrong.stage, 'to-line')
    }
    assert.equal(readdirSync(dir), [])
  })

  it('take dead letters', async ({ defer }) => {
    const dir = tempDir(defer)
    const path = join(dir, 'dead.ndjson')
    for (const workers of lanes) {
      const numbers = from(['1', 'x', '3']).pipe(map((s) => { if (s === 'x') throw new Error('no number'); return Number(s) }, { onError: 'deadLetter' }))
      await pipeline({ out: numbers.to(fs.ndjson(join(dir, 'out'))) }, { deadLetters: fs.ndjson(path) }).run({ workers }).done
      const [letter, ...others] = readFileSync(path, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as DeadLetter)
      assert.is(letter?.item, 'x')
      assert.equal(others, [])
    }
  })
}, 30_000)

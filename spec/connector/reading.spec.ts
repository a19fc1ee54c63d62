/** What is read from files that are odd, broken or not there; on both lanes, without an engine. */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, openSync, closeSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { blockReader } from '../../src/connector/fs/block-reader.ts'
import { byteReader } from '../../src/connector/fs/byte-reader.ts'
import { csvReader } from '../../src/connector/fs/csv-reader.ts'
import { blocks, bytes, csv, lines, ndjson } from '../../src/connector/fs/index.ts'
import { lineReader } from '../../src/connector/fs/line-reader.ts'
import { listFiles } from '../../src/connector/fs/listing.ts'
import { pathList } from '../../src/connector/fs/paths.ts'
import { readers } from '../../src/connector/readers.ts'
import { PipelineError } from '../../src/error/pipeline-error.ts'
import type { Split, SplitReader } from '../../src/graph/spec.ts'
import { drain, readSplits, splitsOf } from '../support/drive-cursor.ts'
import { recording, sourceSpecOf } from '../support/drive-source.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'

const args = { encoding: 'utf8', maxLineBytes: 1 << 27 }
const lanes = ['blocking', 'async'] as const

const failure = async (work: () => unknown): Promise<PipelineError> => {
  try {
    await work()
  } catch (error) {
    if (error instanceof PipelineError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const whole = (file: string): Split => ({ file, start: 0, end: Infinity })

/** Lines that came before a failure, and the failure. */
const untilFailure = async (reader: SplitReader, split: Split, more: object, how: 'blocking' | 'async'): Promise<{ seen: unknown[]; error: PipelineError }> => {
  const seen: unknown[] = []
  const error = await failure(() => drain(reader.open(split, { ...args, ...more }, how), (items) => seen.push(...items)))
  return { seen, error }
}

const listed = async (paths: Parameters<typeof pathList>[1]): Promise<readonly string[]> =>
  (await listFiles('stage', pathList('lines', paths))).map(({ file }) => basename(file))

suite('listing files', (it) => {
  it('takes globs, lists and URLs, sorted by glob, each file once', async ({ defer }) => {
    const dir = tempDir(defer)
    for (const name of ['b.log', 'a.log', 'c.txt', 'x[1].log', 'ü *.md']) writeFileSync(join(dir, name), 'x')
    mkdirSync(join(dir, 'sub.log'))
    writeFileSync(join(dir, 'sub.log', 'd.log'), 'x')
    assert.equal(await listed(join(dir, '*.log')), ['a.log', 'b.log', 'x[1].log'])
    assert.equal(await listed(join(dir, '**', '*.log')), ['a.log', 'b.log', 'd.log', 'x[1].log'])
    assert.equal(await listed(join(dir, '{c,a}.*')), ['a.log', 'c.txt'])
    assert.equal(await listed([join(dir, 'c.txt'), join(dir, '*.log'), join(dir, 'c.txt')]), ['c.txt', 'a.log', 'b.log', 'x[1].log'])
    assert.equal(await listed(pathToFileURL(join(dir, 'ü *.md'))), ['ü *.md'])
    assert.equal(await listed(join(dir, 'x[1].log')), ['x[1].log'], 'a name that exists is no pattern')
  })

  it('says what is wrong with a path', async ({ defer }) => {
    const dir = tempDir(defer)
    writeFileSync(join(dir, 'a.log'), 'x')
    const code = async (path: string): Promise<string> => (await failure(() => listFiles('stage', [path]))).code
    assert.is(await code(join(dir, 'missing.log')), 'ERR_MILLRACE_FILE_NOT_FOUND')
    assert.is(await code(join(dir, 'a.log', 'b')), 'ERR_MILLRACE_FILE_NOT_FOUND')
    assert.is(await code(dir), 'ERR_MILLRACE_IS_DIRECTORY')
    assert.is(await code(join(dir, '*.none')), 'ERR_MILLRACE_NO_FILES')
    const error = await failure(() => listFiles('logs', [join(dir, 'missing.log')]))
    assert.is(error.stage, 'logs')
    assert.is(error.position?.file, join(dir, 'missing.log'))
    assert.ok(error.message.includes(join(dir, 'missing.log')))
  })

  it('says that a file is unreadable', async ({ defer }) => {
    const file = join(tempDir(defer), 'secret')
    writeFileSync(file, 'x')
    chmodSync(file, 0)
    if (process.getuid?.() === 0) return // root reads everything: there is nothing to see
    const error = await failure(() => listFiles('stage', [file]))
    assert.is(error.code, 'ERR_MILLRACE_FILE_UNREADABLE')
  })

  it('refuses what is no path when it is declared', () => {
    for (const wrong of ['', 'a\0b', [], 7, null, undefined, [''], new URL('https://example.org/x'), ['-', 'a']]) {
      for (const make of [lines, blocks, bytes, ndjson, csv] as readonly ((paths: never) => unknown)[]) {
        assert.throws(() => make(wrong as never), (error: { code?: string }) => error.code === 'ERR_MILLRACE_ARGUMENT', String(wrong))
      }
    }
    for (const make of [
      () => lines('a', { encoding: 'utf16' as never }), () => lines('a', { maxLineBytes: 0 }), () => bytes('a', { chunkBytes: 0 }),
      () => blocks('a', { blockBytes: 0 }), () => blocks('a', { blockBytes: 0.5 }), () => blocks('a', { maxLineBytes: '9' as never }),
      () => csv('a', { delimiter: '' }), () => csv('a', { delimiter: '"' }), () => csv('a', { header: [] }), () => csv('a', { header: ['x', 'x'] }),
      () => csv('a', { header: 'x' as never }), () => csv('a', { columns: [7] as never }), () => lines('a', { name: '' })
    ]) assert.throws(make, (error: { code?: string }) => error.code === 'ERR_MILLRACE_ARGUMENT', String(make))
  })

  it('is done when the run begins, not before', async ({ defer }) => {
    const dir = tempDir(defer)
    const source = lines(join(dir, '*.log'))
    writeFileSync(join(dir, 'late.log'), 'a\n')
    const plan = await sourceSpecOf(source).splits!.list(recording().context)
    assert.equal(splitsOf(plan, 100).map(({ file }) => basename(file)), ['late.log'])
  })
})

suite('reading lines', (it) => {
  it('of files that hold little', async ({ defer }) => {
    const dir = tempDir(defer)
    for (const [text, wanted] of [
      ['', []], ['\n', ['']], ['a', ['a']], ['a\n', ['a']], ['a\r\n', ['a']], ['\r\n\r\n', ['', '']], ['\uFEFF', []], ['\uFEFFa', ['a']], ['a\uFEFF', ['a\uFEFF']], ['a\rb', ['a\rb']]
    ] as const) {
      writeFileSync(join(dir, 'a'), text)
      writeFileSync(join(dir, 'a.gz'), gzipSync(text))
      for (const how of lanes) {
        for (const name of ['a', 'a.gz']) {
          const { items } = await readSplits(lineReader, [whole(join(dir, name))], args, how)
          assert.equal(items, wanted, `${JSON.stringify(text)} ${name} ${how}`)
        }
      }
    }
  })

  it('of bytes that are not UTF-8', async ({ defer }) => {
    const file = join(tempDir(defer), 'a')
    writeFileSync(file, Buffer.from([0x61, 0xff, 0x62, 10, 0xc3, 10, 0xe4]))
    for (const how of lanes) {
      assert.equal((await readSplits(lineReader, [whole(file)], args, how)).items, ['a\uFFFDb', '\uFFFD', '\uFFFD'])
      assert.equal((await readSplits(lineReader, [whole(file)], { ...args, encoding: 'latin1' }, how)).items, ['aÿb', 'Ã', 'ä'])
    }
  })

  it('of many packed members, in chunks', async ({ defer }) => {
    const file = join(tempDir(defer), 'a.gz')
    const all = Array.from({ length: 20_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 90)}`)
    writeFileSync(file, Buffer.concat([gzipSync(`${all.slice(0, 7000).join('\n')}\n`), gzipSync(all.slice(7000).join('\n')), Buffer.alloc(512)]))
    for (const how of lanes) {
      const { items, lines: numbers } = await readSplits(lineReader, [whole(file)], args, how)
      assert.equal(items, all)
      assert.is(numbers.at(-1), 20_000)
    }
  })

  it('of a .gz that is truncated delivers what is whole', async ({ defer }) => {
    const file = join(tempDir(defer), 'a.gz')
    const all = Array.from({ length: 50_000 }, (_, i) => `${i * 2654435761 % 2 ** 32}`)
    const packed = gzipSync(all.join('\n'))
    writeFileSync(file, packed)
    truncateSync(file, packed.length - 1000)
    for (const how of lanes) {
      const { seen, error } = await untilFailure(lineReader, whole(file), {}, how)
      assert.is(error.code, 'ERR_MILLRACE_GZIP_CORRUPT')
      assert.ok(error.message.includes(file) && error.message.includes('truncated'))
      assert.ok(seen.length > 45_000 && seen.length < 50_000, String(seen.length))
      assert.equal(seen, all.slice(0, seen.length))
    }
  })

  it('of a .gz that is corrupt, none, or followed by something else', async ({ defer }) => {
    const dir = tempDir(defer)
    const packed = gzipSync('a\nb\n'.repeat(1000))
    const broken = Buffer.from(packed)
    broken.writeUInt8(broken.readUInt8(broken.length - 8) ^ 1, broken.length - 8)
    const cases = { 'crc.gz': broken, 'text.gz': Buffer.from('plain text\n'), 'tail.gz': Buffer.concat([packed, Buffer.from('junk')]), 'empty.gz': Buffer.alloc(0) }
    for (const [name, content] of Object.entries(cases)) {
      writeFileSync(join(dir, name), content)
      for (const how of lanes) assert.is((await untilFailure(lineReader, whole(join(dir, name)), {}, how)).error.code, 'ERR_MILLRACE_GZIP_CORRUPT', name)
    }
  })

  it('that are too long names file and line, after the lines before', async ({ defer }) => {
    const file = join(tempDir(defer), 'a')
    writeFileSync(file, `short\n${'y'.repeat(100)}\n${'x'.repeat(101)}\nshort\n`)
    for (const how of lanes) {
      for (const chunkBytes of [undefined, 16, 64, 150]) {
        const { seen, error } = await untilFailure(lineReader, whole(file), { maxLineBytes: 100, ...(chunkBytes === undefined ? {} : { chunkBytes }) }, how)
        assert.equal(seen, ['short', 'y'.repeat(100)], `${how} ${chunkBytes}`)
        assert.is(error.code, 'ERR_MILLRACE_LINE_TOO_LONG')
        assert.equal(error.position, { index: -1, file, line: 3, byte: 107 })
      }
      const { error } = await untilFailure(lineReader, { file, start: 10, end: 300 }, { maxLineBytes: 100 }, how)
      assert.is(error.position?.line, 3, 'counted from the start of the file, in any split')
    }
    writeFileSync(file, `${'x'.repeat(100)}\r\n`)
    assert.is((await readSplits(lineReader, [whole(file)], { ...args, maxLineBytes: 100 }, 'blocking')).items.length, 1, 'without its end')
  })

  it('of twenty megabytes each', async ({ defer }) => {
    const file = join(tempDir(defer), 'a')
    const long = 20 * 1024 * 1024
    const fd = openSync(file, 'w')
    for (const text of ['first\n', 'x'.repeat(long), '\n', 'y'.repeat(long), '\nlast']) writeSync(fd, text)
    closeSync(fd)
    const size = 2 * long + 12
    for (const how of lanes) {
      const began = performance.now()
      const { items } = await readSplits(lineReader, [{ file, start: 0, end: 1_000_000 }, { file, start: 1_000_000, end: size }], args, how)
      assert.equal(items.map((line) => (line as string).length), [5, long, long, 4])
      assert.ok(performance.now() - began < 4000, 'time grows with the line, not with its square')
    }
    const { error, seen } = await untilFailure(lineReader, { file, start: 0, end: size }, { maxLineBytes: 1024 * 1024 }, 'blocking')
    assert.equal(seen, ['first'])
    assert.is(error.code, 'ERR_MILLRACE_LINE_TOO_LONG')
  })

  it('of pipes and of files without a size', async ({ defer }) => {
    const dir = tempDir(defer)
    const fifo = join(dir, 'fifo')
    execFileSync('mkfifo', [fifo])
    const plan = async (file: string): Promise<readonly Split[]> => splitsOf(await sourceSpecOf(lines(file)).splits!.list(recording().context), 100)
    const reading = plan(fifo).then((splits) => readSplits(lineReader, splits, args, 'async'))
    spawn('sh', ['-c', 'printf "a\\nb\\n" > "$1"', 'sh', fifo])
    assert.equal((await reading).items, ['a', 'b'])
    if (process.platform !== 'linux') return
    const { items } = await readSplits(lineReader, await plan('/proc/self/status'), args, 'blocking')
    assert.ok(items.length > 5)
  })

  it('of a file that is gone by then', async ({ defer }) => {
    const file = join(tempDir(defer), 'gone')
    for (const how of lanes) {
      for (const [reader, more] of [[lineReader, {}], [byteReader, { chunkBytes: 10 }], [blockReader, { blockBytes: 10 }], [csvReader, { delimiter: ',', header: true, comment: '', trim: false }]] as const) {
        const { error } = await untilFailure(reader, { file, start: 0, end: 10 }, more, how)
        assert.is(error.code, 'ERR_MILLRACE_FILE_NOT_FOUND')
        assert.is(error.position?.file, file)
      }
    }
  })

  it('can be left in the middle', async ({ defer }) => {
    const dir = tempDir(defer)
    writeFileSync(join(dir, 'a'), 'line\n'.repeat(200_000))
    writeFileSync(join(dir, 'a.gz'), gzipSync('line\n'.repeat(200_000)))
    for (const how of lanes) {
      for (const name of ['a', 'a.gz']) {
        const cursor = lineReader.open(whole(join(dir, name)), args, how)
        await cursor.pull()
        void Promise.resolve(cursor.pull()).catch(() => undefined)
        await cursor.close()
      }
      await lineReader.open(whole(join(dir, 'a')), args, how).close()
    }
    // what is read next is not disturbed by a read that was left behind
    const { items } = await readSplits(lineReader, [whole(join(dir, 'a'))], args, 'blocking')
    assert.is(items.length, 200_000)
  })
}, 15_000)

suite('reading bytes and rows', (it) => {
  it('gives the bytes of a file, in chunks that own their memory', async ({ defer }) => {
    const dir = tempDir(defer)
    const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 31) % 251))
    writeFileSync(join(dir, 'a'), content)
    writeFileSync(join(dir, 'a.gz'), gzipSync(content))
    writeFileSync(join(dir, 'empty'), '')
    for (const how of lanes) {
      for (const splits of [[whole(join(dir, 'a.gz'))], [{ file: join(dir, 'a'), start: 0, end: 30_000 }, { file: join(dir, 'a'), start: 30_000, end: 100_000 }]]) {
        const { items } = await readSplits(byteReader, splits, { chunkBytes: 7000 }, how)
        const chunks = items as Uint8Array[]
        assert.ok(Buffer.concat(chunks).equals(content))
        assert.ok(chunks.every((chunk) => chunk.length <= 7000 && chunk.buffer.byteLength === chunk.length))
      }
      assert.equal((await readSplits(byteReader, [whole(join(dir, 'empty'))], { chunkBytes: 7000 }, how)).items, [])
    }
  })

  it('gives rows with their lines, whatever the chunks', async ({ defer }) => {
    const file = join(tempDir(defer), 'a.csv')
    writeFileSync(file, '\uFEFFid,text\r\n1,"a\r\nb"\r\n\r\n2,ü\r\n3\r\n4,"x""y"')
    const format = { ...args, delimiter: ',', header: true, comment: '', trim: false }
    for (const how of lanes) {
      for (const chunkBytes of [5, 8, 11, 64, undefined]) {
        const { items, lines: numbers } = await readSplits(csvReader, [whole(file)], { ...format, ...(chunkBytes === undefined ? {} : { chunkBytes }) }, how)
        assert.equal(items, [
          { id: '1', text: 'a\r\nb' },
          { id: '2', text: 'ü' },
          { bad: true, line: 6, reason: 'it has 1 field, the header has 2', text: '3', fields: ['3'] },
          { id: '4', text: 'x"y' }
        ])
        assert.equal(numbers, [2, 5, 6, 7])
      }
    }
    writeFileSync(file, 'a,a\n1,2\n')
    const { error } = await untilFailure(csvReader, whole(file), format, 'blocking')
    assert.is(error.code, 'ERR_MILLRACE_CSV_HEADER')
    assert.equal(error.position, { index: -1, file, line: 1 })
  })

  it('knows all readers by kind', () => {
    assert.equal(Object.keys(readers).sort(), ['fs.blocks', 'fs.bytes', 'fs.csv', 'fs.lines'])
    for (const [kind, reader] of Object.entries(readers)) assert.is(reader.kind, kind)
  })

  it('loads nothing but Node in a worker', () => {
    const seen = new Set<string>()
    const packages = new Set<string>()
    const visit = (file: URL): void => {
      if (seen.has(file.href)) return
      seen.add(file.href)
      for (const [, name] of readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type ).*from '([^']+)'/gm)) {
        if (name!.startsWith('.')) visit(new URL(name!, file))
        else if (!name!.startsWith('node:')) packages.add(name!)
      }
    }
    visit(new URL('../../src/connector/readers.ts', import.meta.url))
    assert.ok(seen.size > 8)
    assert.equal([...packages], [])
  })
})

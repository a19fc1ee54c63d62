/** What sinks leave on the disk: all of it, or what was there. Without an engine. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { csv, lines, ndjson, stdout, type FileResult } from '../../src/connector/fs/index.ts'
import { CsvRows } from '../../src/connector/fs/csv-rows.ts'
import { openFile } from '../../src/connector/fs/target.ts'
import type { SinkWriter } from '../../src/graph/spec.ts'
import { finishSink, openSink, sinkSpecOf } from '../support/drive-source.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'

const failure = async (work: () => unknown): Promise<Error & { code?: string; path?: string }> => {
  try {
    await work()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

const putText = (writer: SinkWriter<unknown>, text: string, count: number): unknown => writer.writeText!([Buffer.from(text)], count)

suite('file sinks', (it) => {
  it('show their file when it is whole, and leave no other', async ({ defer }) => {
    const dir = tempDir(defer)
    const path = join(dir, 'out.txt')
    writeFileSync(path, 'before')
    const writer: SinkWriter<FileResult> = await openSink(lines(path))
    await putText(writer, 'a\nb\n', 2)
    await putText(writer, `${'x'.repeat(200_000)}\n`, 1)
    assert.is(readFileSync(path, 'utf8'), 'before')
    assert.is(readdirSync(dir).length, 2)
    assert.ok(readdirSync(dir).some((name) => /^\.out\.txt\.\d+-\w+\.tmp$/.test(name)))
    assert.equal(await finishSink(writer), { path, items: 3, bytes: 200_005 })
    assert.is(readFileSync(path, 'utf8'), `a\nb\n${'x'.repeat(200_000)}\n`)
    await writer.abort(new Error('too late'))
    assert.equal(readdirSync(dir), ['out.txt'])
  })

  it('write pieces of any size in their order', async ({ defer }) => {
    const dir = tempDir(defer)
    for (const name of ['out.txt', 'out.txt.gz']) {
      const path = join(dir, name)
      const writer: SinkWriter<FileResult> = await openSink(lines(path))
      let wanted = ''
      for (const [k, sizes] of [[3], [70_000, 1], [5, 90_000, 300_000], [1, 2], [64 * 1024], [200_000], [100, 100]].entries()) {
        const pieces = sizes.map((size, i) => `${String.fromCharCode(97 + k + i).repeat(size)}\n`)
        await writer.writeText!(pieces.map((piece) => Buffer.from(new SharedArrayBuffer(piece.length)).fill(piece)), pieces.length)
        wanted += pieces.join('')
      }
      assert.equal(await finishSink(writer), { path, items: 12, bytes: wanted.length })
      const content = readFileSync(path)
      assert.is((name.endsWith('gz') ? gunzipSync(content) : content).toString(), wanted)
    }
  })

  it('leave what was there when they are aborted, as often as one likes', async ({ defer }) => {
    const dir = tempDir(defer)
    for (const name of ['out.txt', 'out.csv.gz', 'out.ndjson']) {
      const path = join(dir, name)
      writeFileSync(path, 'before')
      const writer: SinkWriter<FileResult> = await (name.endsWith('txt') ? openSink(lines(path)) : name.endsWith('ndjson') ? openSink(ndjson(path)) : openSink(csv(path)))
      await writer.write(name.includes('csv') ? [{ a: 1 }] : ['x'.repeat(100_000)])
      await writer.abort(new Error('no more'))
      await writer.abort(new Error('no more'))
      assert.is(readFileSync(path, 'utf8'), 'before')
    }
    assert.equal(readdirSync(dir).sort(), ['out.csv.gz', 'out.ndjson', 'out.txt'])
  })

  it('write an empty file when nothing came', async ({ defer }) => {
    const dir = tempDir(defer)
    for (const [name, wanted] of [['a.txt', ''], ['a.gz', '']] as const) {
      const writer: SinkWriter<FileResult> = await openSink(lines(join(dir, name)))
      assert.is((await finishSink(writer)).items, 0)
      const content = readFileSync(join(dir, name))
      assert.is((name.endsWith('gz') ? gunzipSync(content) : content).toString(), wanted)
    }
  })

  it('pack when the name ends in .gz', async ({ defer }) => {
    const path = join(tempDir(defer), 'a.ndjson.gz')
    const writer: SinkWriter<FileResult> = await openSink(ndjson(path))
    let text = ''
    for (let i = 0; i < 3000; i++) {
      const line = `{"i":${i},"x":"${(i * 2654435761) % 2 ** 32}"}\n`
      text += line
      await putText(writer, line, 1)
    }
    const { bytes, items } = await finishSink(writer)
    assert.is(items, 3000)
    assert.is(bytes, text.length)
    assert.is(gunzipSync(readFileSync(path)).toString(), text)
  })

  it('keep links and the rights of the file', async ({ defer }) => {
    const dir = tempDir(defer)
    mkdirSync(join(dir, 'real'))
    writeFileSync(join(dir, 'real', 'file'), 'before')
    chmodSync(join(dir, 'real', 'file'), 0o640)
    symlinkSync(join('real', 'file'), join(dir, 'link'))
    const writer = await openSink(lines(join(dir, 'link')))
    await putText(writer, 'after\n', 1)
    await finishSink(writer)
    assert.is(readlinkSync(join(dir, 'link')), join('real', 'file'))
    assert.is(readFileSync(join(dir, 'real', 'file'), 'utf8'), 'after\n')
    assert.is(statSync(join(dir, 'real', 'file')).mode & 0o777, 0o640)
    assert.equal(readdirSync(join(dir, 'real')), ['file'])
  })

  it('have room for a name of 255 bytes', async ({ defer }) => {
    const path = join(tempDir(defer), 'n'.repeat(255))
    const writer = await openSink(lines(path))
    await finishSink(writer)
    assert.ok(existsSync(path))
  })

  it('say what is wrong with a place to write to', async ({ defer }) => {
    const dir = tempDir(defer)
    writeFileSync(join(dir, 'file'), '')
    for (const [path, code] of [[join(dir, 'no', 'x'), 'ENOENT'], [dir, 'EISDIR'], [join(dir, 'file', 'x'), 'ENOTDIR']] as const) {
      const error = await failure(() => openFile(path))
      assert.is(error.code, code)
      assert.is(error.path, path)
      assert.ok(error.message.includes(path))
    }
    if (process.getuid?.() === 0) return // root writes everywhere
    chmodSync(join(dir, 'file'), 0o444)
    assert.is((await failure(() => openFile(join(dir, 'file')))).code, 'EACCES')
    chmodSync(dir, 0o555)
    assert.is((await failure(() => openFile(join(dir, 'new')))).code, 'EACCES')
    chmodSync(dir, 0o755)
  })

  it('say that the disk is full', async () => {
    if (!existsSync('/dev/full')) return
    const writer = await openSink(lines('/dev/full'))
    const error = await failure(async () => {
      await putText(writer, 'x\n'.repeat(100_000), 100_000)
      await finishSink(writer)
    })
    await writer.abort(error)
    assert.is(error.code, 'ENOSPC')
    assert.ok(error.message.includes('/dev/full'))
    const small = await openSink(lines('/dev/full'))
    await putText(small, 'x\n', 1)
    assert.is((await failure(() => finishSink(small))).code, 'ENOSPC', 'what is gathered is written before it is done')
    await small.abort(error)
    assert.ok(existsSync('/dev/full'))
  })

  it('write one file, not a glob or a list', () => {
    for (const make of [() => sinkSpecOf(lines(['a', 'b'])), () => sinkSpecOf(ndjson('*.ndjson')), () => sinkSpecOf(csv(['a', 'b']))]) {
      assert.throws(make, (error: { code?: string }) => error.code === 'ERR_MILLRACE_ARGUMENT')
    }
    assert.is(sinkSpecOf(lines('-')).accepts, 'text')
    assert.is(sinkSpecOf(stdout()).accepts, 'text')
  })
})

const written = async (dir: string, items: readonly (readonly unknown[])[], options: Parameters<typeof csv>[1] = {}): Promise<string> => {
  const path = join(dir, 'a.csv')
  const writer: SinkWriter<FileResult> = await openSink(csv(path, options))
  const { bytes } = await (async () => {
    try {
      for (const batch of items) await writer.write(batch)
      return await finishSink(writer)
    } catch (error) {
      await writer.abort(error)
      throw error
    }
  })()
  const text = readFileSync(path, 'utf8')
  assert.is(bytes, Buffer.byteLength(text))
  return text
}

suite('csv sinks', (it) => {
  it('name the columns once', async ({ defer }) => {
    const dir = tempDir(defer)
    assert.is(await written(dir, [[{ a: 1, b: 'x,y' }], [], [{ b: null, a: true }, { a: undefined }]]), 'a,b\n1,"x,y"\ntrue,\n,\n')
    assert.is(await written(dir, [[{ a: 1, b: 2, c: 3 }]], { columns: ['c', 'a'] }), 'c,a\n3,1\n')
    assert.is(await written(dir, [[{ a: 1 }]], { header: false }), '1\n')
    assert.is(await written(dir, [[['x', 1]], [['y', 2]]], { header: ['n', 'v'] }), 'x,1\ny,2\n')
    assert.is(await written(dir, [[['x', 1]]], { columns: ['n', 'v'] }), 'n,v\nx,1\n')
    assert.is(await written(dir, [[['x', 1]]]), 'x,1\n')
    assert.is(await written(dir, [], { columns: ['n', 'v'] }), 'n,v\n')
    assert.is(await written(dir, []), '')
    assert.is(await written(dir, [[{ t: new Date(0), n: 5n, o: { k: 1 } }]], { delimiter: ';' }), 't;n;o\n1970-01-01T00:00:00.000Z;5;"{""k"":1}"\n')
  })

  it('refuse what would be lost', async ({ defer }) => {
    const dir = tempDir(defer)
    for (const items of [[{ a: 1 }, { a: 1, b: 2 }], [['x'], ['x', 'y']], [7], [null], ['text']]) {
      const error = await failure(() => written(dir, [items]))
      assert.instance(error, TypeError)
      assert.match(error.message, /^item \d /)
    }
  })

  it('write what is read again', async ({ defer }) => {
    const dir = tempDir(defer)
    const field = fc.array(fc.constantFrom('a', '"', ',', '\n', '\r', '\r\n', ' ', 'ü', '=', ';', '\t'), { maxLength: 4 }).map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 8 }), async (pairs) => {
        const records = pairs.map(([a, b]) => ({ 'x,"y': a, b }))
        const text = await written(dir, [records.slice(0, 3), records.slice(3)])
        const rows = { items: [] as unknown[], lines: [] as number[] }
        const reader = new CsvRows({ delimiter: ',', header: true, comment: '', trim: false }, (_, what) => new Error(what))
        reader.block(text.slice(0, -1), rows)
        reader.end(rows)
        assert.equal(rows.items, records)
      }),
      { numRuns: 200 }
    )
  })
})

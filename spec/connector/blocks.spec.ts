/** Blocks of whole lines: whatever the splits and the sizes of blocks, they are the file; and each is its taker's, wherever it is taken. */
import fc from 'fast-check'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { blockReader } from '../../src/connector/fs/block-reader.ts'
import { countLines } from '../../src/connector/fs/count-lines.ts'
import { splitPlan } from '../../src/connector/fs/split-plan.ts'
import * as fs from '../../src/fs.ts'
import type { Split } from '../../src/graph/spec.ts'
import { aggregate, flatMap, forEach, map, pipeline, take, type DeadLetter } from '../../src/index.ts'
import { rejection } from '../support/attempt.ts'
import { drain, readSplits, splitsOf } from '../support/drive-cursor.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'
import { warmPool } from '../support/warm.ts'

const LF = 10
const MAX = 1 << 20
const lanes = ['blocking', 'async'] as const

const whole = (file: string): Split => ({ file, start: 0, end: Infinity })
const linesOf = (bytes: Uint8Array): number => bytes.filter((byte) => byte === LF).length + (bytes.length > 0 && bytes.at(-1) !== LF ? 1 : 0)
/** Where each block begins: the line number in the file. */
const beginnings = (blocks: readonly Uint8Array[]): readonly number[] => {
  let line = 1
  return blocks.map((block) => {
    const begins = line
    line += linesOf(block)
    return begins
  })
}

const piece = fc.constantFrom('\n', '\n', '\r\n', '\r', 'a', 'bc', 'ü', '漢', '\uFEFF', '{"k":1}', 'x'.repeat(70), 'long '.repeat(60))
const bytesArb = fc.oneof(
  fc.array(piece, { maxLength: 40 }).map((parts) => Buffer.from(parts.join(''))),
  fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.constantFrom('\n', '\r\n')), { maxLength: 30 }).map((lines) => Buffer.from(lines.map(([n, end]) => `${'ü'.repeat(n)}${end}`).join(''))),
  fc.array(fc.constantFrom(10, 10, 13, 65, 0xef, 0xbb, 0xbf, 0xff), { maxLength: 60 }).map((codes) => Buffer.from(codes)),
  // longer than what is read behind the end of a split
  fc.array(fc.integer({ min: 0, max: 9000 }), { maxLength: 4 }).map((lengths) => Buffer.from(lengths.map((n) => 'y'.repeat(n)).join('\n')))
)

const isTorn = (block: Uint8Array, isLast: boolean): boolean => block.length === 0 || (block.at(-1) !== LF && !isLast)

suite('blocks of lines', (it) => {
  it('are the file, in whole lines, whatever the splits and their own size', async ({ defer }) => {
    const file = join(tempDir(defer), 'a.txt')
    await fc.assert(
      fc.asyncProperty(
        bytesArb,
        fc.oneof(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 3000 })),
        fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 6000 })),
        fc.constantFrom<'blocking' | 'async'>('blocking', 'blocking', 'blocking', 'async'),
        async (bytes, least, blockBytes, how) => {
          writeFileSync(file, bytes)
          const splitBytes = Math.max(least, bytes.length >> 8) // a few hundred splits are enough
          const splits = splitsOf(splitPlan([{ file, size: bytes.length }], { divisible: true, splitBytes }), 1)
          const { items, lines, bytes: read } = await readSplits(blockReader, splits, { blockBytes, maxLineBytes: MAX }, how)
          const blocks = items as readonly Uint8Array[]
          assert.ok(Buffer.concat(blocks).equals(bytes), 'together they are the file')
          assert.is(blocks.some((block, i) => isTorn(block, i === blocks.length - 1)), false, 'none ends within a line')
          assert.equal(lines, beginnings(blocks))
          assert.is(read, bytes.length)
        }
      ),
      { numRuns: 250 }
    )
  })

  it('are about as large as they are asked for, in splits as the executor cuts them', async ({ defer }) => {
    const file = join(tempDir(defer), 'a.txt')
    const text = Buffer.from(Array.from({ length: 60_000 }, (_, i) => `${i} ${'x'.repeat(i % 90)}\n`).join(''))
    writeFileSync(file, text)
    for (const blockBytes of [30_000, 65_536, 256 * 1024]) {
      for (const target of [blockBytes, 256 * 1024, 1024 * 1024]) {
        const splits = splitsOf(splitPlan([{ file, size: text.length }], { divisible: true }), target)
        const { items } = await readSplits(blockReader, splits, { blockBytes, maxLineBytes: MAX }, 'blocking')
        const sizes = (items as readonly Uint8Array[]).map((block) => block.length)
        const most = Math.min(blockBytes, target)
        assert.ok(sizes.slice(0, -1).every((size) => size > most * 0.6 && size < most * 1.6), `${blockBytes} in ${target}: ${sizes.join()}`)
      }
    }
  })

  it('own their memory: the next ones are right when the ones before are overwritten, or gone to another thread', async ({ defer }) => {
    const file = join(tempDir(defer), 'a.txt')
    const text = Buffer.from(Array.from({ length: 3000 }, (_, i) => `${i} ${'x'.repeat(i % 50)}`).join('\n'))
    writeFileSync(file, text)
    for (const how of lanes) {
      for (const spoil of [
        (block: Uint8Array) => void new Uint8Array(block.buffer).fill(0),
        (block: Uint8Array) => void structuredClone(block, { transfer: [block.buffer as ArrayBuffer] })
      ]) {
        for (const blockBytes of [100, 1000, 60_000]) {
          const copies: Buffer[] = []
          const splits = splitsOf(splitPlan([{ file, size: text.length }], { divisible: true, splitBytes: 20_000 }), 1)
          for (const split of splits) {
            await drain(blockReader.open(split, { blockBytes, maxLineBytes: MAX }, how), ([block]) => {
              copies.push(Buffer.from(block as Uint8Array))
              spoil(block as Uint8Array)
            })
          }
          assert.ok(Buffer.concat(copies).equals(text))
        }
      }
    }
  })

  it('that come in small pieces do not keep large buffers', async ({ defer }) => {
    const file = join(tempDir(defer), 'a.gz')
    const texts = Array.from({ length: 50 }, (_, i) => `line ${i}\n`)
    writeFileSync(file, Buffer.concat(texts.map((text) => gzipSync(text))))
    for (const how of lanes) {
      const { items, lines } = await readSplits(blockReader, [whole(file)], { blockBytes: 1 << 20, maxLineBytes: MAX }, how)
      const blocks = items as readonly Uint8Array[]
      assert.is(Buffer.concat(blocks).toString(), texts.join(''))
      assert.equal(lines, beginnings(blocks))
      assert.ok(blocks.every((block) => block.buffer.byteLength <= 2 * block.length))
    }
  })

  it('of files that hold little are the bytes as they lie there', async ({ defer }) => {
    const dir = tempDir(defer)
    for (const text of ['', '\n', 'a', 'a\n', 'a\r\n', '\r\n\r\n', '\uFEFF', '\uFEFFa\n', '\n\n\na']) {
      writeFileSync(join(dir, 'a'), text)
      writeFileSync(join(dir, 'a.gz'), gzipSync(text))
      for (const how of lanes) {
        for (const name of ['a', 'a.gz']) {
          const { items } = await readSplits(blockReader, [whole(join(dir, name))], { blockBytes: 64, maxLineBytes: MAX }, how)
          assert.is(Buffer.concat(items as Uint8Array[]).toString(), text, `${JSON.stringify(text)} ${name} ${how}`)
          if (text === '') assert.equal(items, [])
        }
      }
    }
  })

  it('with a line that is too long name file and line, after the lines before', async ({ defer }) => {
    const file = join(tempDir(defer), 'a')
    writeFileSync(file, `short\n${'y'.repeat(100)}\r\n${'x'.repeat(101)}\nshort\n`)
    for (const how of lanes) {
      for (const blockBytes of [1, 16, 64, 150, 10_000]) {
        const seen: Uint8Array[] = []
        const error = await rejection(drain(blockReader.open(whole(file), { blockBytes, maxLineBytes: 100 }, how), (items) => seen.push(...(items as Uint8Array[]))))
        assert.is(Buffer.concat(seen).toString(), `short\n${'y'.repeat(100)}\r\n`, `${how} ${blockBytes}`)
        assert.is(error.code, 'ERR_MILLRACE_LINE_TOO_LONG')
        assert.equal(error.position, { index: -1, file, line: 3, byte: 108 })
      }
      const error = await rejection(drain(blockReader.open({ file, start: 10, end: 300 }, { blockBytes: 64, maxLineBytes: 100 }, how), () => undefined))
      assert.is(error.position?.line, 3, 'counted from the start of the file, in any split')
    }
  })

  it('can be left in the middle', async ({ defer }) => {
    const dir = tempDir(defer)
    writeFileSync(join(dir, 'a'), 'line\n'.repeat(50_000))
    writeFileSync(join(dir, 'a.gz'), gzipSync('line\n'.repeat(50_000)))
    const args = { blockBytes: 65_536, maxLineBytes: MAX }
    for (const how of lanes) {
      for (const name of ['a', 'a.gz']) {
        const cursor = blockReader.open(whole(join(dir, name)), args, how)
        await cursor.pull()
        void Promise.resolve(cursor.pull()).catch(() => undefined)
        await cursor.close()
      }
      await blockReader.open(whole(join(dir, 'a')), args, how).close()
    }
    const { items } = await readSplits(blockReader, [whole(join(dir, 'a'))], args, 'blocking')
    assert.is(Buffer.concat(items as Uint8Array[]).length, 250_000)
  })
}, 20_000)

suite('lines of a block', (it) => {
  it('are counted wherever it lies in its memory', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(10, 10, 0x8a, 11, 0, 0xff), fc.nat(255)), { maxLength: 40 }), fc.nat(9), (codes, before) => {
        const bytes = new Uint8Array([...Array.from({ length: before }, () => LF), ...codes, LF, LF]).subarray(before, before + codes.length)
        assert.is(countLines(bytes), linesOf(bytes))
      }),
      { numRuns: 1000 }
    )
    assert.is(countLines(new Uint8Array(10_000).fill(LF)), 10_000, 'a count of four bytes does not run over')
    assert.is(countLines(new Uint8Array(10_000)), 1)
  })
})

const many = (count: number, line: (i: number) => string): string => Array.from({ length: count }, (_, i) => `${line(i)}\n`).join('')

suite('pipelines of blocks', (it) => {
  for (const workers of [0, 1, 2]) {
    it(`are the bytes of the files, as plain byte arrays, with ${workers} workers`, async ({ defer }) => {
      const dir = tempDir(defer)
      const texts = { 'a.log': many(60_000, (i) => `${i} ${'x'.repeat(i % 40)}`), 'b.log': `\uFEFFone\r\ntwo`, 'c.log': '' }
      for (const [name, text] of Object.entries(texts)) writeFileSync(join(dir, name), text)
      writeFileSync(join(dir, 'd.log.gz'), gzipSync(texts['a.log']))
      const wanted = texts['a.log'] + texts['b.log'] + texts['a.log']
      const source = fs.blocks([join(dir, '*.log'), join(dir, 'd.log.gz')], { blockBytes: 50_000 })
      // in the loop where they are read, and behind a crossing
      for (const blocks of [await source.toArray({ workers }), await source.pipe(map((block) => block)).toArray({ workers })]) {
        assert.is(Buffer.concat(blocks).toString(), wanted)
        assert.ok(blocks.every((block) => block.constructor === Uint8Array))
      }
      const kinds = await source.pipe(map((block) => `${block.constructor.name} ${block.at(-1)}`)).toArray({ workers })
      assert.equal([...new Set(kinds)].sort(), [`Uint8Array ${LF}`, `Uint8Array ${'o'.charCodeAt(0)}`])
      const both = await source.pipe(
        flatMap(function* (block) {
          for (let from = 0; from < block.length; ) {
            const found = block.indexOf(10, from)
            const to = found < 0 ? block.length : found
            yield new TextDecoder('utf-8', { ignoreBOM: true }).decode(block.subarray(from, to))
            from = to + 1
          }
        })
      ).toArray({ workers })
      const parts = wanted.replace('two', 'two\n').split('\n')
      parts.pop()
      assert.equal(both, parts)
    })

    it(`gather in a state of typed arrays, with ${workers} workers`, async ({ defer }) => {
      const file = join(tempDir(defer), 'a.txt')
      writeFileSync(file, many(400_000, (i) => `${i % 100}`))
      const counts = aggregate({
        create: () => new Float64Array(100),
        add: (seen, block: Uint8Array) => {
          for (let at = 0, n = 0; at < block.length; at++) {
            if (block[at] === 10) {
              seen[n]!++
              n = 0
            } else n = n * 10 + block[at]! - 48
          }
          return seen
        },
        combine: (a, b) => a.map((n, i) => n + b[i]!)
      })
      assert.equal(await fs.blocks(file).pipe(counts).toArray({ workers }), [new Float64Array(100).fill(4000)])
      assert.is((await fs.blocks(file).pipe(take(1)).toArray({ workers })).length, 1)
    })
  }

  for (const [where, lines, workers] of [['on the loop', 20_000, 0], ['on the pool', 40_000, 2]] as const) {
    it(`have the place of a block's first line in dead letters and failures, ${where}`, async ({ defer }) => {
      const dir = tempDir(defer)
      const file = join(dir, 'a.txt')
      const text = many(lines, (i) => `${i + 1} `.padEnd(99, '.'))
      writeFileSync(file, text)
      writeFileSync(`${file}.gz`, gzipSync(text))
      if (workers > 0) await warmPool(workers)
      const strict = (onError: 'fail' | 'deadLetter') => map((block: Uint8Array): number => { throw new Error(new TextDecoder().decode(block.subarray(0, 7))) }, { onError })
      const first = ({ position, cause }: Pick<DeadLetter, 'position' | 'cause'>): boolean => parseInt((cause as Error).message) === position.line
      for (const path of [file, `${file}.gz`]) {
        const letters: DeadLetter[] = []
        const source = fs.blocks(path, { blockBytes: 30_000 })
        await pipeline({ out: source.pipe(strict('deadLetter')).to(forEach(() => undefined)) }, { deadLetters: forEach((letter: DeadLetter) => void letters.push(letter)) }).run({ workers }).done
        assert.ok(letters.length > 50)
        assert.ok(letters.every((letter) => first(letter) && letter.position.file === path), 'the line that it begins with')
        assert.equal(letters.map(({ position }) => position.index), letters.map((_, i) => i), 'its index among blocks')
        assert.is(Buffer.concat(letters.map(({ item }) => item as Uint8Array)).toString(), text)
        const error = await rejection(source.pipe(strict('fail')).toArray({ workers }))
        assert.ok(first({ position: error.position!, cause: error.cause }))
        assert.ok(error.message.includes(`${path}:${error.position!.line}`))
      }
    })
  }
}, 20_000)

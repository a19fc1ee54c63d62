/**
 * Compiled and interpreted columns: the same bytes from the same items, the same items from the same bytes, and a process that
 * must not generate code works.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { createColumnsReader } from '../../src/frame/columns-in.ts'
import { createColumnsWriter } from '../../src/frame/families.ts'
import { compileGather, type Gather } from '../../src/frame/gather.ts'
import { plainGather } from '../../src/frame/gather-plain.ts'
import { columnOfItem, widened } from '../../src/frame/infer.ts'
import { writeColumns } from '../../src/frame/lay-out.ts'
import { createScratch, forget, layOut, prepare } from '../../src/frame/layout.ts'
import { shapeOf, textOf, type Shape } from '../../src/frame/shape.ts'
import { createPacking } from '../../src/frame/words.ts'
import { suite } from '../support/suite.ts'
import { runs, tidyRuns } from './item-arbitrary.ts'
import { difference } from './same-graph.ts'

/** The shape of the first items of a run, and of some only: the rest has to be a misfit to both. */
const shapeOfRun = (items: readonly unknown[], share: number): Shape => {
  let shape: Shape = []
  for (const item of items.slice(0, Math.ceil(items.length * share))) {
    const column = columnOfItem(item)
    shape = (column && widened(shape, column)) ?? shape
  }
  return shape
}

/** What became of a run: how many items, why no more, and the bytes. */
const encoded = (gather: Gather, shape: Shape, items: readonly unknown[], size: number): unknown => {
  const layout = layOut(shape)
  const scratch = createScratch()
  const packing = createPacking(layout)
  const target = Buffer.from(new SharedArrayBuffer(size))
  const written = { bytes: 0 }
  const out: unknown[] = []
  for (let from = 0, round = 0; from < items.length && round < 4; round++) {
    const n = Math.min(items.length - from, 40)
    prepare(scratch, layout, n)
    try {
      const gathered = gather(items, from, n, size, scratch)
      out.push(gathered, scratch.why, [...scratch.counts])
      target.fill(0)
      const taken = gathered === 0 ? 0 : writeColumns(layout, scratch, packing, (of) => Buffer.from(textOf(shape, of)), gathered, target, written)
      // What node:v8 writes for a number depends on how the engine keeps it: no two runs need agree.
      const isMixed = layout.nodes.some(({ kind }) => kind === 'mix' || kind === 'any')
      if (!isMixed) out.push(taken, taken === 0 ? '' : target.toString('latin1', 0, written.bytes))
      if (isMixed) return out
      from += Math.max(1, taken)
    } catch (error) {
      out.push(String(error))
      from++
    }
    forget(scratch, layout)
  }
  return out
}

suite('twins', (it) => {
  it('gather the same items and leave the same bytes', () => {
    let gathered = 0
    fc.assert(fc.property(fc.oneof(runs, tidyRuns), fc.constantFrom(1, 0.5, 0.2), fc.integer({ min: 4, max: 500 }), (items, share, eighths) => {
      const shape = shapeOfRun(items, share)
      if (shape.length === 0) return
      const compiled = compileGather(layOut(shape))
      assert.ok(compiled)
      const one = encoded(compiled, shape, items, eighths * 8)
      const other = encoded(plainGather(layOut(shape)), shape, items, eighths * 8)
      gathered += (one as number[])[0]!
      assert.equal(other, one)
    }), { numRuns: 150 })
    assert.ok(gathered > 300, `${gathered} items were compared`)
  })

  it('make the same items of the same bytes', () => {
    const target = Buffer.from(new SharedArrayBuffer(32_768))
    const written = { bytes: 0 }
    fc.assert(fc.property(tidyRuns, fc.boolean(), (items, plain) => {
      const taken = createColumnsWriter(plain).write(items, 0, items.length, target, written)
      if (taken === 0) return
      const bytes = target.subarray(0, written.bytes)
      const compiling = createColumnsReader()
      for (let made = 0; made <= 256; made += taken) compiling.read(bytes, taken)
      const one = compiling.read(bytes, taken)
      const other = createColumnsReader(true).read(bytes, taken)
      one.forEach((item, i) => {
        assert.is(difference(item, other[i]), undefined)
        assert.is(difference(item, structuredClone(items[i])), undefined)
      })
    }), { numRuns: 80 })
  })

  it('read a shape from its text as it was written', () => {
    fc.assert(fc.property(tidyRuns, (items) => {
      const shape = shapeOfRun(items, 1)
      const packing = layOut(shape).nodes.map(() => 0)
      const text = textOf(shape, packing)
      assert.ok(/^[\0-\x7f]*$/.test(text))
      const again = shapeOf(text)
      assert.is(textOf(again.shape, again.packing), text)
    }), { numRuns: 60 })
  })

  it('a process that must not generate code interprets', async () => {
    const here = fileURLToPath(new URL('without-code-generation.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, ['--disallow-code-generation-from-strings', '-C', 'millrace-source', '--import', 'tsx', here])
    assert.is(stdout.trim(), 'EvalError 7 same')
  })
}, 20_000)

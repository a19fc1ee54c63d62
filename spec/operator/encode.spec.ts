/** Encoding by io-ts codecs: as a flow, and in the files that are given a codec. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import * as t from 'io-ts'
import * as assert from 'uvu/assert'
import { DecodeError } from '../../src/error/decode-error.ts'
import { PipelineError } from '../../src/error/pipeline-error.ts'
import { from } from '../../src/connector/memory/from.ts'
import * as fs from '../../src/fs.ts'
import { collect } from '../../src/exec/collect.ts'
import { pipeline } from '../../src/exec/pipeline.ts'
import { decode } from '../../src/operator/decode.ts'
import { encode } from '../../src/operator/encode.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'

/** A date, written as milliseconds. */
const When = new t.Type<Date, number>('When', (u): u is Date => u instanceof Date, (u, c) => (typeof u === 'number' ? t.success(new Date(u)) : t.failure(u, c)), (d) => d.getTime())
const Visit = t.type({ who: t.string, at: When })
const Plain = t.type({ who: t.string, tags: t.array(t.union([t.string, t.number])) })

suite('encode', (it) => {
  it('is the other way of decode', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ who: fc.string(), at: fc.date({ noInvalidDate: true }) }, { noNullPrototype: true }), { maxLength: 10 }), async (visits) => {
        const there = from(visits).pipe(encode(Visit))
        assert.equal(await there.toArray({ workers: 0 }), visits.map((visit) => Visit.encode(visit)))
        assert.equal(await there.pipe(decode(Visit)).toArray({ workers: 0 }), visits)
      }),
      { seed, numRuns: 30 }
    )
  })

  it('is no stage where there is nothing to encode', async () => {
    const source = from([{ who: 'a', tags: ['x', 1] }])
    assert.is(source.pipe(encode(Plain)).port.stage, source.port.stage)
    assert.is.not(from([{ who: 'a', at: new Date(0) }]).pipe(encode(Visit)).port.stage.inputs.length, 0)
    const sly = new t.Type<number, number>('sly', t.number.is, t.number.validate, function identity(a) { return a + 1 })
    assert.equal(await from([1]).pipe(encode(sly)).toArray({ workers: 0 }), [2])
  })

  it('handles what encode throws by its policy', async () => {
    const picky = new t.Type<number, number>('picky', t.number.is, t.number.validate, (n) => { if (n === 1) throw new Error('one'); return n })
    const { outputs, deadLetters } = await collect(pipeline({ out: from([0, 1, 2]).pipe(encode(picky, { onError: 'deadLetter' })).observe() }))
    assert.equal([outputs.out, deadLetters.map(({ item }) => item)], [[0, 2], [1]])
    const error = await from([1]).pipe(encode(picky)).toArray({ workers: 0 }).catch((e: unknown) => e)
    assert.ok(error instanceof PipelineError && error.stage === 'encode')
    for (const wrong of [null, {}, 7]) {
      try {
        encode(wrong as never)
        assert.unreachable()
      } catch (e) {
        assert.is((e as { code?: unknown }).code, 'ERR_MILLRACE_ARGUMENT')
      }
    }
  })

  it('is what files with a codec do: what they write they read, and what does not fit is told by path, expected and actual', async ({ defer }) => {
    const path = join(tempDir(defer), 'visits.ndjson')
    const visits = [{ who: 'Ada', at: new Date(5) }, { who: 'Alan', at: new Date(7) }]
    await pipeline({ out: from(visits).to(fs.ndjson(path, { codec: Visit })) }).run({ workers: 0 }).done
    assert.is(readFileSync(path, 'utf8'), '{"who":"Ada","at":5}\n{"who":"Alan","at":7}\n')
    assert.equal(await fs.ndjson(path, { codec: Visit }).toArray({ workers: 0 }), visits)
    const Strict = t.type({ who: t.string, at: t.string })
    const { outputs, deadLetters } = await collect(pipeline({ out: fs.ndjson(path, { codec: Strict }).observe() }))
    assert.equal(outputs.out, [])
    const { cause } = deadLetters[1]!
    assert.ok(cause instanceof DecodeError)
    assert.equal(cause.issues, [{ path: 'at', expected: 'string', actual: '7' }])
    const rows = join(tempDir(defer), 'rows.csv')
    const Row = t.type({ who: t.string, at: new t.Type<Date, string>('Text', (u): u is Date => u instanceof Date, (u) => t.success(new Date(Number(u))), (d) => String(d.getTime())) })
    await pipeline({ out: from(visits).to(fs.csv(rows, { codec: Row })) }).run({ workers: 0 }).done
    assert.is(readFileSync(rows, 'utf8'), 'who,at\nAda,5\nAlan,7\n')
    assert.equal(await fs.csv(rows, { codec: Row }).toArray({ workers: 0 }), visits)
  })
})

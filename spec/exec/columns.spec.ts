/**
 * Columns known in advance, in runs: fields that nobody reads do not cross, what has passed a codec is laid out by it, and the
 * answers are those of a plan that knows nothing.
 */
import fc from 'fast-check'
import * as t from 'io-ts'
import * as assert from 'uvu/assert'
import {
  buffer, countBy, decode, distinct, drop, filter, from, map, merge, pick, take, toArray, type PipelineError, type Source
} from '../../src/index.ts'
import { columnsOfCodec } from '../../src/exec/codec-columns.ts'
import { start } from '../../src/exec/run.ts'
import { WORD_BYTES } from '../../src/frame/arena.ts'
import { textOf } from '../../src/frame/shape.ts'
import { plan } from '../../src/plan/plan.ts'
import { crewOf } from '../../src/runtime/crew.ts'
import { describeCodec } from '../../src/ship/describe.ts'
import { suite } from '../support/suite.ts'

/** Runs a source with or without knowledge: its items, and what came to the dead letters. */
const run = async (source: Source<unknown>, project: boolean, workers = 2): Promise<{ readonly items: readonly unknown[], readonly letters: readonly unknown[] }> => {
  const running = start({ plan: plan({ out: source.to(toArray()).port }, { workers, capacity: 256, project }), maxLatencyMs: 10 })
  const letters: unknown[] = []
  running.deadLetters.subscribe((letter) => letters.push([letter.stage, letter.position, letter.item]))
  const report = await running.done
  return { items: report.results['out'] as readonly unknown[], letters }
}

/** Counts the bytes of the frames that are handed to the workers until `stop`. */
const watchBytes = (workers: number): { stop(): number } => {
  const crew = crewOf(workers)
  const { submitItems, arena } = crew
  let bytes = 0
  crew.submitItems = (...given) => {
    const answer = submitItems(...given)
    if (answer.slot >= 0) bytes += arena.words(answer.slot)[WORD_BYTES]! // the slot is given back on this thread, not yet
    return answer
  }
  return {
    stop: () => {
      crew.submitItems = submitItems
      return bytes
    }
  }
}

const blocking = { lane: 'blocking' } as const
const shapeOf = (codec: t.Mixed): string | undefined => {
  const described = describeCodec(codec)
  const shape = described._tag === 'Right' && 'shape' in described.right ? columnsOfCodec(described.right.shape) : undefined
  return shape && textOf(shape, [])
}

suite('columns in advance', (it) => {
  it('what a codec says of kinds, null, optional and nested fields is the shape', () => {
    const Row = t.intersection([
      t.type({ ts: t.number, user: t.union([t.string, t.null]), level: t.keyof({ low: null, high: null }), ok: t.boolean }),
      t.partial({ ms: t.number, at: t.type({ x: t.number, y: t.literal(1) }) })
    ])
    assert.is(shapeOf(Row), '[["r",0,"ts","n","user","s?","level","s","ok","b","ms","n-","at",["r",2,"x","n","y","n"]]]')
    assert.is(shapeOf(t.exact(t.type({ a: t.array(t.string), b: t.tuple([t.number, t.string]) }))), '[["r",0,"a",["a",0,"s"],"b",["u",0,"n","s"]]]')
    assert.is(shapeOf(t.readonly(t.type({ a: t.bigint, b: t.undefined }))), '[["r",0,"a","l","b","b?"]]')
  })

  it('a union has a variant for each member; what is left open is left open', () => {
    const Shape = t.union([t.type({ kind: t.literal('circle'), r: t.number }), t.type({ kind: t.literal('square'), side: t.number })])
    assert.is(shapeOf(Shape), '[["r",0,"kind","s","r","n"],["r",0,"kind","s","side","n"]]')
    assert.is(shapeOf(t.type({ any: t.unknown, all: t.record(t.string, t.number), mixed: t.union([t.string, t.number]) })), '[["r",0,"any","b","all","b","mixed","x"]]')
    interface Tree { of: Tree[] }
    const Tree: t.Type<Tree> = t.recursion('Tree', () => t.type({ of: t.array(Tree) }))
    assert.match(shapeOf(Tree) ?? '', /^\[\["r",0,"of",\["a",0,\["r"/)
    for (const codec of [t.string, t.unknown, t.record(t.string, t.number), t.union([t.string, t.number])]) assert.is(shapeOf(codec), undefined)
  })

  it('what nobody reads does not cross threads: frames are a fraction', async () => {
    const rows = Array.from({ length: 4000 }, (_, i) => ({ id: i, host: `h${i % 5}`, path: `/some/long/path/to/${i}`, agent: `Mozilla/5.0 (${i})`, bytes: i }))
    const source = from(rows).pipe(pick('host', 'bytes', blocking))
    const bytes: number[] = []
    for (const project of [false, true]) {
      const watch = watchBytes(2)
      assert.equal((await run(source, project)).items, rows.map(({ host, bytes }) => ({ host, bytes })))
      bytes.push(watch.stop())
    }
    assert.ok(bytes[1]! > 0 && bytes[1]! * 5 < bytes[0]!, `${bytes[1]} of ${bytes[0]} bytes`)
  })

  it('items that have passed a codec cross as they are, extra fields and optional ones, in any order of keys', async () => {
    const Row = t.intersection([t.type({ a: t.number }), t.partial({ b: t.string })])
    const rows = Array.from({ length: 3000 }, (_, i) => (i % 2 === 0 ? { a: i, extra: [i] } : { b: `${i}`, a: i }))
    const { items } = await run(from<unknown>(rows).pipe(decode(Row, blocking), filter(() => true)), true)
    assert.equal(items, rows)
    const strict = await run(from<unknown>(rows).pipe(decode(t.exact(Row) as never, blocking)), true)
    assert.equal(strict.items, rows.map(({ extra: _, ...rest }: { a: number, extra?: unknown }) => rest))
  })

  it('a dead letter shows the whole item, also where a stage reads one field', async () => {
    const rows = [{ host: 'a', path: 1 }, { host: {}, path: 2 }, { host: 'b', path: 3 }]
    const { letters } = await run(from(rows).pipe(distinct('host' as never, { ...blocking, onError: 'deadLetter' }), map((r) => r)), true)
    assert.equal(letters, [['distinct', { index: 1 }, rows[1]]])
  })

  it('a field that is refused fails with the same error and place, with and without', async () => {
    const rows = Array.from({ length: 500 }, (_, i) => ({ host: i === 300 ? {} : `${i}`, rest: i }))
    const failures = await Promise.all([true, false].map((project) => run(from(rows).pipe(take(400), countBy('host' as never, blocking)), project).then(() => undefined, (e: unknown) => e as PipelineError)))
    assert.equal(failures.map((e) => [e?.code, e?.stage, e?.position, (e?.cause as Error).message])[0], failures.map((e) => [e?.code, e?.stage, e?.position, (e?.cause as Error).message])[1])
    assert.is(failures[0]?.position?.index, 300)
  })

  it('random pipelines answer the same with and without', async () => {
    const value = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom('x', 'y', '', undefined, null, true))
    const whole: fc.Arbitrary<object> = fc.oneof({ weight: 6, arbitrary: fc.record({ a: value, b: value, c: value, d: fc.array(value, { maxLength: 2 }) }, { requiredKeys: ['a'] }) }, { weight: 1, arbitrary: fc.constantFrom([1, 2], new Date(4), {}) })
    const step = fc.oneof(
      fc.constantFrom('a', 'b', 'c').map((field) => ({ kind: 'distinct', fields: [field] })),
      fc.subarray(['a', 'b', 'c', 'd', 'length'], { minLength: 1 }).map((fields) => ({ kind: 'pick', fields })),
      fc.constantFrom('take', 'drop', 'buffer', 'merge', 'filter', 'decode').map((kind) => ({ kind, fields: [] as string[] }))
    )
    type Any = Source<Record<'a' | 'b' | 'c' | 'd', never>>
    const Codec = t.exact(t.partial({ a: t.unknown, b: t.union([t.number, t.string, t.null]), c: t.unknown }))
    const apply = (source: Any, { kind, fields }: { kind: string, fields: readonly string[] }): Any => {
      switch (kind) {
        case 'distinct': return source.pipe(distinct(fields[0]! as 'a', blocking))
        case 'pick': return source.pipe(pick(...(fields as 'a'[]), blocking)) as Any
        case 'take': return source.pipe(take(150, blocking))
        case 'drop': return source.pipe(drop(2, blocking))
        case 'buffer': return source.pipe(buffer({ capacity: 7 }))
        case 'merge': return merge(source)
        case 'filter': return source.pipe(filter((item) => item !== null, blocking))
        default: return (source as Source<unknown>).pipe(decode(Codec, blocking)) as Any
      }
    }
    await fc.assert(fc.asyncProperty(fc.array(whole, { minLength: 1, maxLength: 200 }), fc.array(step, { minLength: 1, maxLength: 5 }), fc.option(fc.constantFrom('a' as const, 'c' as const)), async (items, steps, key) => {
      const chain = steps.reduce(apply, from(items) as Any)
      const source = key === null ? chain : chain.pipe(countBy(key, blocking), map((counts) => [...counts].map(([value, n]) => [typeof value, value, n]).sort()))
      const [within, without] = [await run(source, true), await run(source, false)]
      assert.equal(within, without)
    }), { numRuns: 50, seed: 20_261_124 })
  })
}, 30_000)

import * as assert from 'uvu/assert'
import { aggregate } from '../../src/operator/aggregate.ts'
import { PART_CHECK, PART_SIZE, type Combiner } from '../../src/operator/combiner.ts'
import { aggregateBy } from '../../src/operator/aggregate-by.ts'
import { countBy } from '../../src/operator/count-by.ts'
import { instantiate } from '../../src/operator/loop/compile.ts'
import { kernels } from '../../src/operator/kernels.ts'
import type { Flow, Source } from '../../src/graph/source.ts'
import { compileStages, input, runFlow } from '../support/run-kernel.ts'
import { suite } from '../support/suite.ts'
import { thrown } from '../support/attempt.ts'
import { verifyOperator, verifyPolicies, verifyRefusals } from '../support/verify-operator.ts'

interface Mean { sum: number, n: number }

const mean: Combiner<number, Mean, number> = {
  create: () => ({ sum: 0, n: 0 }),
  add: (s, x) => { s.sum += x; s.n++; return s },
  combine: (a, b) => ({ sum: a.sum + b.sum, n: a.n + b.n }),
  finish: (s) => s.sum / s.n
}

/** The halves of a flow, with what is between, each to be run alone. */
const halvesOf = <A, R>(flow: Flow<A, R>) => {
  const from = input<A>()
  const { program, binding } = compileStages(from as Source<never>, [from.pipe(flow)])
  const fail = { failed: (_k: number, _i: number, _x: unknown, e: unknown): void => { throw e }, left: () => undefined, dropped: () => undefined }
  const alone = (k: number) =>
    instantiate(
      { nodes: [{ ...program.nodes.at(k)!, targets: [[{ outlet: 0 }]] }], roots: [{ node: 0 }], outlets: [{ text: false }] },
      kernels,
      { fns: [binding.fns.at(k)!], envs: [binding.envs.at(k)], checkers: [undefined] },
      fail
    )
  return alone
}

/** What one partial half sends on. */
const partsOf = <A, R>(flow: Flow<A, R>, items: readonly A[]): unknown[] => {
  const partial = halvesOf(flow)(0)
  partial.run(items)
  partial.end()
  return partial.outs[0]!
}

/** Parts from several partial halves, as workers make them, given to one merge half; each crosses by structured clone. */
const inParts = <A, R>(flow: Flow<A, R>, parts: readonly (readonly A[])[]): unknown => {
  const alone = halvesOf(flow)
  const made = parts.flatMap((items) => structuredClone(partsOf(flow, items)))
  const merge = alone(-1)
  merge.run(made)
  merge.end()
  return merge.outs[0]
}

/** The same with what is between the halves, on a worker of its own: of which one part comes, or none. */
const inOnePart = <A, R>(flow: Flow<A, R>, parts: readonly (readonly A[])[]): unknown => {
  const alone = halvesOf(flow)
  const made = parts.flatMap((items) => structuredClone(partsOf(flow, items)))
  const [between, merge] = [alone(1), alone(2)]
  between.run(made)
  between.end()
  assert.is(between.outs[0]!.length, made.length > 0 ? 1 : 0)
  merge.run(structuredClone(between.outs[0]!))
  merge.end()
  return merge.outs[0]
}

const sorted = (map: unknown): unknown => [...(map as Map<string, unknown>)].sort()

suite('aggregate', (it) => {
  it('emits one answer at the end', async () => {
    assert.equal((await verifyOperator(() => aggregate(mean), [1, 2, 3, 6])).outs[0], [3])
    assert.equal((await verifyOperator(() => aggregate(mean), [7])).outs[0], [7])
    assert.equal((await verifyOperator(() => aggregate(mean), [])).outs[0], [NaN])
  })

  it('parts in any number make the same answer', () => {
    for (const parts of [[], [[1, 2, 3, 6]], [[1], [], [2, 3, 6]], [[6], [3], [2], [1]]]) {
      assert.equal(inParts(aggregate(mean), parts), [parts.length === 0 ? NaN : 3])
    }
  })

  it('a part that has become large leaves for the sum, and a fresh one begins: no key is held on a worker for ever', () => {
    const keys = Array.from({ length: 3 * PART_SIZE }, (_, i) => i % (2 * PART_SIZE + 7))
    const expected = new Map<number, number>()
    for (const key of keys) expected.set(key, (expected.get(key) ?? 0) + 1)
    const sets: Combiner<number, number[], number> = {
      create: () => [],
      add: (list, x) => { list.push(x); return list },
      combine: (a, b) => [...a, ...b],
      size: (list) => list.length,
      finish: (list) => list.length
    }
    const sum: Combiner<number, number> = { create: () => 0, add: (n) => n + 1, combine: (a, b) => a + b }
    for (const [flow, sizeOf] of [
      [countBy((x: number) => x), (part: unknown) => (part as Map<number, number>).size],
      [aggregateBy((x: number) => x, sum), (part: unknown) => (part as Map<number, number>).size],
      [aggregate(sets), (part: unknown) => (part as number[]).length]
    ] as readonly [Flow<number, unknown>, (part: unknown) => number][]) {
      const parts = partsOf(flow, keys)
      assert.ok(parts.length >= 3, `${parts.length} parts`)
      for (const part of parts) assert.ok(sizeOf(part) <= PART_SIZE + PART_CHECK, `a part of ${sizeOf(part)}`)
    }
    const cut = [keys.slice(0, PART_SIZE), keys.slice(PART_SIZE)]
    assert.equal(sorted((inParts(countBy((x: number) => x), cut) as unknown[])[0]), [...expected].sort())
    assert.equal(sorted((inParts(aggregateBy((x: number) => x, sum), cut) as unknown[])[0]), [...expected].sort())
    assert.equal(inParts(aggregate(sets), cut), [keys.length])
  })

  it('parts in any number are one part of the same answer', () => {
    const many = Array.from({ length: 3 * PART_SIZE }, (_, i) => i % (PART_SIZE + 7))
    const sized = { ...mean, size: () => PART_SIZE }
    const sum: Combiner<number, number> = { create: () => 0, add: (n, x) => n + x, combine: (a, b) => a + b }
    const by = (x: number) => x % 20_000
    for (const parts of [[], [[]], [[5]], [[1, 2, 3, 6], [], [6]], [many, many.slice(0, 99), [0]]]) {
      assert.equal(inOnePart(aggregate(sized), parts), inParts(aggregate(sized), parts))
      assert.equal(sorted((inOnePart(countBy(by), parts) as unknown[])[0]), sorted((inParts(countBy(by), parts) as unknown[])[0]))
      assert.equal(sorted((inOnePart(aggregateBy(by, sum), parts) as unknown[])[0]), sorted((inParts(aggregateBy(by, sum), parts) as unknown[])[0]))
    }
    assert.match(thrown(() => inOnePart(countBy(by, { maxKeys: 3 }), [[1, 2], [2, 3, 4]])).code, 'ERR_MILLRACE_TOO_MANY_KEYS')
  })

  it('a combiner without a size keeps its part to the end', () => {
    assert.is(partsOf(aggregate(mean), Array.from({ length: 2 * PART_SIZE }, (_, i) => i)).length, 1)
  })

  it('without finish the state is the answer; env goes to every function', async () => {
    const flow = aggregate({
      create: ({ k }) => k,
      add: (s: number, x: number, { k }) => s + x * k,
      combine: (a, b) => a + b
    }, { env: { k: 10 } })
    assert.equal((await verifyOperator(() => flow, [1, 2])).outs[0], [40])
  })

  it('follows its policy for items; a part that cannot be combined or finished ends the run', async () => {
    const picky = { ...mean, add: (s: Mean, x: number) => { if (x === 4) throw new Error('four'); return mean.add(s, x, undefined) } }
    await verifyPolicies((o) => aggregate(picky, o), [1, 4, 3], 4, [2])
    const stuck = { ...mean, finish: (): number => { throw new Error('no answer') } }
    const { failure } = await runFlow(aggregate(stuck, { onError: 'skip' }), [[1]])
    assert.equal([failure!.kind, failure!.index, (failure!.cause as Error).message], ['aggregate.merge', -1, 'no answer'])
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('aggregate', [() => aggregate(3 as never), () => aggregate(undefined as never), () => aggregate(mean, { name: '' }), () => aggregate({ ...mean, add: undefined as never }), () => aggregate(mean, null as never)])
  })
})

suite('countBy', (it) => {
  it('emits one map of counts at the end', async () => {
    assert.equal((await verifyOperator(() => countBy((s: string) => s[0]!), ['ax', 'b', 'ay'])).outs[0], [new Map([['a', 2], ['b', 1]])])
    assert.equal((await verifyOperator(() => countBy((s: string) => s), [])).outs[0], [new Map()])
  })

  it('parts in any number make the same counts', () => {
    const flow = countBy((n: number, { k }) => n % k, { env: { k: 3 } })
    for (const parts of [[[1, 2, 3, 4]], [[1], [2], [], [3, 4]], [[4, 3], [2, 1]]]) {
      assert.equal(sorted((inParts(flow, parts) as unknown[])[0]), [[0, 1], [1, 2], [2, 1]])
    }
  })

  it('keys are equal as in a Map; an object is no key', async () => {
    const { outs } = await verifyOperator(() => countBy((x: unknown) => x as string), [1, '1', null, undefined, NaN, NaN])
    assert.equal(outs[0], [new Map<unknown, number>([[1, 1], ['1', 1], [null, 1], [undefined, 1], [NaN, 2]])])
    assert.is((await runFlow(countBy((() => [1]) as never, { onError: 'deadLetter' }), [[1]])).letters.length, 1)
  })

  it('more keys than maxKeys are an error, on one worker and in the sum', async () => {
    const flow = countBy((n: number) => n, { maxKeys: 2 })
    const { failure } = await verifyOperator(() => flow, [1, 2, 1, 3])
    assert.equal([failure!.index, (failure!.cause as { code?: string }).code], [3, 'ERR_MILLRACE_TOO_MANY_KEYS'])
    assert.throws(() => inParts(flow, [[1, 2], [2, 3]]), /more than 2 different keys/)
  })

  it('follows its policy when the key function throws', async () => {
    await verifyPolicies((o) => countBy((n: number) => { if (n === 5) throw new Error('five'); return n }, o), [1, 5, 1], 5, [new Map([[1, 2]])])
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('countBy', [() => countBy(undefined as never), () => countBy((x: number) => x, { maxKeys: 1.5 }), () => countBy((x: number) => x, { lane: 1 as never })])
  })
})

suite('aggregateBy', (it) => {
  const key = (n: number): string => (n % 2 === 0 ? 'even' : 'odd')

  it('emits one map of answers at the end', async () => {
    assert.equal((await verifyOperator(() => aggregateBy(key, mean), [1, 2, 3, 6])).outs[0], [new Map([['odd', 2], ['even', 4]])])
    assert.equal((await verifyOperator(() => aggregateBy(key, mean), [])).outs[0], [new Map()])
  })

  it('parts in any number make the same answers', () => {
    for (const parts of [[[1, 2, 3, 6]], [[1], [2], [], [3, 6]], [[6, 3], [2, 1]]]) {
      assert.equal(sorted((inParts(aggregateBy(key, mean), parts) as unknown[])[0]), [['even', 4], ['odd', 2]])
    }
  })

  it('a state may be undefined, and env goes to every function', async () => {
    const last = aggregateBy((n: number, { k }) => n % k, {
      create: ({ k }) => (k === 2 ? undefined : 0),
      add: (_: number | undefined, n: number) => (n > 2 ? undefined : n),
      combine: (_, b) => b,
      finish: (s, { k }) => [s, k]
    }, { env: { k: 2 } })
    assert.equal((await verifyOperator(() => last, [1, 2, 3])).outs[0], [new Map([[1, [undefined, 2]], [0, [2, 2]]])])
  })

  it('follows its policy for items: a key whose first item fails is not there', async () => {
    const picky = { ...mean, add: (s: Mean, x: number) => { if (x === 4) throw new Error('four'); return mean.add(s, x, undefined) } }
    await verifyPolicies((o) => aggregateBy(key, picky, o), [1, 4, 3], 4, [new Map([['odd', 2]])])
  })

  it('more keys than maxKeys are an error, on one worker and in the sum', async () => {
    const flow = aggregateBy((n: number) => n, mean, { maxKeys: 2 })
    assert.is((await verifyOperator(() => flow, [1, 2, 1, 3])).failure!.index, 3)
    assert.throws(() => inParts(flow, [[1, 2], [2, 3]]), /more than 2 different keys/)
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('aggregateBy', [() => aggregateBy(key, undefined as never), () => aggregateBy(3 as never, mean), () => aggregateBy(key, { ...mean, combine: 1 as never })])
  })
})

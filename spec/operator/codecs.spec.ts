/** Operators whose answer may be a refusal, and the two for JSON: mapEither, decode, parseJson, toJson. */
import { left, right, type Either } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import * as assert from 'uvu/assert'
import { decode } from '../../src/operator/decode.ts'
import { mapEither } from '../../src/operator/map-either.ts'
import { parseJson } from '../../src/operator/parse-json.ts'
import { retry } from '../../src/operator/retry.ts'
import { toJson } from '../../src/operator/to-json.ts'
import { runFlow, runGraph } from '../support/run-kernel.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyPlainPolicies, verifyPolicies, verifyRefusals } from '../support/verify-operator.ts'

const half = (n: number): Either<string, number> => (n % 2 === 0 ? right(n / 2) : left(`${n} is odd`))

suite('mapEither', (it) => {
  it('Right goes on, Left is a dead letter with its value as the cause, and in adds up', async () => {
    const { outs, letters, counts, failure } = await verifyOperator(() => mapEither(half), [2, 3, 4, 5])
    assert.equal(outs[0], [1, 2])
    assert.equal(letters.map((l) => [l.index, l.item, l.cause]), [[1, 3, '3 is odd'], [3, 5, '5 is odd']])
    assert.equal([counts, failure], [[4], undefined])
    assert.equal((await verifyOperator(() => mapEither(half), [])).outs[0], [])
  })

  it('refusing is not failing: the policy is for what the function throws', async () => {
    await verifyPolicies((o) => mapEither((n: number) => { if (n === 8) throw new Error('eight'); return right(n) }, o), [2, 8, 4], 8, [2, 4])
    const { letters, skipped } = await verifyOperator(() => mapEither(half, { onError: 'skip' }), [1])
    assert.equal([letters.length, skipped.length], [1, 0])
  })

  it('an answer that is no Either is an error, a promise one of its own', async () => {
    for (const answer of [undefined, null, 3, {}, { _tag: 'Some' }]) assert.instance((await runFlow(mapEither((() => answer) as never), [[1]])).failure!.cause, TypeError)
    const promise = await runFlow(mapEither((() => Promise.resolve(right(1))) as never), [[1]])
    assert.is((promise.failure!.cause as { code?: string }).code, 'ERR_MILLRACE_STAGE_PROMISE')
  })

  it('gives env as the last argument', async () => {
    assert.equal((await verifyOperator(() => mapEither((n: number, { k }) => right(n + k), { env: { k: 5 } }), [1])).outs[0], [6])
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('mapEither', [() => mapEither(null as never), () => mapEither(half, { onError: 'left' as never })])
  })
})

suite('decode', (it) => {
  const Row = t.type({ a: t.number })
  const checkers = { decode: (x: unknown) => Row.decode(x) }

  it('what fits goes on, what does not is a dead letter with the checker\'s answer as the cause', async () => {
    const { outs, letters, counts } = await verifyOperator(() => decode(Row), [{ a: 1 }, { a: 'x' }, { a: 3 }] as unknown[], { checkers })
    assert.equal(outs[0], [{ a: 1 }, { a: 3 }])
    assert.equal(letters.map((l) => [l.index, l.item]), [[1, { a: 'x' }]])
    assert.ok(Array.isArray(letters[0]!.cause))
    assert.equal(counts, [3])
    assert.equal((await verifyOperator(() => decode(Row), [], { checkers })).outs[0], [])
  })

  it('sends on what the codec made of the item', async () => {
    const { outs } = await runFlow(decode(Row), [['x']], { checkers: { decode: () => right('made') } })
    assert.equal(outs[0], ['made'])
  })

  it('follows its policy when the codec itself throws', async () => {
    const make = (o: object) => decode(Row, o)
    const throwing = (x: unknown) => { if (x === 2) throw new Error('two'); return right(x) }
    for (const [options, what] of [[{}, 'failure'], [{ onError: 'skip' }, 'skipped'], [{ onError: 'deadLetter' }, 'letters']] as const) {
      const outcome = await verifyOperator(() => make(options), [1, 2, 3] as unknown[], { checkers: { decode: throwing } })
      const found = outcome[what]
      assert.is(Array.isArray(found) ? found.length : (found as { index: number }).index, 1)
    }
  })

  it('refuses what is no codec', () => {
    verifyRefusals('decode', [() => decode(undefined as never), () => decode({ decode: () => right(1) } as never), () => decode((() => 1) as never), () => decode(Row, { lane: 'x' as never })])
  })
})

suite('parseJson and toJson', (it) => {
  it('are each other\'s way back', async () => {
    const items = [1, 'a\nb', null, { b: [true, { c: 1.5 }] }, []]
    const { outs } = await runGraph<unknown>((s) => [s.pipe(toJson(), parseJson()), s.pipe(toJson())], [items])
    assert.equal(outs[0], items)
    assert.ok((outs[1] as string[]).every((line) => !line.includes('\n')))
    assert.equal((await verifyOperator(parseJson, [])).outs[0], [])
    assert.equal((await verifyOperator(toJson, [])).outs[0], [])
  })

  it('a text that is not JSON follows the policy', async () => {
    await verifyPlainPolicies((o) => parseJson(o), ['1', '{', '[2]'], '{', [1, [2]])
    assert.instance((await runFlow(parseJson(), [['']])).failure!.cause, SyntaxError)
  })

  it('an item without a JSON form follows the policy', async () => {
    const bad = (): void => undefined
    await verifyPoliciesOf(bad)
    await verifyPoliciesOf(undefined)
    await verifyPoliciesOf(1n)
    await verifyPoliciesOf({ toJSON: () => undefined })
    const cycle: unknown[] = []
    cycle.push(cycle)
    await verifyPoliciesOf(cycle)
  })

  it('refuse bad arguments at declaration', () => {
    verifyRefusals('parseJson', [() => parseJson({ onError: 'no' as never }), () => parseJson({ onError: retry({ times: 1 }) as never })])
    verifyRefusals('toJson', [() => toJson({ lane: 'no' as never })])
  })
})

const verifyPoliciesOf = async (bad: unknown): Promise<void> => {
  await verifyPlainPolicies((o) => toJson(o), [1, bad, 2], bad, ['1', '2'])
}

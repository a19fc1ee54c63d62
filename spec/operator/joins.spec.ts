/** Joins: of a stream with a table, with what was last, with what is near in time; against naive models, under random arrival. */
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { pipeline, range, toArray } from '../../src/index.ts'
import { joinAsOf } from '../../src/operator/join-as-of.ts'
import { joinTable } from '../../src/operator/join-table.ts'
import { joinWithin, type JoinWithinOptions } from '../../src/operator/join-within.ts'
import { thrown } from '../support/attempt.ts'
import { input } from '../support/run-kernel.ts'
import { runProcess, type Feeding, type Settled } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

interface Event {
  readonly id: number
  readonly key: string
  readonly at: number
}

const left = input<Event>()
const right = input<Event>()
const keys = [(e: Event) => e.key, (e: Event) => e.key] as const
const at = [(e: Event) => e.at, (e: Event) => e.at] as const
const e = (key: string, time: number, id = 0): Event => ({ id, key, at: time })

const one = (...items: readonly unknown[]): Feeding => ({ batches: [items] })
const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code

/** Pairs by ids, in an order of their own. */
const ids = ({ out }: Settled): readonly string[] =>
  (out as readonly (readonly (Event | undefined)[])[]).map(([a, b]) => `${a?.id ?? '-'} ${b?.id ?? '-'}`).sort()

/** Items in batches of any sizes, each there after any number of turns. */
const feeding = (items: fc.Arbitrary<readonly Event[]>): fc.Arbitrary<Feeding> =>
  fc.tuple(items, fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 40 }), fc.func(fc.nat(3))).map(([all, sizes, gap]) => {
    const batches: (readonly Event[])[] = []
    let from = 0
    for (const size of [...sizes, all.length]) {
      if (from >= all.length) break
      batches.push(all.slice(from, from + size))
      from += size
    }
    return { batches, gap }
  })

const events = (base: number): fc.Arbitrary<readonly Event[]> =>
  fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), at: fc.nat(60) }), { maxLength: 40 }).map((all) => all.map((one_, i) => ({ ...one_, id: base + i })))

const inOrder = (all: readonly Event[]): readonly Event[] => [...all].sort((a, b) => a.at - b.at)

/** Out of order by no more than so much. */
const nearly = (by: number, base: number): fc.Arbitrary<readonly Event[]> =>
  fc.tuple(events(base), fc.func(fc.nat(by))).map(([all, delay]) => [...all].sort((a, b) => a.at + delay(a.id) - (b.at + delay(b.id))))

const itemsOf = ({ batches }: Feeding): readonly Event[] => batches.flat() as Event[]

suite('joinTable', (it) => {
  it('pairs every item with the rows of its key, in order, the table being read first', async () => {
    const joined = joinTable(left, right, { keys })
    for (const [stream, table, want] of [
      [[], [], []],
      [[e('a', 0, 1)], [], []],
      [[], [e('a', 0, 9)], []],
      [[e('a', 0, 1), e('b', 0, 2), e('a', 0, 3)], [e('a', 0, 8), e('c', 0, 7), e('a', 0, 9)], ['1 8', '1 9', '3 8', '3 9']]
    ] as const) {
      const { out, error } = await runProcess(joined, [one(...stream), { batches: [[], table], gap: () => 3 }])
      assert.is(error, undefined)
      assert.equal((out as Event[][]).map(([a, b]) => `${a!.id} ${b!.id}`), want)
    }
  })

  it('left: an item without a row is emitted with undefined', async () => {
    const { out } = await runProcess(joinTable(left, right, { keys, type: 'left' }), [one(e('a', 0, 1), e('b', 0, 2)), one(e('b', 0, 9))])
    assert.equal(out, [[e('a', 0, 1), undefined], [e('b', 0, 2), e('b', 0, 9)]])
  })

  it('agrees with a naive model', async () => {
    await fc.assert(fc.asyncProperty(feeding(events(0)), feeding(events(1000)), async (stream, table) => {
      const { out } = await runProcess(joinTable(left, right, { keys }), [stream, table])
      assert.equal(out, itemsOf(stream).flatMap((a) => itemsOf(table).filter((b) => b.key === a.key).map((b) => [a, b])))
    }), { seed, numRuns: 100 })
  })

  it('does not touch the stream before the table has ended', async () => {
    const controller = new AbortController()
    const run = runProcess(joinTable(left, right, { keys }), [one(e('a', 0)), { batches: [[e('a', 0)]], endless: true }], { signal: controller.signal })
    for (let i = 0; i < 10; i++) await turn()
    controller.abort(new Error('enough'))
    assert.equal((await run).pulled, [0, 1])
  })

  it('a key function that throws follows the policy, on either side', async () => {
    const bad = (of: Event): string => { if (of.id === 1) throw new Error('bad'); return of.key }
    for (const [pair, streamed] of [[[bad, keys[1]], true], [[keys[0], bad], false]] as const) {
      const sides = [one(e('a', 0, streamed ? 1 : 0), e('b', 0, 2)), one(e('a', 0, streamed ? 0 : 1), e('b', 0, 3))]
      assert.is(codeOf((await runProcess(joinTable(left, right, { keys: pair }), sides)).error), 'ERR_MILLRACE_STAGE_FAILED')
      const skipped = await runProcess(joinTable(left, right, { keys: pair, onError: 'skip' }), sides)
      assert.equal([skipped.skipped, ids(skipped)], [1, ['2 3']])
      const dead = await runProcess(joinTable(left, right, { keys: pair, onError: 'deadLetter' }), sides, { slowLetters: 2 })
      assert.equal(dead.letters.map(({ item }) => (item as Event).id), [1])
    }
    const { error } = await runProcess(joinTable(left, right, { keys: [(x) => x as never, keys[1]] }), [one(e('a', 0)), one()])
    assert.instance((error as { cause?: unknown }).cause, TypeError)
  })

  it('a table that is too large is an error that says so', async () => {
    const { error } = await runProcess(joinTable(left, right, { keys, maxRows: 2, onError: 'skip' }), [one(), one(e('a', 0), e('b', 0), e('c', 0))])
    assert.is(codeOf(error), 'ERR_MILLRACE_STATE_FULL')
  })

  it('a reader that leaves ends it', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => e('a', 0, i))
    const { pulled, error } = await runProcess(joinTable(left, right, { keys }), [{ batches: many.map((x) => [x]) }, one(...many.slice(0, 3))], { leaveAfter: 10 })
    assert.is(error, undefined)
    assert.ok(pulled[0]! < 100, `${pulled[0]} items were read`)
  })

  it('in a run: a source behind both inputs is refused, it would wait for itself', async () => {
    const numbers = range(0, 10)
    const self = joinTable(numbers, numbers, { keys: [(n) => n, (n) => n] })
    assert.is(thrown(() => pipeline({ out: self.to(toArray()) }).explain()).code, 'ERR_MILLRACE_GRAPH_INVALID')
    const squares = await joinTable(range(0, 5000), range(0, 5000), { keys: [(n) => n, (n) => 2 * n] }).toArray({ workers: 0 })
    assert.equal([squares.length, squares[100]], [2500, [200, 100]])
  })
})

suite('joinAsOf', (it) => {
  const asOf = (options: { readonly withinMs?: number; readonly type?: 'inner'; readonly maxKeys?: number; readonly onError?: 'skip' | 'deadLetter' } = {}) => joinAsOf(left, right, { keys, at, ...options })

  it('agrees with a naive model, however the two sources come', async () => {
    await fc.assert(fc.asyncProperty(feeding(events(0).map(inOrder)), feeding(events(1000).map(inOrder)), fc.option(fc.nat(20), { nil: undefined }), async (a, b, withinMs) => {
      const outcome = await runProcess(joinAsOf(left, right, { keys, at, withinMs, type: 'left' }), [a, b])
      assert.is(outcome.error, undefined)
      assert.equal(outcome.out, itemsOf(a).map((item) => [item, itemsOf(b).filter((o) => o.key === item.key && o.at <= item.at && o.at + (withinMs ?? Infinity) >= item.at).at(-1)]))
    }), { seed, numRuns: 150 })
  })

  it('an item waits until the right has passed its time, and no longer', async () => {
    const seen: unknown[] = []
    const controller = new AbortController()
    const run = runProcess(asOf(), [one(e('a', 1, 1), e('a', 5, 2)), { batches: [[e('a', 0, 7)], [e('a', 3, 8)]], endless: true }], { onItem: (x) => seen.push(x), signal: controller.signal })
    for (let i = 0; i < 20; i++) await turn()
    assert.equal(seen, [[e('a', 1, 1), e('a', 0, 7)]])
    controller.abort(new Error('enough'))
    await run
  })

  it('an item that is earlier than the one before it is refused, on either side', async () => {
    const back = one(e('a', 5, 1), e('a', 4, 2), e('a', 6, 3))
    assert.is(codeOf((await runProcess(asOf(), [back, one()])).error), 'ERR_MILLRACE_STAGE_FAILED')
    const skipped = await runProcess(asOf({ onError: 'skip' }), [back, one(e('a', 0, 9))])
    assert.equal([skipped.skipped, ids(skipped)], [1, ['1 9', '3 9']])
    const dead = await runProcess(asOf({ onError: 'deadLetter' }), [one(e('a', 9, 0)), back], { slowLetters: 1 })
    assert.equal([dead.letters.map(({ item }) => (item as Event).id), ids(dead)], [[2], ['0 3']])
  })

  it('keys of the right are bounded; with withinMs old ones make room', async () => {
    const rights = one(...['a', 'b', 'c', 'd'].map((key, i) => e(key, i * 10, i)))
    assert.is(codeOf((await runProcess(asOf({ maxKeys: 2 }), [one(e('a', 99)), rights])).error), 'ERR_MILLRACE_STATE_FULL')
    assert.is((await runProcess(asOf({ maxKeys: 2, withinMs: 5 }), [one(e('a', 99)), rights])).error, undefined)
  })

  it('ends with the left, and closes the right', async () => {
    const { closed, error, pulled } = await runProcess(asOf(), [one(), { batches: [[e('a', 1)], [e('a', 2)]], gap: () => 2 }])
    assert.equal([error, closed], [undefined, [true, true]])
    assert.ok(pulled[1]! <= 2)
  })
})

suite('joinWithin', (it) => {
  const within = (options: Partial<JoinWithinOptions<Event, Event, string>> = {}) =>
    joinWithin(left, right, { keys, at, withinMs: 5, ...options } as JoinWithinOptions<Event, Event, string> & { readonly type: 'full' })

  const model = (a: readonly Event[], b: readonly Event[], withinMs: number, type: string): readonly string[] => {
    const pairs = a.flatMap((l) => b.filter((r) => r.key === l.key && Math.abs(r.at - l.at) <= withinMs).map((r) => [l.id, r.id] as const))
    const alone = (all: readonly Event[], side: 0 | 1) => all.filter((one_) => !pairs.some((pair) => pair[side] === one_.id)).map((one_) => one_.id)
    return [
      ...pairs.map(([l, r]) => `${l} ${r}`),
      ...(type === 'inner' ? [] : alone(a, 0).map((id) => `${id} -`)),
      ...(type === 'full' ? alone(b, 1).map((id) => `- ${id}`) : [])
    ].sort()
  }

  it('agrees with a naive model under random disorder, whichever source is faster', async () => {
    const types = fc.constantFrom('inner' as const, 'left' as const, 'full' as const)
    await fc.assert(fc.asyncProperty(feeding(nearly(10, 0)), feeding(nearly(10, 1000)), fc.nat(15), types, async (a, b, withinMs, type) => {
      const outcome = await runProcess(within({ withinMs, type, outOfOrderMs: 10 }), [a, b])
      assert.equal([outcome.error, outcome.dropped], [undefined, 0])
      assert.equal(ids(outcome), model(itemsOf(a), itemsOf(b), withinMs, type))
    }), { seed, numRuns: 200 })
  })

  it('an item that nobody can pair any more is emitted alone while the sources go on', async () => {
    const seen: string[] = []
    const controller = new AbortController()
    const run = runProcess(within({ type: 'left' }), [{ batches: [[e('a', 0, 1)], [e('a', 20, 2)]], endless: true }, { batches: [[e('a', 21, 7)]], endless: true }], {
      onItem: (pair) => seen.push(...ids({ out: [pair] } as unknown as Settled)), signal: controller.signal
    })
    for (let i = 0; i < 20; i++) await turn()
    assert.equal(seen.sort(), ['1 -', '2 7'])
    controller.abort(new Error('enough'))
    await run
  })

  it('a late item is dropped and counted, or a dead letter that says so', async () => {
    const sides = [one(e('a', 50, 1), e('a', 3, 2)), one(e('a', 51, 3))]
    const dropped = await runProcess(within(), sides)
    assert.equal([dropped.dropped, ids(dropped)], [1, ['1 3']])
    const { letters } = await runProcess(within({ late: 'deadLetter' }), sides)
    assert.equal(letters.map(({ item, cause }) => [(item as Event).id, codeOf(cause)]), [[2, 'ERR_MILLRACE_LATE']])
  })

  it('holds what is within its time, not what came: a fast source waits for a slow one', async () => {
    const fast = { batches: Array.from({ length: 200 }, (_, i) => [e('a', i, i)]) }
    const slow = { batches: Array.from({ length: 20 }, (_, i) => [e('a', i * 10, 1000 + i)]), gap: () => 5 }
    const outcome = await runProcess(within({ withinMs: 2, maxItems: 40 }), [fast, slow])
    assert.is(outcome.error, undefined)
    assert.equal(ids(outcome), model(itemsOf(fast), itemsOf(slow), 2, 'inner'))
    const full = await runProcess(within({ maxItems: 3 }), [one(e('a', 0), e('a', 0), e('a', 0), e('a', 0)), one(e('b', 0))])
    assert.is(codeOf(full.error), 'ERR_MILLRACE_STATE_FULL')
  })

  it('functions that throw, and times that are none, follow the policy', async () => {
    const { skipped, error } = await runProcess(within({ onError: 'skip' }), [one(e('a', Number.NaN, 1), e('a', 1, 2)), one({ id: 3 })])
    assert.equal([skipped, error], [2, undefined])
    assert.is(codeOf((await runProcess(within(), [one(e('a', Number.NaN)), one()])).error), 'ERR_MILLRACE_STAGE_FAILED')
  })

  it('a source that fails ends it with that failure', async () => {
    const reason = new Error('gone')
    assert.is((await runProcess(within(), [{ batches: [[e('a', 1)]], fails: reason }, one()])).error, reason)
  })
})

suite('joins', (it) => {
  it('refuse bad arguments at declaration', () => {
    verifyRefusals('joinTable', [
      () => joinTable(left, right, {} as never),
      () => joinTable(left, right, { keys: [keys[0]] as never }),
      () => joinTable(left, right, { keys: ['a', keys[1]] as never }),
      () => joinTable(left, right, { keys, type: 'full' as never }),
      () => joinTable(left, right, { keys, maxRows: 0 }),
      () => joinTable(left, [] as never, { keys })
    ])
    verifyRefusals('joinAsOf', [() => joinAsOf(left, right, { keys } as never), () => joinAsOf(left, right, { keys, at, withinMs: -1 }), () => joinAsOf(left, right, { keys, at, maxKeys: 1.5 })])
    verifyRefusals('joinWithin', [
      () => joinWithin(left, right, { keys, at } as never),
      () => joinWithin(left, right, { keys, at, withinMs: 1, late: 'fail' as never }),
      () => joinWithin(left, right, { keys, at, withinMs: 1, outOfOrderMs: -1 }),
      () => joinWithin(left, right, { keys, at, withinMs: 1, onError: 'retry' as never })
    ])
  })
})

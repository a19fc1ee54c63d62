/** Stages with a state per key: what they answer, what they forget, and that it is what a naive model does. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { KeptOptions } from '../../src/operator/keyed/stages.ts'
import { mapState, type Gone } from '../../src/operator/map-state.ts'
import { scanBy } from '../../src/operator/scan-by.ts'
import { runFlow } from '../support/run-kernel.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyPolicies, verifyRefusals } from '../support/verify-operator.ts'

interface Event {
  readonly key: string
  readonly at: number
}

/** Emits how often a key was seen since its state is there, and every state that is let go. */
const visits = (bounds: Pick<KeptOptions<Event>, 'maxKeys' | 'whenFull' | 'ttlMs'>) =>
  mapState({
    key: (e: Event) => e.key,
    create: (key) => ({ key, n: 0 }),
    map: (state, e): readonly unknown[] => [e.key, ++state.n],
    onEvict: (state, key, why): readonly unknown[] => ['gone', state.key === key ? key : 'another', state.n, why],
    ...(bounds.ttlMs === undefined ? {} : { at: (e: Event) => e.at }),
    ...bounds
  })

const event: fc.Arbitrary<Event> = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), at: fc.nat(40) })

const kinds = (outs: readonly unknown[]) => {
  const all = outs as readonly (readonly [string, ...unknown[]])[]
  return { answers: all.filter(([what]) => what !== 'gone'), gone: all.filter(([what]) => what === 'gone') as unknown as readonly (readonly ['gone', string, number, Gone])[] }
}

suite('mapState', (it) => {
  const running = () => mapState({ key: (s: string) => s[0], create: () => ({ sum: 0 }), map: (state, s: string) => (state.sum += s.length) })

  it('answers each item from the state of its key', async () => {
    for (const [items, want] of [[[], []], [['a'], [1]], [['a', 'bb', 'aa', 'b', 'a'], [1, 2, 3, 3, 4]]] as const) {
      assert.equal((await verifyOperator(running, items)).outs[0], want)
    }
  })

  it('with restart the state of a key begins anew behind an item that failed, in any order of items; those of other keys stay', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean()), { maxLength: 25 }), fc.boolean(), async (items, restart) => {
      const state = new Map<string, number>()
      const want = items.flatMap(([key, bad]) => {
        const n = (state.get(key) ?? 0) + 1
        // what `map` changes before it throws stays, but for a key that is new: nothing is kept of it
        if (!bad || (!restart && state.has(key))) state.set(key, n)
        else if (state.has(key)) state.set(key, 0)
        return bad ? [] : [[key, n]]
      })
      const flow = () => mapState({
        key: ([key]: readonly [string, boolean]) => key, create: () => ({ n: 0 }), onError: 'skip', restart, maxKeys: 3, whenFull: 'evictOldest',
        map: (s, [key, bad]) => { s.n++; if (bad) throw new Error('bad'); return [key, s.n] }
      })
      const { outs, skipped } = await verifyOperator<readonly [string, boolean], unknown>(flow, items)
      assert.equal([outs[0], skipped.length], [want, items.filter(([, bad]) => bad).length])
    }), { seed, numRuns: 60 })
  })

  it('scanBy too: the key begins with the initial state', async () => {
    const flow = (restart: boolean) => scanBy((s: string) => s[0]!, (n: number, s: string) => { if (s.endsWith('!')) throw new Error(s); return n + 1 }, 0, { onError: 'deadLetter', restart })
    const items = ['a', 'a', 'b', 'a!', 'a', 'b']
    assert.equal((await verifyOperator(() => flow(true), items)).outs[0], [['a', 1], ['a', 2], ['b', 1], ['a', 1], ['b', 2]])
    assert.equal((await verifyOperator(() => flow(false), items)).outs[0], [['a', 1], ['a', 2], ['b', 1], ['a', 3], ['b', 2]])
    verifyRefusals('scanBy', [() => scanBy((s: string) => s, (n: number) => n, 0, { restart: 'yes' as never })])
  })

  it('emits nothing for undefined, and gives key and env', async () => {
    const flow = () => mapState({
      key: (s: string, { at }) => s[at],
      create: (key, { at }) => ({ key, at, n: 0 }),
      map: (state, s: string, key, { at }) => (++state.n === 2 ? `${s}${key}${state.key}${at}${state.at}` : undefined),
      env: { at: 1 }
    })
    assert.equal((await verifyOperator(flow, ['xa', 'xb', 'ya', 'za'])).outs[0], ['yaaa11'])
  })

  it('an item that fails leaves no state where there was none, and the item after it begins anew', async () => {
    await verifyPolicies(
      (o) => mapState({ key: (s: string) => s[0], create: () => ({ n: 0 }), map: (state, s: string) => { if (s === 'bad') throw new Error('bad'); return [s, ++state.n] }, ...o }),
      ['a', 'bad', 'b', 'a'],
      'bad',
      [['a', 1], ['b', 1], ['a', 2]]
    )
    const { failure } = await runFlow(mapState({ key: (x: unknown) => x as string, create: () => ({}), map: () => 1 }), [[{}]])
    assert.instance(failure!.cause, TypeError)
    for (const promising of [{ key: () => Promise.resolve('a') }, { map: () => Promise.resolve(1) }]) {
      const { skipped } = await runFlow(mapState({ key: (s: string) => s, create: () => ({}), map: () => 1, ...promising, onError: 'skip' } as never), [['a']])
      assert.is((skipped[0]!.cause as { code?: string }).code, 'ERR_MILLRACE_STAGE_PROMISE')
    }
  })

  it('a field is a key as a function is', async () => {
    const items = [{ who: 'a', n: 1 }, { who: 'b', n: 2 }, { who: 'a', n: 3 }]
    const flow = () => mapState({ key: 'who', create: () => ({ sum: 0 }), map: (state, r: { readonly who: string, readonly n: number }) => [r.who, state.sum += r.n], maxKeys: Infinity })
    assert.equal((await verifyOperator(flow, items)).outs[0], [['a', 1], ['b', 2], ['a', 4]])
    assert.equal((await verifyOperator(() => scanBy('who', (sum: number, r: { readonly who: string, readonly n: number }) => sum + r.n, 0, { maxKeys: Infinity }), items)).outs[0], [['a', 1], ['b', 2], ['a', 4]])
  })

  it('more keys than maxKeys are an error that says so; known keys still pass by', async () => {
    const { outs, failure } = await verifyOperator(() => visits({ maxKeys: 2 }), ['a', 'b', 'a', 'c', 'a'].map((key) => ({ key, at: 0 })))
    assert.equal(outs[0], [['a', 1], ['b', 1], ['a', 2]])
    assert.equal([failure!.index, (failure!.cause as { code?: string }).code], [3, 'ERR_MILLRACE_TOO_MANY_KEYS'])
  })

  it('evictOldest keeps no more than maxKeys, prefers those that were used, and tells of every state once', async () => {
    await fc.assert(fc.asyncProperty(fc.array(event, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), async (items, maxKeys) => {
      const { answers, gone } = kinds((await verifyOperator(() => visits({ maxKeys, whenFull: 'evictOldest' }), items)).outs[0]!)
      assert.is(answers.length, items.length)
      // what a key's states are told with, in turn, is what they had answered last
      const lives = new Map<string, number[]>()
      for (const [key, n] of answers as unknown as readonly (readonly [string, number])[]) {
        const counts = lives.get(key) ?? []
        lives.set(key, n === 1 ? [...counts, 1] : [...counts.slice(0, -1), n])
      }
      for (const [key, counts] of lives) assert.equal(gone.filter(([, of]) => of === key).map(([, , n]) => n), counts)
      assert.ok(gone.filter(([, , , why]) => why === 'end').length <= maxKeys)
      assert.ok(gone.every(([, key]) => key !== 'another'))
    }), { seed, numRuns: 100 })
    const { outs } = await verifyOperator(() => visits({ maxKeys: 2, whenFull: 'evictOldest' }), ['a', 'b', 'a', 'c', 'a'].map((key) => ({ key, at: 0 })))
    assert.equal(outs[0], [['a', 1], ['b', 1], ['a', 2], ['gone', 'b', 1, 'full'], ['c', 1], ['a', 3], ['gone', 'a', 3, 'end'], ['gone', 'c', 1, 'end']])
  })

  it('a state that was not used for ttlMs is forgotten, exactly, by the latest time that was seen', async () => {
    await fc.assert(fc.asyncProperty(fc.array(event, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), async (items, ttlMs) => {
      const { answers, gone } = kinds((await verifyOperator(() => visits({ ttlMs }), items)).outs[0]!)
      const model = new Map<string, { n: number; used: number }>()
      let now = -Infinity
      const want = items.map(({ key, at }) => {
        now = Math.max(now, at)
        const known = model.get(key)
        const n = known === undefined || known.used + ttlMs <= now ? 1 : known.n + 1
        model.set(key, { n, used: now })
        return [key, n]
      })
      assert.equal(answers, want)
      assert.is(gone.reduce((sum, [, , n]) => sum + n, 0), items.length)
    }), { seed, numRuns: 100 })
  })

  it('keeps what was used within twice ttlMs, however many keys there have been', async () => {
    const flow = mapState({ key: (n: number) => n, create: () => ({}), map: () => 1, ttlMs: 10, at: (n: number) => n })
    const items = Array.from({ length: 20_000 }, (_, n) => n)
    // the states are seen through a snapshot: run-kernel copies them between batches
    const clone = globalThis.structuredClone
    let most = 0
    globalThis.structuredClone = ((value: unknown) => {
      const kept = (value as readonly { kept?: Map<unknown, unknown>; ring?: unknown[] }[])[0]
      most = Math.max(most, kept?.kept?.size ?? 0, (kept?.ring?.length ?? 0) / 200)
      return clone(value)
    }) as typeof clone
    try {
      await runFlow(flow, Array.from({ length: 200 }, (_, i) => items.slice(i * 100, i * 100 + 100)), { restore: true })
    } finally {
      globalThis.structuredClone = clone
    }
    assert.ok(most > 0 && most <= 21, `${most} keys at most`)
  })

  it('without `at` the clock counts', async () => {
    const flow = mapState({ key: (s: string) => s, create: () => ({ n: 0 }), map: (state) => ++state.n, ttlMs: 1e9 })
    assert.equal((await runFlow(flow, [['a', 'a']])).outs[0], [1, 2])
    const { failure } = await runFlow(mapState({ key: (s: string) => s, create: () => ({}), map: () => 1, ttlMs: 1, at: () => Number.NaN }), [['a']])
    assert.instance(failure!.cause, TypeError)
  })

  it('refuses bad arguments at declaration', () => {
    const good = { key: (s: string) => s, create: () => ({}), map: () => 1 }
    verifyRefusals('mapState', [
      () => mapState({ ...good, key: 1 as never }),
      () => mapState({ ...good, maxKeys: Infinity, whenFull: 'evictOldest' }),
      () => mapState({ ...good, create: undefined as never }),
      () => mapState({ ...good, map: {} as never }),
      () => mapState({ ...good, onEvict: 1 as never }),
      () => mapState({ ...good, maxKeys: 0 }),
      () => mapState({ ...good, whenFull: 'evictOldest' }),
      () => mapState({ ...good, whenFull: 'drop' as never, maxKeys: 1 }),
      () => mapState({ ...good, ttlMs: 0 }),
      () => mapState({ ...good, at: () => 1 })
    ])
  })
})

suite('scanBy', (it) => {
  const sums = () => scanBy((s: string) => s[0], (sum, s) => sum + s.length, 0)

  it('emits key and state after every item', async () => {
    for (const [items, want] of [[[], []], [['a'], [['a', 1]]], [['a', 'bb', 'aa'], [['a', 1], ['b', 2], ['a', 3]]]] as const) {
      assert.equal((await verifyOperator(sums, items)).outs[0], want)
    }
  })

  it('each key begins with a copy of its own', async () => {
    const flow = () => scanBy((s: string) => s[0], (all, s) => [...all, s], [] as string[])
    assert.equal((await verifyOperator(flow, ['a1', 'b1', 'a2'])).outs[0], [['a', ['a1']], ['b', ['b1']], ['a', ['a1', 'a2']]])
  })

  it('a failing item leaves the state as it was', async () => {
    await verifyPolicies(
      (o) => scanBy((n: number) => n % 2, (sum, n) => { if (n === 101) throw new Error('much'); return sum + n }, 0, o),
      [1, 101, 2, 3],
      101,
      [[1, 1], [0, 2], [1, 4]]
    )
  })

  it('is bounded like mapState', async () => {
    const { failure } = await verifyOperator(() => scanBy((n: number) => n, (sum) => sum + 1, 0, { maxKeys: 1 }), [1, 1, 2])
    assert.equal([failure!.index, (failure!.cause as { code?: string }).code], [2, 'ERR_MILLRACE_TOO_MANY_KEYS'])
    const { outs } = await verifyOperator(() => scanBy((n: number) => n % 2, (sum) => sum + 1, 0, { ttlMs: 3, at: (n) => n }), [1, 3, 7, 8])
    assert.equal(outs[0], [[1, 1], [1, 2], [1, 1], [0, 1]])
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('scanBy', [() => scanBy(1 as never, (s) => s, 0), () => scanBy((n: number) => n, undefined as never, 0), () => scanBy((n: number) => n, (s) => s, () => 0)])
  })
})

/** verifyOperator: flows of every kind pass, and what depends on how it is fed or what it remembers beside its state is found. */
import * as assert from 'uvu/assert'
import {
  aggregateBy, batch, buffer, compose, count, countBy, debounce, distinct, filter, flatMap, map, mapAsync, scan, sleep, sort, take, tap, throttle,
  type Flow
} from './doors.ts'
import { flowOf } from '../../src/graph/source.ts'
import { processSpec } from '../../src/operator/process.ts'
import { verifyOperator } from '../../src/testing.ts'
import { unmet } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

const ten = Array.from({ length: 10 }, (_, i) => i)

suite('verifyOperator', (it) => {
  it('kernels', async () => {
    const { items } = await verifyOperator(map((n: number) => n * 2), { inputs: ten, expected: ten.map((n) => n * 2) })
    assert.is(items.length, 10)
    await verifyOperator(flatMap((n: number) => Array.from({ length: n }, () => n)), { inputs: ten, expected: ten.flatMap((n) => Array.from({ length: n }, () => n)) })
    await verifyOperator(take<number>(3), { inputs: ten, expected: [0, 1, 2] })
    await verifyOperator(scan((sum: number, n: number) => sum + n, 0), { inputs: ten })
    await verifyOperator(countBy((n: number) => n % 3), { inputs: ten })
    await verifyOperator(aggregateBy((n: number) => n % 2, count()), { inputs: ten })
    await verifyOperator(sort({ by: (n: number) => -n }), { inputs: ten, expected: [...ten].reverse() })
    await verifyOperator(map((n: number) => n), { inputs: [], expected: [] })
  })

  it('stages that wait', async () => {
    await verifyOperator(mapAsync(async (n: number) => { await sleep(10 - n); return n }), { inputs: ten, expected: ten })
    await verifyOperator(mapAsync(async (n: number) => { await sleep(10 - n); return n }, { ordered: false }), { inputs: ten, expected: ten, order: 'any' })
    await verifyOperator(buffer<number>({ capacity: 2 }), { inputs: ten, expected: ten })
    await verifyOperator(throttle<number>({ units: 1, perMs: 60_000 }), { inputs: ten, expected: ten })
    await verifyOperator(debounce<number>({ ms: 1000 }), { inputs: ten, expected: [9] })
    await verifyOperator(batch<number>({ count: 3, maxMs: 1000 }), { inputs: ten })
  })

  it('flows of several stages, of both kinds', async () => {
    const flow = compose(
      filter((n: number) => n % 2 === 0), mapAsync(async (n) => { await sleep(1); return n }, { concurrency: 2 }), scan((a, n) => a + n, 0), batch({ count: 2 }), buffer({ capacity: 1 })
    )
    await verifyOperator(flow, { inputs: ten, expected: [[0, 2], [6, 12], [20]] })
  })

  it('failures and dead letters are the same in any weather', async () => {
    const bad = (n: number): number => { if (n === 4) throw new Error('four'); return n }
    const { error } = await verifyOperator(map(bad), { inputs: ten, fails: 'ERR_MILLRACE_STAGE_FAILED' })
    assert.is(error?.position?.index, 4)
    const { deadLetters, items } = await verifyOperator(map(bad, { onError: 'deadLetter' }), { inputs: ten })
    assert.equal([deadLetters.map((letter) => letter.item), items.length], [[4], 9])
    await verifyOperator(mapAsync(async (n: number) => bad(n), { onError: 'deadLetter' }), { inputs: ten })
    assert.match(await unmet(verifyOperator(map(bad), { inputs: ten })), 'expected no error, got ERR_MILLRACE_STAGE_FAILED')
    assert.match(await unmet(verifyOperator(map((n: number) => n), { inputs: ten, fails: 'ERR_X' })), 'expected the error ERR_X')
  })

  it('finds a wrong expectation, in fair weather', async () => {
    assert.match(await unmet(verifyOperator(map((n: number) => n), { inputs: [1, 2], expected: [1, 3] })), 'expected 1, 3, got 1, 2; fed all at once')
  })

  it('finds a stage whose output depends on how it is fed', async () => {
    const sizes = flowOf<number, number>(
      processSpec('sizes', async ({ inlets, outlets }) => {
        for (let got = await inlets[0]!.pull(); got !== undefined; got = await inlets[0]!.pull()) await outlets[0]!.push([got.items.length])
      })
    )
    assert.match(await unmet(verifyOperator(sizes, { inputs: ten })), 'fed one by one')
  })

  it('finds state that does not survive being copied', async () => {
    class Sum { total = 0; plus(n: number): this { this.total += n; return this } }
    const flow: Flow<number, number> = compose(scan((sum: { it?: Sum }, n: number) => { (sum.it ??= new Sum()).plus(n); return sum }, {}), map((sum) => sum.it!.total))
    assert.match(await unmet(verifyOperator(flow, { inputs: [1, 2, 3], fails: undefined })), 'ERR_MILLRACE_STAGE_FAILED')
    await verifyOperator(flow, { inputs: [1, 2, 3], restore: false })
  })

  it('finds a stage that forgets to end', async ({ defer }) => {
    let release: () => void = () => undefined
    const released = new Promise<void>((resolve) => { release = resolve })
    defer(() => { release() })
    const stuck = flowOf<number, number>(processSpec('stuck', async ({ inlets }) => { await inlets[0]!.pull(); await released }))
    assert.match(await unmet(verifyOperator(stuck, { inputs: ten, withinMs: 50 })), 'the run to settle')
  })

  it('makes a flow for each weather when it remembers something itself', async () => {
    const counting = (): Flow<number, number> => { let n = 0; return map(() => n++) }
    await verifyOperator(counting, { inputs: ten, expected: ten })
    let seen = 0
    await unmet(verifyOperator(tap(() => { if (seen++ > 10) throw new Error('again') }), { inputs: ten }))
    await verifyOperator(distinct((n: number) => n % 2), { inputs: ten, expected: [0, 1] })
  })
}, 20_000)

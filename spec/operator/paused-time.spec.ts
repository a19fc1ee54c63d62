/** In a run whose time is paused, stages that look at the clock jump from alarm to alarm: hours pass at once, to the millisecond. */
import * as assert from 'uvu/assert'
import '../../src/exec/pipeline.ts' // it loads the executor
import { interval } from '../../src/connector/memory/interval.ts'
import { range } from '../../src/connector/memory/range.ts'
import type { Source } from '../../src/graph/source.ts'
import { debounce } from '../../src/operator/debounce.ts'
import { dedupe } from '../../src/operator/dedupe.ts'
import { delay } from '../../src/operator/delay.ts'
import { idleTimeout } from '../../src/operator/idle-timeout.ts'
import { map } from '../../src/operator/map.ts'
import { mergeMap } from '../../src/operator/merge-map.ts'
import { sample } from '../../src/operator/sample.ts'
import { switchMap } from '../../src/operator/switch-map.ts'
import { take } from '../../src/operator/take.ts'
import { throttle } from '../../src/operator/throttle.ts'
import { clock } from '../../src/prelude/clock.ts'
import { suite } from '../support/suite.ts'
import { jumping } from '../support/timed.ts'

const HOUR = 3_600_000

/** What comes out, and after how many hours. */
const hours = (source: Source<unknown>): Promise<readonly (readonly [unknown, number])[]> =>
  jumping(() => source.pipe(map((x) => [x, Math.round((clock().now() / HOUR) * 1000) / 1000] as const, { lane: 'async' })).toArray({ workers: 0 }))

const hourly = (count: number): Source<number> => interval(HOUR).pipe(take(count))

suite('paused time', (it) => {
  it('throttle', async () => {
    assert.equal(await hours(range(0, 4).pipe(throttle({ units: 1, perMs: HOUR, burst: 2 }))), [[0, 0], [1, 0], [2, 1], [3, 2]])
  })

  it('delay', async () => {
    assert.equal(await hours(hourly(3).pipe(delay({ ms: HOUR / 2 }))), [[0, 1.5], [1, 2.5], [2, 3.5]])
  })

  it('debounce and sample', async () => {
    assert.equal(await hours(hourly(3).pipe(debounce({ ms: HOUR / 2 }))), [[0, 1.5], [1, 2.5], [2, 3]])
    assert.equal(await hours(hourly(5).pipe(sample({ ms: 2.2 * HOUR }))), [[1, 2.2], [3, 4.4], [4, 5]])
  })

  it('dedupe for a time, and idleTimeout', async () => {
    assert.equal(await hours(hourly(5).pipe(map(() => 'x'), dedupe({ maxKeys: 9, withinMs: 1.5 * HOUR }))), [['x', 1], ['x', 3], ['x', 5]])
    assert.equal(await hours(hourly(2).pipe(mergeMap((n) => interval((n + 1) * HOUR).pipe(take(1))), idleTimeout({ ms: 2.5 * HOUR, whenIdle: 'end' }))), [[0, 2], [0, 4]])
  })

  it('runs inside mergeMap and switchMap go by the same clock', async () => {
    assert.equal(await hours(range(0, 2).pipe(mergeMap(() => hourly(2), { concurrency: 1 }))), [[0, 1], [1, 2], [0, 3], [1, 4]])
    assert.equal(await hours(hourly(2).pipe(switchMap(() => interval(0.6 * HOUR).pipe(take(2))))), [[0, 1.6], [0, 2.6], [1, 3.2]])
  })
}, 10_000)

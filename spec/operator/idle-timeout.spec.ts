import * as assert from 'uvu/assert'
import type { PipelineError } from '../../src/error/pipeline-error.ts'
import { interval } from '../../src/connector/memory/interval.ts'
import { pipeline } from '../../src/exec/pipeline.ts'
import { idleTimeout, type IdleTimeoutOptions } from '../../src/operator/idle-timeout.ts'
import { runOne } from '../support/run-process.ts'
import { quiet } from '../support/several.ts'
import { suite } from '../support/suite.ts'
import { timed } from '../support/timed.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

const code = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code

suite('idleTimeout', (it) => {
  it('passes items on, as long as none is late', async () => {
    const { at, error, ended } = await timed(idleTimeout({ ms: 10 }), [[9, 'a'], [18, 'b'], [18, 'c'], [27, 'd']], { end: 36 })
    assert.equal([at, error, ended], [[[9, 'a'], [18, 'b'], [18, 'c'], [27, 'd']], undefined, 36])
  })

  it('fails when the first item, the next one, or the end is late', async () => {
    const first = await timed(idleTimeout<string>({ ms: 10 }), [[11, 'a']])
    assert.equal([first.at, code(first.error), first.ended], [[], 'ERR_MILLRACE_TIMEOUT', 10])
    const next = await timed(idleTimeout<string>({ ms: 10 }), [[5, 'a'], [16, 'b']])
    assert.equal([next.at, code(next.error), next.ended], [[[5, 'a']], 'ERR_MILLRACE_TIMEOUT', 15])
    const end = await timed(idleTimeout<string>({ ms: 10 }), [[5, 'a']], { end: 16 })
    assert.equal([end.at, code(end.error), end.ended], [[[5, 'a']], 'ERR_MILLRACE_TIMEOUT', 15])
  })

  it("whenIdle: 'end' ends the stream instead", async () => {
    const { at, error, ended } = await timed(idleTimeout<string>({ ms: 10, whenIdle: 'end' }), [[5, 'a'], [16, 'b']])
    assert.equal([at, error, ended], [[[5, 'a']], undefined, 15])
  })

  it('the time of a slow reader is not that of the input', async () => {
    const { at, error } = await timed(idleTimeout<string>({ ms: 10 }), [[0, 'a'], [9, 'b'], [18, 'c']], {}, { slowMs: () => 50 })
    assert.equal([at, error], [[[0, 'a'], [50, 'b'], [100, 'c']], undefined])
  })

  it('in a run the error names the stage', async () => {
    const error: unknown = await pipeline({ out: interval(60_000).pipe(idleTimeout({ ms: 5, name: 'alive?' })).observe() })
      .run({ workers: 0 })
      .done.catch((reason: unknown) => reason)
    assert.equal([code(error), (error as PipelineError).stage], ['ERR_MILLRACE_TIMEOUT', 'alive?'])
    assert.match((error as Error).message, /no item within 5 ms/)
  })

  it('ends when the reader leaves, when it is cancelled, when the input fails; leaves no timer', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    assert.equal((await runOne(idleTimeout<number>({ ms: 1e6 }), { batches: [[1]], endless: true }, { leaveAfter: 1 })).out, [1])
    assert.is((await runOne(idleTimeout<number>({ ms: 1e6 }), quiet, { signal: AbortSignal.abort(new Error('no')) })).error instanceof Error, true)
    assert.is(((await runOne(idleTimeout<number>({ ms: 1e6 }), { batches: [[1]], fails: new Error('disk') })).error as Error).message, 'disk')
    assert.is(timers(), before)
  })

  it('refuses bad arguments at declaration', () => {
    const of = (options: object) => () => idleTimeout(options as IdleTimeoutOptions)
    verifyRefusals('idleTimeout', [of({}), of({ ms: 0 }), of({ ms: 3e9 }), of({ ms: 1, whenIdle: 'wait' }), of({ ms: 1, name: '' }), () => idleTimeout(5 as never)])
  })
}, 10_000)

/**
 * Small things stay small: what starts no thread, how soon a first result comes, and that a finished script ends by itself.
 * Runs alone: it measures time.
 * Each in a process of its own, with `import()` in it, so that nothing is warm.
 */
import * as assert from 'uvu/assert'
import { runText } from '../support/child.ts'
import { suite } from '../support/suite.ts'

const threads = "const threads = () => readdirSync('/proc/self/task').length"
const prelude = `import { readdirSync } from 'node:fs'\nimport { range, map, filter, pipeline, forEach, interval } from 'millrace'\n${threads}\n`

suite('small things', (it) => {
  it('a tiny pipeline starts no worker, and its first result is there within 150 ms', async () => {
    const { stdout, code, stderr } = await runText(`${prelude}
      const before = threads()
      const began = performance.now()
      const got = await range(0, 10).pipe(map((n) => n * 2)).toArray({ workers: 2 })
      console.log(JSON.stringify({ got, ms: performance.now() - began, more: threads() - before }))`)
    assert.is(code, 0, stderr)
    const { got, ms, more } = JSON.parse(stdout) as { got: number[]; ms: number; more: number }
    assert.equal(got, [0, 2, 4, 6, 8, 10, 12, 14, 16, 18])
    assert.ok(ms < 150, `${ms} ms`)
    assert.is(more, 0)
  })

  it('a pipeline with work moves to the pool, says so in its report, and the script ends by itself', async () => {
    const { stdout, code, ms, stderr } = await runText(`${prelude}
      const run = pipeline({ out: range(0, 60000).pipe(map((n) => { let x = n; for (let i = 0; i < 4000; i++) x = (x * 31 + 7) % 1000003; return x })).to(forEach(() => {})) }).run({ workers: 2 })
      const report = await run.done
      console.log(JSON.stringify({ workers: report.workers, in: report.stages.at(-1).in, at: performance.now() }))`)
    assert.is(code, 0, stderr)
    const report = JSON.parse(stdout) as { workers: number; in: number; at: number }
    assert.equal([report.workers, report.in], [2, 60_000])
    assert.ok(ms < 15_000)
  })

  it('a run in progress keeps the process, a finished one does not', async () => {
    const { stdout, code } = await runText(`${prelude}
      const run = pipeline({ out: interval(50).pipe(map((n) => n, { lane: 'blocking' })).to(forEach((n) => { if (n === 5) run.cancel() })) }).run({ workers: 1 })
      run.done.catch((error) => console.log(error.code))`)
    assert.is(code, 0)
    assert.is(stdout.trim(), 'ERR_MILLRACE_CANCELLED')
  })

  it('a run that fails while nobody listens does not end as if all were well', async () => {
    const failing = "pipeline({ out: range(0, 3).pipe(map((n) => { if (n === 1) throw new Error('one'); return n })).to(forEach(() => {})) }).run({ workers: 0 })"
    const alone = await runText(`${prelude} ${failing}`)
    assert.is(alone.code, 1)
    assert.ok(alone.stderr.includes('ERR_MILLRACE_STAGE_FAILED'), alone.stderr)
    const heard = await runText(`${prelude} const run = ${failing}; run.outputs.out.subscribe({ error: (e) => console.log(e.code) })`)
    assert.equal([heard.code, heard.stdout.trim()], [0, 'ERR_MILLRACE_STAGE_FAILED'])
  })

  it('an import does nothing but define: no handle, no listener, no thread', async () => {
    const { stdout } = await runText(`
      import { readdirSync } from 'node:fs'
      ${threads}
      const before = [threads(), process.listenerCount('SIGINT'), process.listenerCount('warning'), process.listenerCount('exit')]
      await import('millrace'); await import('millrace/fs'); await import('millrace/sync'); await import('millrace/runtime'); await import('millrace/testing')
      const after = [threads(), process.listenerCount('SIGINT'), process.listenerCount('warning'), process.listenerCount('exit')]
      console.log(JSON.stringify([before, after, process.getActiveResourcesInfo().filter((r) => r !== 'TTYWrap' && r !== 'PipeWrap')]))`)
    const [before, after, open] = JSON.parse(stdout) as [number[], number[], string[]]
    assert.equal(before, after)
    assert.equal(open, [])
  })

  it('a program that starts a pipeline where workers import it gets a clear error, not a fork bomb', async () => {
    const { code, stderr, stdout } = await runText(`
      const { workerData } = await import('node:worker_threads')
      globalThis[Symbol.for('millrace.worker')] = true
      const { range, pipeline, toArray } = await import('millrace')
      try { pipeline({ out: range(0, 1).to(toArray()) }).run() } catch (error) { console.log(error.code, /isMainThread/.test(error.message)) }`)
    assert.is(stdout.trim(), 'ERR_MILLRACE_IN_WORKER true', stderr)
    assert.is(code, 0)
  })
}, 30_000)

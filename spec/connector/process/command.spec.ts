/** Child processes as flows, sources, sinks and in hand; numbers as in the list of tokio's semantics. */
import * as assert from 'uvu/assert'
import { command } from '../../../src/connector/process/command.ts'
import { ChildError } from '../../../src/error/wording-process.ts'
import { forEach, from, map, pipeline, range, reduce, take, toArray, type Source } from '../../../src/index.ts'
import { rejection, thrown } from '../../support/attempt.ts'
import { noteOpen } from '../../support/leftovers.ts'
import { observe, turn } from '../../support/settling.ts'
import { suite } from '../../support/suite.ts'
import { tempDir } from '../../support/temp-dir.ts'

const text = (chunks: readonly Uint8Array[]): string => Buffer.concat(chunks).toString()
const bytes = map((line: string) => Buffer.from(line))
const node = (program: string): [string, string[]] => [process.execPath, ['-e', program]]
const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code

/** Whether there is a process of that number (that is not waited for). */
const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

const MEGABYTE = new Uint8Array(1024 * 1024)
const endless = (): Source<Uint8Array> => from((function* () { for (;;) yield MEGABYTE })())

suite('command as a flow', (it) => {
  it('294: passes bytes through a program, in order, whatever there are', async () => {
    const left = noteOpen()
    const numbers = range(0, 200_000).pipe(map((n) => `${n}\n`), bytes)
    const out = await numbers.pipe(command('grep', ['7'])).toArray({ workers: 0 })
    assert.is(text(out), Array.from({ length: 200_000 }, (_, n) => `${n}\n`).filter((line) => line.includes('7')).join(''))
    assert.is(text(await from<string>([]).pipe(bytes, command('cat')).toArray({ workers: 0 })), '')
    const args = ['$HOME', '; ls', '"quoted"', '*']
    assert.is(text(await command('printf', ['%s|', ...args]).source().toArray({ workers: 0 })), args.map((arg) => `${arg}|`).join(''))
    await left()
  })

  it('programs in a row, and the same one in two runs', async () => {
    const sorted = range(0, 1000).pipe(map((n) => `${(n * 7919) % 1000}\n`), bytes, command('sort', ['-n']), command('head', ['-n', '3']))
    for (let i = 0; i < 2; i++) assert.is(text(await sorted.toArray({ workers: 0 })), '0\n1\n2\n')
  })

  it('a program that fails fails the flow, with its code and what it said; codes may be allowed', async () => {
    const failing = command(...node('process.stdin.resume().on("end", () => { console.error("no such table"); process.exitCode = 3 })'), { name: 'load' })
    const error = await rejection(from(['x']).pipe(bytes, failing).toArray({ workers: 0 }))
    assert.equal([error.code, error.stage], ['ERR_MILLRACE_CHILD_FAILED', 'load'])
    assert.instance(error.cause, ChildError)
    const cause = error.cause as ChildError
    assert.equal([cause.exitCode, cause.signal, cause.stderr], [3, null, 'no such table\n'])
    assert.match(error.message, 'no such table')
    const nothing = from(['x']).pipe(bytes, command('grep', ['y'], { allow: [1] }))
    assert.equal(await nothing.toArray({ workers: 0 }), [])
    assert.is((await rejection(from(['x']).pipe(bytes, command('grep', ['y'])).toArray({ workers: 0 }))).code, 'ERR_MILLRACE_CHILD_FAILED')
    const killed = command(...node('process.kill(process.pid, "SIGKILL")'))
    const dead = await rejection(from(['x']).pipe(bytes, killed).toArray({ workers: 0 }))
    assert.is((dead.cause as ChildError).signal, 'SIGKILL')
    assert.equal(await from(['x']).pipe(bytes, command(...node('process.exit(9)'), { allow: 'any' })).toArray({ workers: 0 }), [])
  })

  it('a program that cannot be started is told as such', async ({ defer }) => {
    const left = noteOpen()
    for (const [file, options] of [['no-such-program-here', {}], ['/no/such/file', {}], [tempDir(defer), {}], ['cat', { cwd: '/no/such/folder' }]] as const) {
      for (const run of [
        () => from(['x']).pipe(bytes, command(file, [], options)).toArray({ workers: 0 }),
        () => command(file, [], options).source().toArray({ workers: 0 }),
        () => pipeline({ fed: from(['x']).pipe(bytes).to(command(file, [], options).sink()) }).run({ workers: 0 }).done,
        () => command(file, [], options).spawn()
      ]) {
        const error = await rejection(run())
        assert.is(error.code, 'ERR_MILLRACE_CHILD_NOT_STARTED')
        assert.match(error.message, file === 'cat' ? '/no/such/folder' : file)
      }
    }
    await left()
  })

  it('a slow program holds its source up, a slow reader holds the program up', async () => {
    // it reads nothing
    const deaf = command('sleep', ['1000'])
    let fed = 0
    const counted = from((function* () { for (;;) { fed++; yield MEGABYTE } })()).pipe(map((chunk) => chunk))
    const run = pipeline({ out: counted.pipe(deaf).to(toArray()) }).run({ workers: 0 })
    const ended = rejection(run.done)
    let before = -1
    while (fed === 0 || fed !== before) { before = fed; await new Promise((resolve) => setTimeout(resolve, 100)) }
    run.cancel('enough')
    assert.is((await ended).code, 'ERR_MILLRACE_CANCELLED')
    // it writes without end; nobody reads at first
    await using child = await command('yes').spawn()
    const reading = child.stdout[Symbol.asyncIterator]()
    await reading.next()
    const peak = process.memoryUsage().rss
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.ok(process.memoryUsage().rss - peak < 200e6)
    await reading.return?.()
  })

  it('a program that has seen enough is no failure: what it does not read stays with the source', async () => {
    const left = noteOpen()
    assert.is(text(await endless().pipe(command('head', ['-c', '5'])).toArray({ workers: 0 })).length, 5)
    await left()
  })

  it('294: nobody reads any more: the child is ended and waited for', async () => {
    const left = noteOpen()
    const first = await from(['x']).pipe(bytes, command('yes')).pipe(take(1)).toArray({ workers: 0 })
    assert.is(first[0]![0], 'y'.charCodeAt(0))
    assert.is((await command('yes').source().pipe(take(1)).toArray({ workers: 0 })).length, 1)
    await left()
  })

  it('294: a cancelled run ends its child and waits for it, also one that will not', async () => {
    const left = noteOpen()
    const stubborn = 'process.on("SIGTERM", () => undefined); setInterval(() => undefined, 1000); console.log(process.pid)'
    for (const make of [
      (s: ReturnType<typeof command>) => from(['x']).pipe(bytes, s),
      (s: ReturnType<typeof command>) => s.source()
    ]) {
      let pid = 0
      const run = pipeline({ out: make(command(...node(stubborn), { graceMs: 50 })).to(forEach((chunk) => { pid = Number(text([chunk])) })) }).run({ workers: 0 })
      const ended = rejection(run.done)
      while (pid === 0) await turn()
      assert.ok(lives(pid))
      run.cancel('enough')
      assert.is((await ended).code, 'ERR_MILLRACE_CANCELLED')
      assert.not(lives(pid))
    }
    await left()
  })

  it('a failure elsewhere in the run, and items that are no bytes, end the child too', async () => {
    const left = noteOpen()
    const bad = from([1, 2]).pipe(command('cat') as never)
    assert.is((await rejection(bad.toArray({ workers: 0 }))).code, 'ERR_MILLRACE_ARGUMENT')
    const throws = map(() => { throw new Error('bad') })
    assert.is((await rejection(endless().pipe(command('cat'), throws).toArray({ workers: 0 }))).code, 'ERR_MILLRACE_STAGE_FAILED')
    await left()
  })

  it('refuses what is no command', () => {
    assert.instance(thrown(() => command('')), TypeError)
    assert.instance(thrown(() => command('cat', 'x' as never)), TypeError)
    assert.instance(thrown(() => command('cat', [1 as never])), TypeError)
    assert.instance(thrown(() => command('cat', [], { stdout: 'file' as never })), RangeError)
    assert.instance(thrown(() => command('cat', [], { allow: [1.5] })), TypeError)
    assert.instance(thrown(() => command('cat', [], { graceMs: -1 })), RangeError)
  })
}, 30_000)

suite('command as a source, as a sink, and in hand', (it) => {
  it('a source runs it without input, a sink feeds it and tells how it ended', async () => {
    const sum = command('seq', ['1', '1000']).source().pipe(reduce((n: number, chunk: Uint8Array) => n + chunk.length, 0))
    assert.equal(await sum.toArray({ workers: 0 }), [Array.from({ length: 1000 }, (_, i) => `${i + 1}\n`).join('').length])
    const failing = await rejection(command(...node('console.log("x"); process.exit(2)')).source().toArray({ workers: 0 }))
    assert.is(failing.code, 'ERR_MILLRACE_CHILD_FAILED')
    const counts = command(...node('let n = 0; process.stdin.on("data", (d) => n += d.length).on("end", () => process.exit(n))'), { allow: [6] })
    const { results } = await pipeline({ fed: from(['abc', 'def']).pipe(bytes).to(counts.sink()) }).run({ workers: 0 }).done
    assert.equal(results.fed, { bytes: 6, status: { code: 6, signal: null, ok: true, stderr: '' } })
    const refuses = pipeline({ fed: from(['x']).pipe(bytes).to(command(...node('process.exit(1)')).sink()) }).run({ workers: 0 }).done
    assert.is((await rejection(refuses)).code, 'ERR_MILLRACE_CHILD_FAILED')
  })

  it('in hand: streams, pid, status; stderr kept or as a source', async () => {
    const left = noteOpen()
    {
      await using child = await command(...node('process.stdin.pipe(process.stdout); console.error("hm")'), { stderr: 'pipe' }).spawn()
      assert.ok(lives(child.pid))
      const [said, complained] = [child.stdout.toArray({ workers: 0 }), child.stderr.toArray({ workers: 0 })]
      await pipeline({ fed: from(['abc']).pipe(bytes).to(child.stdin) }).run({ workers: 0 }).done
      assert.equal([text(await said), text(await complained)], ['abc', 'hm\n'])
      assert.equal(await child.check(), { code: 0, signal: null, ok: true, stderr: '' })
    }
    await using quiet = await command(...node('console.error("x".repeat(10000)); console.error("last"); process.exit(4)'), { stdin: 'ignore' }).spawn()
    const { code, ok, stderr } = await quiet.status
    assert.equal([code, ok, stderr.length, stderr.endsWith('x\nlast\n')], [4, false, 4096, true])
    assert.is(codeOf(await rejection(quiet.check())), 'ERR_MILLRACE_CHILD_FAILED')
    assert.is(codeOf(thrown(() => quiet.stderr)), 'ERR_MILLRACE_ARGUMENT')
    assert.is(codeOf(thrown(() => quiet.stdin)), 'ERR_MILLRACE_ARGUMENT')
    await left()
  })

  it('294: disposed of, a child dies; killing one that has exited is harmless', async () => {
    const left = noteOpen()
    let pid: number
    {
      await using child = await command('sleep', ['1000']).spawn()
      pid = child.pid
      assert.ok(lives(pid))
      assert.is(observe(child.status).fate().is, 'pending')
    }
    assert.not(lives(pid))
    const done = await command('true').spawn()
    await done.status
    assert.equal([done.kill(), done.kill('SIGKILL')], [false, false])
    assert.is((await done.stop()).code, 0)
    await done[Symbol.asyncDispose]()
    const killed = await command('sleep', ['1000']).spawn()
    assert.ok(killed.kill('SIGKILL'))
    assert.is((await killed.status).signal, 'SIGKILL')
    assert.not(killed.kill())
    await left()
  })

  it('294: with killOnDispose false it goes on by itself', async ({ defer }) => {
    let pid: number
    {
      await using child = await command('sleep', ['1000'], { killOnDispose: false }).spawn()
      pid = child.pid
    }
    defer(() => process.kill(pid, 'SIGKILL'))
    await turn()
    assert.ok(lives(pid))
  })
}, 30_000)

/**
 * Random pipelines of every kind of stage, in which stages fail and workers die, and which are cancelled, left or drained in the middle,
 * before slow sinks and fast ones: each run settles, by an error that was in it or with a report that adds up; what it answers is the
 * model's, or the beginning of it; every slot of shared memory comes back, and no file stays that nobody asked for.
 *
 * `MILLRACE_FAULTS` sets the number (default 24), `MILLRACE_SEED` the seed.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import * as fs from '../../src/fs.ts'
import { forEach, map, pipeline, toArray, type PipelineError, type Report, type Run } from '../../src/index.ts'
import type { Outputs } from '../../src/exec/run.ts'
import { crewOf } from '../../src/runtime/crew.ts'
import { linkArb, linked, sourceNames, sourceOf, type Faulty, type Link } from '../support/faults.ts'
import { seed } from '../support/seed.ts'
import { suite, type Scope } from '../support/suite.ts'

const total = Number(process.env['MILLRACE_FAULTS'] ?? 24)
/** Nothing here takes a second by itself; a run that has not settled by then hangs. */
const HANGS_MS = 30_000
const SLOTS = 512

interface Round {
  readonly source: (typeof sourceNames)[number]
  readonly size: number
  readonly links: readonly Link[]
  readonly sink: 'observe' | 'slow' | 'calls' | 'array' | 'file' | 'iterate' | 'throws'
  readonly what: 'nothing' | 'cancel' | 'abort' | 'drain' | 'leave' | 'dispose' | 'kill' | 'drain then cancel'
  readonly after: number
  readonly workers: number
  readonly capacity: number
}

const roundArb: fc.Arbitrary<Round> = fc.record({
  source: fc.constantFrom(...sourceNames),
  size: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 700 })),
  links: fc.array(linkArb, { minLength: 1, maxLength: 6 }),
  sink: fc.constantFrom('observe', 'slow', 'calls', 'array', 'file', 'iterate', 'throws'),
  what: fc.constantFrom('nothing', 'nothing', 'nothing', 'cancel', 'abort', 'drain', 'drain', 'leave', 'dispose', 'kill', 'drain then cancel'),
  after: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 400 })),
  workers: fc.constantFrom(0, 1, 2, 2),
  capacity: fc.constantFrom(1, 2, 7, 64, 300, 4096)
})

const sorted = (items: readonly number[]): readonly number[] => [...items].sort((a, b) => a - b)

const late = (what: string): { readonly promise: Promise<never>; readonly stop: () => void } => {
  let timer: NodeJS.Timeout | undefined
  const promise = new Promise<never>((_, reject) => { timer = setTimeout(() => { reject(new Error(`${what} has not settled after ${HANGS_MS} ms`)) }, HANGS_MS) })
  return { promise, stop: () => { clearTimeout(timer) } }
}

const inTime = async <A>(what: string, work: Promise<A>): Promise<A> => {
  const timer = late(what)
  try {
    return await Promise.race([work, timer.promise])
  } finally {
    timer.stop()
  }
}

/** Stages that answer at most one item for one. */
const ONE_FOR_ONE: ReadonlySet<string> = new Set([
  'map', 'filter', 'tap', 'take', 'takeWhile', 'scan', 'mapAsync', 'parseJson', 'toJson', 'decode', 'encode', 'pick', 'dedupe', 'buffer', 'delay', 'throttle', 'enrich', 'forEach', 'toArray'
])

/** Those that answer one for one, and lose none where nothing ends early. */
const KEEPS_ALL: ReadonlySet<string> = new Set(['map', 'mapAsync', 'sort', 'delay', 'scan', 'toJson', 'parseJson', 'pick', 'throttle', 'enrich', 'decode', 'encode'])

const addsUp = ({ stages, dropped }: Report, whole: boolean): void => {
  for (const s of stages) {
    for (const [what, count] of Object.entries(s)) if (typeof count === 'number') assert.ok(count >= 0, `${what} of ${s.name} is ${count}`)
    if (ONE_FOR_ONE.has(s.kind)) assert.is(s.in, s.out + s.filtered + s.skipped + s.deadLetters + s.failed, `stage ${s.name} (${s.kind})`)
    if (whole && s.kind === 'buffer') assert.is(s.in, s.out + (dropped[s.name] ?? 0), `stage ${s.name}`)
    if (whole && KEEPS_ALL.has(s.kind)) assert.is(s.filtered, 0, `stage ${s.name} loses nothing`)
  }
}

/** Waits until workers have given back what they had of shared memory. */
const slotsBack = async (workers: number): Promise<void> => {
  if (workers === 0) return
  const { arena } = crewOf(workers)
  for (let tries = 0; tries < 600 && arena.available() < SLOTS; tries++) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.is(arena.available(), SLOTS, 'slots of the arena are lost')
}

interface Came {
  readonly seen: number[]
  /** The consumer has left, or what it did has had its effect. */
  interfered: boolean
  letters: number
  report: Report | undefined
  error: PipelineError | undefined
}

/** Runs it with its sink, and interferes when the sink has seen so many items. */
const perform = async ({ source }: Faulty, round: Round, target: string): Promise<Came> => {
  const { sink, what, after, workers, capacity } = round
  const came: Came = { seen: [], interfered: false, letters: 0, report: undefined, error: undefined }
  const controller = new AbortController()
  const begun: { run?: Run<Outputs> } = {}
  let leave: () => void = () => undefined
  const interfere = (): void => {
    if (what === 'nothing' || came.interfered) return
    came.interfered = true
    if (what === 'cancel') begun.run?.cancel(new Error('enough'))
    else if (what === 'abort') controller.abort(new Error('enough'))
    else if (what === 'leave') leave()
    else if (what === 'dispose') void begun.run?.[Symbol.asyncDispose]()
    else if (what === 'kill') { if (workers > 0) crewOf(workers).terminate(after % workers) }
    else {
      begun.run?.drain().catch(() => undefined)
      if (what === 'drain then cancel') setImmediate(() => { begun.run?.cancel(new Error('enough')) })
    }
  }
  const see = (x: number): void => {
    came.seen.push(x)
    if (came.seen.length === after) interfere()
    if (sink === 'throws' && came.seen.length === after + 20) throw new RangeError('the sink has had enough')
  }
  if (sink === 'iterate') {
    const items = source.toObservable({ workers, signal: controller.signal })
    await new Promise<void>((resolve) => {
      const subscription = items.subscribe({ next: see, error: (error: unknown) => { came.error = error as PipelineError; resolve() }, complete: resolve })
      leave = () => { subscription.unsubscribe(); resolve() }
      if (what !== 'leave' && what !== 'abort' && what !== 'kill') came.interfered = true // there is no handle to do it by
      else if (after === 0) interfere()
    })
    return came
  }
  const ends = {
    observe: () => source.observe({ capacity: 64 }),
    slow: () => source.to(forEach(async (x: number) => { see(x); if (came.seen.length % 16 === 0) await new Promise((resolve) => setTimeout(resolve, 1)) })),
    calls: () => source.to(forEach(async (x: number) => { await Promise.resolve(); see(x) }, { concurrency: 5 })),
    array: () => source.to(toArray()),
    file: () => source.pipe(map((x: number) => `${x}`)).to(fs.lines(target)),
    throws: () => source.to(forEach(see))
  }
  const run = (begun.run = pipeline({ out: ends[sink]() }, { capacity }).run({ workers, signal: controller.signal }))
  run.deadLetters.subscribe(() => came.letters++)
  if (sink === 'observe') {
    const subscription = run.outputs['out'].subscribe({ next: (x) => { see(x as number) }, error: () => undefined })
    leave = () => { subscription.unsubscribe() }
  }
  if (after === 0) interfere()
  const timer = sink === 'array' || sink === 'file' ? setTimeout(interfere, after / 20) : undefined // nobody sees how far these have got
  const done = await run.done.then((report) => ({ report, error: undefined }), (error: unknown) => ({ report: undefined, error: error as PipelineError }))
  clearTimeout(timer)
  if (done.report !== undefined && sink === 'array') came.seen.push(...(done.report.results['out'] as readonly number[]))
  if (done.report !== undefined && sink === 'file') came.seen.push(...readFileSync(target, 'utf8').split('\n').filter((line) => line !== '').map(Number))
  return Object.assign(came, done)
}

const agrees = ({ model, ordered, loose, early, jumps }: Faulty, { what, sink }: Round, { seen, interfered, report, error, letters }: Came): void => {
  const whole = error === undefined && (!interfered || what === 'kill' || what === 'nothing')
  if (report !== undefined) {
    addsUp(report, whole && !early)
    assert.is(report.deadLetters, letters, 'every dead letter is delivered before done')
  }
  if (loose) return
  if (sink === 'calls') assert.ok(early || seen.length <= model.length)
  else if (whole) assert.equal(ordered ? seen : sorted(seen), ordered ? model : sorted(model))
  else if (ordered && !jumps) assert.equal(seen, model.slice(0, seen.length))
}

const check = async (round: Round, dir: string, file: string): Promise<void> => {
  const branch = round.links.reduce<Faulty>(linked, sourceOf(round.source, round.size, file))
  const target = join(dir, 'out', 'target.txt')
  const came = await inTime('the run', perform(branch, round, target))
  const { error, interfered } = came
  if (error !== undefined) {
    const stops = interfered && ['cancel', 'abort', 'dispose', 'drain then cancel'].includes(round.what)
    const allowed = [
      ...branch.codes,
      ...(stops || round.what === 'leave' ? ['ERR_MILLRACE_CANCELLED'] : []),
      ...(round.what === 'kill' || branch.codes.includes('ERR_MILLRACE_WORKER_DIED') ? ['ERR_MILLRACE_WORKER_DIED'] : []),
      ...(round.sink === 'throws' ? ['ERR_MILLRACE_SINK_FAILED', 'ERR_MILLRACE_STAGE_FAILED'] : [])
    ]
    assert.ok(allowed.includes(error.code), `failed with ${error.code}, which was not to happen: ${error.stack}`)
  }
  agrees(branch, round, came)
  await slotsBack(round.workers)
  assert.equal(readdirSync(join(dir, 'out')), round.sink === 'file' && came.report !== undefined ? ['target.txt'] : [])
  const temporary = (): readonly string[] => readdirSync(join(dir, 'tmp')).filter((name) => name.startsWith('millrace-'))
  if (round.sink === 'iterate') for (let tries = 0; tries < 600 && temporary().length > 0; tries++) await new Promise((resolve) => setTimeout(resolve, 5)) // nobody waits for one that is left
  assert.equal(temporary(), [], 'temporary files are left')
}

/** Folders for files: of outputs, and for what stages put aside; a file of numbers to read. */
const folders = (defer: Scope['defer']): { readonly dir: string; readonly file: string } => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-spec-'))
  defer(() => { rmSync(dir, { recursive: true, force: true }) })
  for (const name of ['out', 'tmp']) mkdirSync(join(dir, name))
  const cache = `tsx-${process.geteuid?.() ?? 0}` // the loader of workers writes there whenever one starts
  symlinkSync(join(tmpdir(), cache), join(dir, 'tmp', cache))
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = join(dir, 'tmp')
  defer(() => { if (before === undefined) delete process.env['TMPDIR']; else process.env['TMPDIR'] = before })
  const file = join(dir, 'numbers.txt')
  writeFileSync(file, Array.from({ length: 1000 }, (_, i) => `${i}\n`).join(''))
  return { dir, file }
}

const threads = (): number => (process.platform === 'linux' ? readdirSync('/proc/self/task').length : 0)

suite(
  'random faults',
  (it) => {
    it(`every run settles, and leaves nothing (seed ${seed})`, async ({ defer }) => {
      const { dir, file } = folders(defer)
      await fc.assert(
        fc.asyncProperty(roundArb, async (round) => {
          await check(round, dir, file)
          rmSync(join(dir, 'out', 'target.txt'), { force: true })
        }),
        { numRuns: total, seed, endOnFailure: true, includeErrorInReport: true }
      )
      const running = threads()
      await Promise.all([crewOf(1).close(), crewOf(2).close()])
      for (let tries = 0; tries < 400 && threads() > running - 1; tries++) await new Promise((resolve) => setTimeout(resolve, 5))
      assert.ok(threads() < running || running === 0, 'the threads of the pools have ended')
    })
  },
  3_600_000
)

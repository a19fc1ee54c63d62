/**
 * Random chains whose stages throw, under every policy, whose workers die, and which are cancelled or drained in the middle: each
 * run settles; what it answers is the model's, or the beginning of it; what it set aside is what had to be; and when it fails, it
 * fails by something that was in it.
 *
 * `MILLRACE_FAILURES` sets the number (default 600), `MILLRACE_SEED` the seed.
 */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { map, mapAsync, pipeline, range, retry, type Lane, type OnError, type PipelineError, type Report, type Source } from '../../src/index.ts'
import { applyStep, stepArb, type Branch } from '../support/graphs.ts'
import { suite } from '../support/suite.ts'

const total = Number(process.env['MILLRACE_FAILURES'] ?? 600)
const seed = Number(process.env['MILLRACE_SEED'] ?? 20_261_124)
/** Nothing here takes a second by itself; a run that has not settled by then hangs. */
const HANGS_MS = 20_000

type Policy = 'fail' | 'skip' | 'deadLetter' | 'retrySkip' | 'retryDead' | 'retryFail' | 'decideSkip' | 'decideDead' | 'decideFail' | 'stop' | 'retryStop' | 'decideStop'

/** A stage that throws on some items, or that ends the worker it runs in on one of them. */
interface Trouble {
  readonly how: 'sync' | 'async' | 'exit'
  readonly policy: Policy
  readonly every: number
  readonly lane: Lane | undefined
}

const troubleArb: fc.Arbitrary<Trouble> = fc.record({
  how: fc.oneof({ weight: 12, arbitrary: fc.constant('sync' as const) }, { weight: 6, arbitrary: fc.constant('async' as const) }, { weight: 1, arbitrary: fc.constant('exit' as const) }),
  policy: fc.oneof(
    { weight: 1, arbitrary: fc.constant<Policy>('fail') },
    { weight: 3, arbitrary: fc.constantFrom<Policy>('stop', 'retryStop', 'decideStop') },
    { weight: 5, arbitrary: fc.constantFrom<Policy>('skip', 'deadLetter', 'retrySkip', 'retryDead', 'retryFail', 'decideSkip', 'decideDead', 'decideFail') }
  ),
  every: fc.integer({ min: 2, max: 90 }),
  lane: fc.constantFrom<Lane | undefined>(undefined, 'async', 'blocking')
})

const onErrorOf = (policy: Policy): OnError => {
  switch (policy) {
    case 'retrySkip':
      return retry({ times: 1, initialMs: 0, then: 'skip' })
    case 'retryDead':
      return retry({ times: 2, initialMs: 0, jitter: 0, then: 'deadLetter' })
    case 'retryFail':
      return retry({ times: 1, initialMs: 0 })
    case 'retryStop':
      return retry({ times: 2, initialMs: 0, then: 'stop' })
    case 'decideStop':
      return retry({ times: 3, initialMs: 0, decide: (_, attempts) => (attempts === 2 ? 'stop' : 'retry') })
    case 'decideSkip':
      return retry({ times: 3, initialMs: 60_000, decide: (error) => ((error as Error).name === 'RangeError' ? 'skip' : 'retry') })
    case 'decideDead':
      return retry({ times: 3, initialMs: 0, decide: (_, attempts) => (attempts === 2 ? 'deadLetter' : 'retry') })
    case 'decideFail':
      return retry({ times: 3, initialMs: 60_000, then: 'skip', decide: () => 'fail' })
    default:
      return policy
  }
}

/** What a run of the chain may come to. */
interface Fate extends Branch {
  /** Items that have to become dead letters when all of the input is read. */
  readonly letters: number
  readonly skipped: number
  /** An item ends the run for sure, or may if it gets so far. */
  readonly fails: boolean
  readonly dies: boolean
  /** A stage may end the input early: what lies before it need not happen. */
  readonly early: boolean
  /** A stage ends the input at an item that may be any of several: what comes out is some of the model. */
  readonly loose: boolean
}

const troubled = (fate: Fate, { how, policy, every, lane }: Trouble, k: number): Fate => {
  const options = { name: `trouble${k}`, onError: onErrorOf(policy), ...(lane === undefined ? {} : { lane }) }
  const hit = (x: number): boolean => Math.abs(x) % every === 1
  const hits = fate.model.filter(hit)
  if (how === 'exit') {
    const last = fate.model.at(-1)
    const source = fate.source.pipe(
      map((x, { last }) => {
        if (x === last && !process.getBuiltinModule('node:worker_threads').isMainThread) process.exit(3)
        return x
      }, { ...options, lane: 'blocking', env: { last } })
    )
    return { ...fate, source, dies: true }
  }
  const source: Source<number> = how === 'sync'
    ? fate.source.pipe(map((x, { every }) => {
        if (Math.abs(x) % every === 1) throw new RangeError(`bad ${x}`)
        return x
      }, { ...options, env: { every } }))
    : fate.source.pipe(mapAsync(async (x) => {
        if (x % 3 === 0) await Promise.resolve()
        if (Math.abs(x) % every === 1) throw new RangeError(`bad ${x}`)
        return x
      }, { name: options.name, onError: options.onError, concurrency: every }))
  if (policy === 'stop' || policy === 'retryStop' || policy === 'decideStop') {
    // Behind the first that fails nothing has come; where the order is not known, which one that is is not known either.
    if (hits.length === 0) return { ...fate, source }
    return fate.ordered ? { ...fate, source, model: fate.model.slice(0, fate.model.findIndex(hit)), early: true } : { ...fate, source, early: true, loose: true }
  }
  const ends = policy === 'fail' || policy === 'retryFail' || policy === 'decideFail'
  return {
    ...fate,
    source,
    model: fate.model.filter((x) => !hit(x)),
    letters: fate.letters + (policy === 'deadLetter' || policy === 'retryDead' || policy === 'decideDead' ? hits.length : 0),
    skipped: fate.skipped + (policy === 'skip' || policy === 'retrySkip' || policy === 'decideSkip' ? hits.length : 0),
    fails: fate.fails || (ends && hits.length > 0)
  }
}

type Link = Parameters<typeof applyStep>[1] | Trouble

const chainOf = (size: number, links: readonly Link[]): Fate => {
  const start: Fate = {
    source: range(0, size), model: Array.from({ length: size }, (_, i) => i), ordered: true,
    letters: 0, skipped: 0, fails: false, dies: false, early: false, loose: false
  }
  return links.reduce<Fate>((fate, link, k) => {
    if ('how' in link) return troubled(fate, link, k)
    const early = fate.early || link.kind === 'take' || link.kind === 'takeWhile'
    return { ...fate, ...applyStep(fate, link), early }
  }, start)
}

/** Steps that let go, at the end of a drained input, of less than they would have gathered: what comes last is not the model's. */
const GATHERING: ReadonlySet<string> = new Set(['batch', 'window', 'windowWithLate', 'windowOfItems'])

const sorted = (items: readonly number[]): readonly number[] => [...items].sort((a, b) => a - b)

const settled = async (done: Promise<Report>): Promise<Report | PipelineError> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`a run has not settled after ${HANGS_MS} ms`))
    }, HANGS_MS)
  })
  try {
    return await Promise.race([done.catch((error: unknown) => error as PipelineError), late])
  } finally {
    clearTimeout(timer)
  }
}

const addsUp = (report: Report): void => {
  for (const s of report.stages) {
    if (['range', 'deadLetters', 'flatMap', 'batch', 'window'].includes(s.kind) || s.kind.startsWith('aggregateBy')) continue // a source, or several for one, or one for none
    assert.is(s.in, s.out + s.filtered + s.skipped + s.deadLetters + s.failed, `stage ${s.name}`)
  }
}

interface Interference {
  readonly what: 'nothing' | 'cancel' | 'drain'
  readonly after: number
}

const check = async (size: number, links: readonly Link[], workers: number, capacity: number, { what, after }: Interference): Promise<void> => {
  const fate = chainOf(size, links)
  const seen: number[] = []
  const run = pipeline({ out: fate.source.observe() }, { capacity }).run({ workers })
  let letters = 0
  let interfered = false
  run.deadLetters.subscribe(() => letters++)
  run.outputs.out.subscribe({
    next: (x) => {
      seen.push(x)
      if (seen.length !== after || what === 'nothing') return
      interfered = true
      if (what === 'cancel') run.cancel(new Error('enough'))
      else void run.drain().catch(() => undefined)
    },
    error: () => undefined
  })
  const end = await settled(run.done)
  if (end instanceof Error) {
    const allowed = [
      ...(fate.fails ? ['ERR_MILLRACE_STAGE_FAILED'] : []),
      ...(fate.dies && workers > 0 ? ['ERR_MILLRACE_WORKER_DIED'] : []),
      ...(interfered && what === 'cancel' ? ['ERR_MILLRACE_CANCELLED'] : [])
    ]
    assert.ok(allowed.includes(end.code), `failed with ${end.code}, which was not to happen: ${end.message}`)
    if (end.code === 'ERR_MILLRACE_STAGE_FAILED') {
      assert.match(String(end.stage), /^trouble/)
      assert.instance(end.cause, RangeError)
    }
    if (fate.ordered) assert.equal(seen, fate.model.slice(0, seen.length))
    return
  }
  addsUp(end)
  assert.is(end.deadLetters, letters, 'every dead letter is delivered before done')
  if (interfered) {
    const cutShort = what === 'drain' && links.some((link) => 'kind' in link && GATHERING.has(link.kind))
    if (fate.ordered && !cutShort) assert.equal(seen, fate.model.slice(0, seen.length))
    return
  }
  assert.ok(fate.early || !fate.fails, 'an item that fails went by')
  if (fate.loose) return
  if (fate.ordered) assert.equal(seen, fate.model)
  else assert.equal(sorted(seen), sorted(fate.model))
  if (fate.early) return
  assert.is(letters, fate.letters)
  assert.is(end.stages.reduce((sum, s) => (s.kind === 'window' ? sum : sum + s.skipped), 0), fate.skipped) // a window skips what is late
}

suite(
  'random failures',
  (it) => {
    it(`every run settles, and what it answers and sets aside is right (seed ${seed})`, async () => {
      const interference: fc.Arbitrary<Interference> = fc.record({
        what: fc.constantFrom('nothing' as const, 'nothing' as const, 'cancel' as const, 'drain' as const),
        after: fc.integer({ min: 1, max: 300 })
      })
      const size = fc.integer({ min: 0, max: 700 })
      const links: fc.Arbitrary<Link[]> = fc.array(fc.oneof(stepArb, troubleArb), { minLength: 1, maxLength: 5 })
      await fc.assert(
        fc.asyncProperty(size, links, fc.constantFrom(0, 1, 2, 2), fc.integer({ min: 1, max: 300 }), interference, check),
        { numRuns: total, seed, endOnFailure: true, includeErrorInReport: true }
      )
    })
  },
  240_000
)

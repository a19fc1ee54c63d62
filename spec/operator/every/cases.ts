/**
 * The cases that every operator of the table has to stand, as tests: never, empty, one, many, an error upstream, an endless input, an
 * early cancel, a function that throws, and what its policies make of that.
 *
 * Called by spec/operator/every-*.spec.ts, each with another part of the table or another number of workers.
 */
import { isDeepStrictEqual } from 'node:util'
import * as assert from 'uvu/assert'
import { PipelineError, pipeline, take, type DeadLetter, type Report, type Source } from '../../../src/index.ts'
import { sleep } from '../../../src/runtime.ts'
import { withVirtualTime } from '../../../src/testing.ts'
import type { It } from '../../support/suite.ts'
import { BAD, type Entries, type Entry, type Given, type Policy } from './entry.ts'
import { Fed } from './fed.ts'
import { travelling } from './table.ts'

const MANY = Array.from({ length: 5 }, () => [5, 3, 3, 8, 1, 9, 9, 2, 7, 4, 6, 6]).flat()
const WITH_BAD = [...MANY.slice(0, 2), BAD, ...MANY.slice(2)]

interface Came {
  readonly out: readonly unknown[]
  readonly letters: readonly DeadLetter[]
  readonly report: Report | undefined
  readonly error: PipelineError | undefined
  /** Errors that the output was told. */
  readonly told: number
}

interface How {
  /** Cancel at the first item, or, for operators that say nothing before the end, when some input has been read. */
  readonly cancel?: true | undefined
}

const sameBag = (got: readonly unknown[], wanted: readonly unknown[]): boolean => {
  const left = [...wanted]
  return got.length === wanted.length && got.every((item) => {
    const at = left.findIndex((other) => isDeepStrictEqual(other, item))
    if (at >= 0) left.splice(at, 1)
    return at >= 0
  })
}

const agree = ({ compare, model }: Entry, out: readonly unknown[], items: readonly number[]): void => {
  const wanted = model(items)
  if (typeof compare === 'function') compare(out, items)
  else if (compare === 'bag') assert.ok(sameBag(out, wanted), `got ${JSON.stringify(out)}, expected in any order ${JSON.stringify(wanted)}`)
  else assert.equal(out, wanted)
}

const run = async (source: Source<unknown>, workers: number, { cancel }: How = {}, fed?: Fed): Promise<Came> => {
  const running = pipeline({ out: source.observe() }).run({ workers })
  const out: unknown[] = []
  const letters: DeadLetter[] = []
  let told = 0
  running.deadLetters.subscribe({ next: (letter) => letters.push(letter) })
  running.outputs.out.subscribe({
    next: (item) => {
      out.push(item)
      if (cancel === true) running.cancel(new Error('enough'))
    },
    error: () => { told++ }
  })
  let over = false
  const look = async (): Promise<void> => {
    while (!over && fed!.pulls < 3) await sleep(1)
    running.cancel(new Error('enough'))
  }
  if (cancel === true) look().catch(() => undefined) // its clock has gone with the run
  try {
    const report = await running.done
    return { out, letters, report, error: undefined, told }
  } catch (error) {
    await Promise.resolve()
    return { out, letters, report: undefined, error: error as PipelineError, told }
  } finally {
    over = true
  }
}

/** On the caller's loop time is virtual; that of workers is the machine's. */
const timed = <A>(workers: number, body: () => Promise<A>): Promise<A> => (workers === 0 ? withVirtualTime(body) : body())

const STAGE = 'tested'

const declare = (name: string, entry: Entry, fed: Fed, workers: number, onError?: Policy): Source<unknown> => {
  const lane = workers > 0 && travelling.has(name) ? 'blocking' : undefined
  const given: Given = { name: STAGE, ...(lane === undefined ? {} : { lane }), ...(onError === undefined ? {} : { onError }) }
  return entry.make(fed.source, given)
}

/** Everything that was opened is closed. */
const closed = (fed: Fed): void => {
  assert.is(fed.closed, fed.opened, 'the source is closed as often as it was opened')
}

const finite = async (name: string, entry: Entry, workers: number): Promise<void> => {
  for (const items of [[], [1], MANY]) {
    const fed = new Fed(items, 'end')
    const { out, error, told } = await run(declare(name, entry, fed, workers), workers)
    if (error !== undefined) throw error
    agree(entry, out, items)
    assert.is(told, 0)
    closed(fed)
  }
}

const silent = async (name: string, entry: Entry, workers: number): Promise<void> => {
  const fed = new Fed([], 'silence')
  const running = pipeline({ out: declare(name, entry, fed, workers).observe() }).run({ workers })
  running.outputs.out.subscribe({ error: () => undefined })
  const settled = running.done.then(() => undefined, (error: unknown) => error as PipelineError)
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
  running.cancel(new Error('nothing comes'))
  const error = await settled
  // a stage that needs nothing more of its input may have ended before
  if (error !== undefined) assert.is(error.code, 'ERR_MILLRACE_CANCELLED')
  closed(fed)
}

const failing = async (name: string, entry: Entry, workers: number): Promise<void> => {
  const fed = new Fed([1, 2, 3], 'error')
  const { error, told } = await run(declare(name, entry, fed, workers), workers)
  if (error === undefined) throw new Error('the run has succeeded')
  assert.equal([error.code, error.stage, error.cause], ['ERR_MILLRACE_SOURCE_FAILED', 'fed', fed.boom])
  assert.is(told, 1, 'the output is told once')
  closed(fed)
}

const endless = async (name: string, entry: Entry, workers: number): Promise<void> => {
  if (entry.atEnd !== true) {
    const fed = new Fed(MANY, 'endless')
    const { out, error } = await run(declare(name, entry, fed, workers).pipe(take(2)), workers)
    if (error !== undefined) throw error
    assert.is(out.length, 2)
    closed(fed)
  }
  const fed = new Fed(MANY, 'endless')
  const { error } = await run(declare(name, entry, fed, workers), workers, { cancel: true }, fed)
  if (error !== undefined) assert.is(error.code, 'ERR_MILLRACE_CANCELLED', String(error))
  closed(fed)
}

const throwing = async (name: string, entry: Entry, workers: number): Promise<void> => {
  const fed = new Fed(entry.newest === true ? [...MANY, BAD] : WITH_BAD, 'end')
  const { error, told } = await run(declare(name, entry, fed, workers), workers)
  assert.instance(error, PipelineError, 'the run has succeeded')
  assert.is(error!.stage, STAGE, String(error))
  assert.ok(error!.cause instanceof Error, 'it has a cause')
  if (entry.nowhere !== true && !(workers > 1 && entry.partitioned === true)) assert.is(error!.position?.index, WITH_BAD.indexOf(BAD), String(error))
  assert.is(told, 1, 'the output is told once')
  closed(fed)
}

const tolerating = async (name: string, entry: Entry, workers: number, policy: Policy): Promise<void> => {
  const fed = new Fed(WITH_BAD, 'end')
  const { out, error, letters, report } = await run(declare(name, entry, fed, workers, policy), workers)
  if (error !== undefined) throw error
  agree(entry, out, MANY)
  closed(fed)
  const rows = report!.stages.filter((stage) => stage.name === STAGE || stage.name.startsWith(`${STAGE}.`))
  const counted = rows.reduce((sum, row) => sum + row[policy === 'skip' ? 'skipped' : 'deadLetters'], 0)
  assert.is(counted, policy === 'skip' ? 1 : letters.filter(({ stage }) => stage === STAGE).length)
  if (policy === 'skip') return
  const letter = letters.find(({ position }) => (workers > 1 && entry.partitioned === true) || position.index === WITH_BAD.indexOf(BAD))
  assert.is(letter?.stage, STAGE, `letters: ${letters.map(({ stage, position }) => `${stage} ${position.index}`).join(', ')}`)
}

/** Declares the tests of a part of the table: one per operator. */
export const everyOperator = (it: It, entries: Entries, workers: number): void => {
  for (const [name, entry] of Object.entries(entries)) {
    it(`${name}: never, empty, one, many, an error, no end, a cancel${entry.throws === undefined ? '' : ', a function that throws'}`, async () => {
      const cases: Record<string, () => Promise<void>> = {
        'an input that never comes': () => silent(name, entry, workers),
        'none, one and many': () => finite(name, entry, workers),
        'an input that fails': () => failing(name, entry, workers),
        'an input without an end': () => endless(name, entry, workers),
        ...(entry.throws === undefined ? {} : { 'a function that throws': () => throwing(name, entry, workers) }),
        ...Object.fromEntries((entry.throws ?? []).map((policy) => [`a function that throws, ${policy}`, () => tolerating(name, entry, workers, policy)]))
      }
      for (const [what, body] of Object.entries(cases)) {
        await timed(workers, body).catch((error: unknown) => {
          throw new Error(`${name}, ${what}: ${(error as Error).message}`, { cause: error })
        })
      }
    })
  }
}

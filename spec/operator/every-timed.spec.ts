/**
 * Every operator that goes by the time of its items: disorder within its bound makes no difference, and what is late goes where it says,
 * on the caller's loop and on workers. What else they promise is in their own specs.
 */
import { readFileSync, readdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import {
  collect, from, joinAsOf, joinWithin, keyedProcess, map, mapState, merge, pipeline, scanBy, tumbling, window, windowWithLate, type Lane, type Source
} from '../../src/index.ts'
import { suite } from '../support/suite.ts'

interface Case {
  readonly make: (source: Source<number>, lane: Lane | undefined) => Source<unknown>
  /** What it makes of items in order, and of the same in disorder. */
  readonly ordered: readonly number[]
  readonly disordered: readonly number[]
  /** Items of which the last one is too late. */
  readonly late: readonly number[]
  /** What becomes of that one: lost and counted, a dead letter, or something that comes out. */
  readonly then: 'counted' | 'deadLetter' | 'failed' | { readonly out: unknown }
}

const ORDER = [1, 4, 12, 15, 23, 31]
/** Nobody is more than 5 behind. */
const DISORDER = [4, 1, 15, 12, 23, 31]

const keys = [(n: number) => n % 2, (n: number) => n % 2] as const
const at = [(n: number) => n, (n: number) => n] as const

const CASES: Readonly<Record<string, Case>> = {
  window: {
    make: (source, lane) => source.pipe(
      window(tumbling({ sizeMs: 10 }), { name: 'tested', at: (n) => n, outOfOrderMs: 5, aggregate: collect({ max: 100 }), ...(lane === undefined ? {} : { lane }) }),
      map(({ start, value }) => [start, ...[...value].sort((a, b) => a - b)])
    ),
    ordered: ORDER, disordered: DISORDER, late: [1, 31, 2], then: 'counted'
  },
  windowWithLate: {
    make: (source, lane) => {
      const { windows, late } = windowWithLate(source, tumbling({ sizeMs: 10 }), {
        name: 'tested', at: (n) => n, outOfOrderMs: 5, aggregate: collect({ max: 100 }), ...(lane === undefined ? {} : { lane })
      })
      return merge(windows.pipe(map(({ start, value }) => [start, ...[...value].sort((a, b) => a - b)])), late.pipe(map((n) => [n])))
    },
    ordered: ORDER, disordered: DISORDER, late: [1, 31, 2], then: { out: [2] }
  },
  mapState: {
    make: (source, lane) => source.pipe(mapState({
      name: 'tested', key: () => 'one', at: (n) => n, ttlMs: 40, create: () => ({ seen: 0 }), map: (state) => ++state.seen, ...(lane === undefined ? {} : { lane })
    })),
    // time is that of the latest item: one that comes late does not bring an old time back, and finds the state of its key
    ordered: ORDER, disordered: DISORDER, late: [1, 31, 2], then: { out: 3 }
  },
  scanBy: {
    make: (source, lane) => source.pipe(scanBy(() => 'one', (n) => n + 1, 0, { name: 'tested', at: (n) => n, ttlMs: 40, ...(lane === undefined ? {} : { lane }) })),
    ordered: ORDER, disordered: DISORDER, late: [1, 31, 2], then: { out: ['one', 3] }
  },
  keyedProcess: {
    make: (source, lane) => source.pipe(keyedProcess({
      name: 'tested', key: () => 'one', at: (n: number) => n, outOfOrderMs: 5, late: 'deadLetter', maxKeys: 10, create: () => ({ seen: 0 }),
      process: (state, n, on) => { state.seen++; on.setTimer(Math.ceil((n + 1) / 10) * 10) },
      onTimer: (state, timer) => [timer.at, state.seen > 0],
      ...(lane === undefined ? {} : { lane })
    })),
    ordered: ORDER, disordered: DISORDER, late: [1, 31, 2], then: 'deadLetter'
  },
  joinWithin: {
    make: (source) => joinWithin(source, from([2, 3, 14, 24]), { name: 'tested', keys, at, withinMs: 4, outOfOrderMs: 5, late: 'deadLetter' }),
    ordered: ORDER, disordered: DISORDER, late: [1, 31, 2], then: 'deadLetter'
  },
  joinAsOf: {
    make: (source) => joinAsOf(source, from([0, 3, 10, 13]), { name: 'tested', keys, at }),
    // it takes none: an item that is earlier than the one before it fails
    ordered: ORDER, disordered: ORDER, late: [1, 31, 2], then: 'failed'
  }
}

const sorted = (items: readonly unknown[]): readonly string[] => items.map((item) => JSON.stringify(item)).sort()

const here = (path: string): URL => new URL(path, import.meta.url)

/** Operators of docs/operators.md whose file has an option for the time of an item, or that keep state by one. */
const timed = (): readonly string[] => {
  const byFile = new Map(readdirSync(here('../../src/operator')).filter((file) => file.endsWith('.ts')).map((file) => [file, readFileSync(here(`../../src/operator/${file}`), 'utf8')]))
  const goesByTime = (text: string): boolean => /readonly (at\??|outOfOrderMs\??):/.test(text) || /extends KeptOptions|: KeptOptions/.test(text)
  return [...readFileSync(here('../../docs/operators.md'), 'utf8').matchAll(/^\| \[`(\w+)`\]\(\.\.\/src\/operator\/([\w-]+\.ts)\)/gm)]
    .filter(([, , file]) => goesByTime(byFile.get(file!) ?? ''))
    .map(([, name]) => name!)
}

suite('every operator that goes by the time of its items', (it) => {
  it('has an entry here', () => {
    const missing = timed().filter((name) => !Object.hasOwn(CASES, name))
    assert.ok(timed().length >= 6, 'the names are found')
    assert.equal(missing, [], `add to CASES in spec/operator/every-timed.spec.ts (disorder within the bound, and a late item): ${missing.join(', ')}`)
  })

  for (const [name, { make, ordered, disordered, late, then }] of Object.entries(CASES)) {
    for (const [workers, lane] of [[0, undefined], [2, 'blocking']] as const) {
      it(`${name}, workers ${workers}: disorder within the bound, and a late item`, async () => {
        const out = async (items: readonly number[]): Promise<readonly unknown[]> => make(from(items), lane).toArray({ workers })
        assert.equal(sorted(await out(disordered)), sorted(await out(ordered)))

        const before = sorted(await out(late.slice(0, -1)))
        const run = pipeline({ out: make(from(late), lane).observe() }).run({ workers })
        const came: unknown[] = []
        const letters: unknown[] = []
        run.outputs.out.subscribe({ next: (item) => came.push(item), error: () => undefined })
        run.deadLetters.subscribe(({ item, stage }) => letters.push([stage, item]))
        if (then === 'failed') {
          const error = await run.done.then(() => undefined, (reason: unknown) => reason as { readonly stage: string })
          assert.is(error?.stage, 'tested')
          return
        }
        const report = await run.done
        if (typeof then === 'object') assert.equal(sorted(came), [...before, JSON.stringify(then.out)].sort())
        else assert.equal(sorted(came), before)
        assert.equal(letters, then === 'deadLetter' ? [['tested', 2]] : [])
        if (then !== 'counted') return
        assert.is(report.stages.find((stage) => stage.name === 'tested')?.skipped, 1, 'and it is counted')
      })
    }
  }
})

import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Afterwards } from '../../src/graph/options.ts'
import { map } from '../../src/operator/map.ts'
import { mapAsync } from '../../src/operator/map-async.ts'
import { retry } from '../../src/operator/retry.ts'
import { runGraph } from '../support/run-kernel.ts'
import { runOne } from '../support/run-process.ts'
import { suite } from '../support/suite.ts'
import { jumping } from '../support/timed.ts'
import { verifyOperator, verifyRefusals } from '../support/verify-operator.ts'

type Word = 'retry' | Afterwards

class Failure extends Error {
  readonly word: Word
  constructor(word: Word) {
    super(word)
    this.word = word
  }
}

/** What each try of an item fails with; it succeeds after them. */
type Story = readonly Word[]

/** The item's end by the rule: the policy, with the tries made, or `undefined` when it succeeds. */
const endOf = (story: Story, times: number, then: Afterwards): readonly [Afterwards, number] | undefined => {
  for (const [k, word] of story.entries()) {
    if (word !== 'retry') return [word, k + 1]
    if (k === times) return [then, k + 1]
  }
  return undefined
}

const word = fc.oneof({ weight: 3, arbitrary: fc.constant<Word>('retry') }, { weight: 1, arbitrary: fc.constantFrom<Word>('skip', 'deadLetter') })

/** A function that goes by the stories: each call is the next try of its item. */
const telling = (stories: readonly Story[]) => {
  const calls = stories.map(() => 0)
  const asked: (readonly [Word, number])[] = []
  const fn = (k: number): number => {
    const story = stories[k]!
    const at = calls[k]!
    calls[k] = at + 1
    if (at < story.length) throw new Failure(story[at]!)
    return k
  }
  const decide = (error: unknown, attempts: number): Word => {
    asked.push([(error as Failure).word, attempts])
    return (error as Failure).word
  }
  return { fn, decide, calls, asked }
}

suite('retry', (it) => {
  it('is plain data with defaults', () => {
    assert.equal(retry({ times: 3 }), { policy: 'retry', times: 3, initialMs: 100, factor: 2, maxMs: 30_000, jitter: 0.5, then: 'fail' })
    assert.equal(structuredClone(retry({ times: 1, jitter: 0, then: 'skip' })), retry({ times: 1, jitter: 0, then: 'skip' }))
  })

  it('decide is asked after every failure, and its word is what happens: on the loops and in calls that wait, by the rule', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(word, { maxLength: 4 }), { maxLength: 6 }), fc.integer({ min: 1, max: 3 }), fc.constantFrom('skip' as const, 'deadLetter' as const), fc.boolean(),
        async (stories, times, then, ordered) => {
          const items = stories.map((_, k) => k)
          const ends = stories.map((story) => endOf(story, times, then))
          const good = items.filter((k) => ends[k] === undefined)
          const dead = items.filter((k) => ends[k]?.[0] === 'deadLetter')
          const skipped = items.filter((k) => ends[k]?.[0] === 'skip').length
          const tries = items.map((k) => ends[k]?.[1] ?? stories[k]!.length + 1)

          const sync = telling(stories)
          const kernel = await runGraph<number>((source) => [source.pipe(map(sync.fn, { onError: retry({ times, initialMs: 0, then, decide: sync.decide }) }))], [items])
          assert.equal([kernel.outs[0], kernel.letters.map((l) => l.item), kernel.skipped.length, sync.calls], [good, dead, skipped, tries])

          const wait = telling(stories)
          const calls = await jumping(() => runOne(mapAsync((k: number) => Promise.resolve(k).then(wait.fn), { ordered, onError: retry({ times, initialMs: 50, then, decide: wait.decide }) }), [items]))
          assert.is(calls.error, undefined)
          assert.equal(new Set(calls.out), new Set(good))
          assert.equal([...calls.letters].sort((a, b) => a.index - b.index).map((l) => [l.item, l.attempts]), dead.map((k) => [k, ends[k]![1]]))
          assert.equal([calls.skipped, wait.calls], [skipped, tries])
          assert.is(wait.asked.length, sync.asked.length)
        }
      ),
      { seed: 7, numRuns: 150 }
    )
  })

  it("'fail' ends the run at once; without tries left 'retry' is what `then` says", async () => {
    const bad = (): never => { throw new Failure('fail') }
    const onError = retry({ times: 5, initialMs: 60_000, then: 'skip', decide: (error) => (error as Failure).word })
    const kernel = await verifyOperator(() => map(bad, { onError }), [1, 2])
    assert.equal([kernel.failure?.index, kernel.waits], [0, []])
    const waiting = await runOne(mapAsync(bad, { onError }), [[1, 2]])
    assert.is((waiting.error as { code?: unknown }).code, 'ERR_MILLRACE_STAGE_FAILED')
  })

  it('what decide throws, and an answer that is no word, end the run as the cause', async () => {
    const bad = (): never => { throw new Error('the item') }
    for (const [decide, name] of [[(): never => { throw new RangeError('oops') }, 'RangeError'], [() => true as never, 'TypeError'], [(() => Promise.resolve('retry')) as never, 'TypeError']] as const) {
      const onError = retry({ times: 5, initialMs: 60_000, then: 'skip', decide })
      const kernel = await verifyOperator(() => map(bad, { onError }), [1])
      assert.is((kernel.failure?.cause as Error).name, name)
      const { error } = await runOne(mapAsync(bad, { onError }), [[1]])
      assert.is(((error as Error).cause as Error).name, name)
    }
  })

  it('refuses what makes no sense', () => {
    verifyRefusals('retry', [
      () => retry({} as never),
      () => retry({ times: 0 }),
      () => retry({ times: 1.5 }),
      () => retry({ times: 1, initialMs: -1 }),
      () => retry({ times: 1, factor: 0.5 }),
      () => retry({ times: 1, maxMs: Infinity }),
      () => retry({ times: 1, jitter: 2 }),
      () => retry({ times: 1, jitter: '1' as never }),
      () => retry({ times: 1, then: 'retry' as never }),
      () => retry({ times: 1, decide: 'skip' as never })
    ])
  })
})

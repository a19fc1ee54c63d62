/** A process that may not make code of strings: the same answers, on the pool and on the loop, inline functions included. */
import * as assert from 'uvu/assert'
import { startNode } from '../support/child.ts'
import { suite } from '../support/suite.ts'

const PROGRAM = 'spec/support/fixtures/evaluated-work.ts'

interface Said {
  readonly generates: boolean
  readonly took: number
  readonly deadLetters: number
  readonly results: Readonly<Record<string, readonly unknown[]>>
}

const outcome = async (flags: readonly string[]): Promise<readonly Said[]> => {
  const { code, stdout, stderr } = await startNode([...flags, PROGRAM]).ended
  assert.is(code, 0, stderr)
  return stdout.trim().split('\n').map((line) => JSON.parse(line) as Said)
}

suite('without code generation', (it) => {
  it('a pipeline of loops, decoders, inline functions and CSV gives what it gives elsewhere', async () => {
    const [free, strict] = await Promise.all([outcome([]), outcome(['--disallow-code-generation-from-strings'])])
    assert.equal([...free, ...strict].map(({ generates, took }) => [generates, took]), [[true, 2], [true, 0], [false, 2], [false, 0]])
    const [first] = free
    for (const { results, deadLetters } of [...free, ...strict]) {
      assert.equal(results, first!.results)
      assert.is(deadLetters, 16)
    }
    assert.equal(Object.entries(first!.results).map(([name, items]) => [name, items.length]), [['some', 700], ['sums', 80], ['counts', 1], ['tried', 10], ['rows', 10]])
  })
}, 30_000)

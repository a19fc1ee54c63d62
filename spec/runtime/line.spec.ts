/** The list that jobs and tasks wait in. */
import * as assert from 'uvu/assert'
import { Line, type Linked } from '../../src/runtime/line.ts'
import { suite } from '../support/suite.ts'

interface One extends Linked<One> {
  readonly n: number
}

const one = (n: number): One => ({ n, ahead: undefined, behind: undefined })
const numbers = (line: Line<One>): number[] => line.all().map(({ n }) => n)

suite('line', (it) => {
  it('keeps the order in which they came, whoever leaves: the first, the last, one between, and those who come back', () => {
    const line = new Line<One>()
    assert.equal([line.first, line.size, numbers(line)], [undefined, 0, []])
    const all = [0, 1, 2, 3, 4].map(one)
    for (const each of all) line.push(each)
    line.remove(all[2]!)
    line.remove(all[0]!)
    line.remove(all[4]!)
    assert.equal([line.first?.n, line.size, numbers(line)], [1, 2, [1, 3]])
    line.push(all[0]!)
    assert.equal(numbers(line), [1, 3, 0])
    for (const each of line.all()) line.remove(each)
    assert.equal([line.first, line.size], [undefined, 0])
    for (const { ahead, behind } of all) assert.equal([ahead, behind], [undefined, undefined])
  })
})

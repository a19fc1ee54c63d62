/** Edges of a run: bounded by weight, told of ends and cuts, and every batch that goes in is released once or pulled once. */
import * as assert from 'uvu/assert'
import type { Batch } from '../../src/exec/batch.ts'
import { Edge } from '../../src/exec/edge.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { observe, turn, waits } from '../support/settling.ts'
import { suite } from '../support/suite.ts'

interface Counted extends Batch {
  released: number
}

const batchOf = (count: number, weight = count): Counted => ({
  count,
  weight,
  text: false,
  released: 0,
  items: () => [],
  bytes: () => new Uint8Array(0),
  takeSlot: () => -1,
  retain: () => undefined,
  release() {
    this.released++
  }
})

suite('an edge', (it) => {
  it('lets batches through in order, up to its capacity in weight, and one that is heavier when it is empty', async () => {
    const edge = new Edge(10)
    const [light, heavy, last] = [batchOf(6), batchOf(500), batchOf(1)]
    assert.is(await edge.push(light), true)
    const pushes = [edge.push(heavy), edge.push(last)]
    assert.ok(await waits(Promise.race(pushes)))
    assert.is(edge.pushing, 2)
    assert.is(await edge.pull(), light)
    assert.is(await edge.pull(), heavy)
    assert.is(await edge.pull(), last)
    assert.equal(await Promise.all(pushes), [true, true])
    assert.equal([edge.pushing, edge.pulling, edge.moved, edge.itemsIn, edge.itemsOut], [0, 0, 6, 507, 507])
    assert.equal([light.released, heavy.released, last.released], [0, 0, 0])
  })

  it('tells the reader of the end when what was pushed has been pulled', async () => {
    const edge = new Edge(10)
    const batch = batchOf(1)
    assert.is(edge.tryPull(), undefined)
    await edge.push(batch)
    edge.end()
    assert.is(edge.tryPull(), batch)
    assert.is(edge.tryPull(), undefined)
    assert.is(await edge.pull(), undefined)
    const waiting = new Edge(1)
    const pull = waiting.pull()
    assert.is(waiting.pulling, 1)
    waiting.end()
    assert.is(await pull, undefined)
    assert.is(waiting.pulling, 0)
  })

  it('that its reader leaves releases what is buffered, what waits and what comes later, each once', async () => {
    const edge = new Edge(1)
    const batches = [batchOf(1), batchOf(1), batchOf(1), batchOf(1)] as const
    let told = 0
    edge.onLeave(() => told++)
    await edge.push(batches[0])
    const waiting = [edge.push(batches[1]), edge.push(batches[2])]
    edge.leave()
    edge.leave()
    assert.equal(await Promise.all(waiting), [false, false])
    assert.is(await edge.push(batches[3]), false)
    assert.equal(batches.map(({ released }) => released), [1, 1, 1, 1])
    assert.is(await edge.pull(), undefined)
    edge.onLeave(() => told++)
    assert.is(told, 2)
    assert.is(edge.left, true)
  })

  it('that is cut wakes both ends with the reason, and releases every batch that was not pulled, each once', async () => {
    const reason = new Error('the run has failed')
    const full = new Edge(1)
    const batches = [batchOf(1), batchOf(1), batchOf(1)] as const
    await full.push(batches[0])
    const push = full.push(batches[1])
    full.cut(reason)
    full.cut(new Error('later'))
    assert.is(await rejection(push), reason)
    assert.is(await rejection(full.push(batches[2])), reason)
    assert.is(await rejection(full.pull()), reason)
    assert.is(thrown(() => full.tryPull()), reason)
    assert.equal(batches.map(({ released }) => released), [1, 1, 1])

    const empty = new Edge(1)
    const pull = rejection(empty.pull())
    empty.cut(reason)
    assert.is(await pull, reason)
  })

  it('that is cut while a batch is on its way to the reader releases it', async () => {
    const reason = new Error('the run has failed')
    const edge = new Edge(1)
    const batch = batchOf(1)
    const pull = observe(edge.pull())
    void edge.push(batch).catch(() => undefined)
    edge.cut(reason)
    await turn()
    assert.equal(pull.fate(), { is: 'reason', reason })
    assert.is(batch.released, 1)
  })
})

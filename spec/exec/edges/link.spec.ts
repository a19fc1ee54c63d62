/** Channels of a run: bounded by weight, told of ends and cuts, and every batch that goes in is released once by each reader or pulled by it. */
import * as assert from 'uvu/assert'
import * as fc from 'fast-check'
import type { Batch } from '../../../src/exec/edges/batch.ts'
import { Link } from '../../../src/exec/edges/link.ts'
import { rejection, thrown } from '../../support/attempt.ts'
import { seed } from '../../support/seed.ts'
import { observe, turn, waits } from '../../support/settling.ts'
import { suite } from '../../support/suite.ts'

/** A batch that counts who holds it: one reader to begin with, as batch.ts has it. */
interface Counted extends Batch {
  held: number
}

const batchOf = (count: number, weight = count): Counted => ({
  count,
  weight,
  text: false,
  held: 1,
  items: () => [],
  input: () => [],
  owned: () => [],
  bytes: () => new Uint8Array(0),
  takeSlot: () => -1,
  retain() {
    this.held++
  },
  release() {
    this.held--
  }
})

const one = (capacity: number) => {
  const link = new Link(1, capacity)
  return { link, edge: link.edges[0]! }
}

suite('a link with one reader', (it) => {
  it('lets batches through in order, up to its capacity in weight, and one that is heavier when it is empty', async () => {
    const { link, edge } = one(10)
    const [light, heavy, last] = [batchOf(6), batchOf(500), batchOf(1)]
    assert.is(await link.push(light), true)
    const pushes = [link.push(heavy), link.push(last)]
    assert.ok(await waits(Promise.race(pushes)))
    assert.equal([link.pushing, edge.full], [2, true])
    assert.is(await edge.pull(), light)
    assert.is(await edge.pull(), heavy)
    assert.is(await edge.pull(), last)
    assert.equal(await Promise.all(pushes), [true, true])
    assert.equal([link.pushing, edge.full, edge.pulling, edge.moved, edge.itemsIn, edge.itemsOut], [0, false, 0, 6, 507, 507])
    assert.equal([light.held, heavy.held, last.held], [1, 1, 1])
  })

  it('tells the reader of the end when what was pushed has been pulled', async () => {
    const { link, edge } = one(10)
    const batch = batchOf(1)
    assert.is(edge.tryPull(), undefined)
    await link.push(batch)
    link.end()
    assert.is(edge.tryPull(), batch)
    assert.is(edge.tryPull(), undefined)
    assert.is(await edge.pull(), undefined)
    const waiting = one(1)
    const pull = waiting.edge.pull()
    assert.is(waiting.edge.pulling, 1)
    waiting.link.end()
    assert.is(await pull, undefined)
    assert.is(waiting.edge.pulling, 0)
  })

  it('that is cut while a batch is on its way to the reader releases it', async () => {
    const reason = new Error('the run has failed')
    const { link, edge } = one(1)
    const batch = batchOf(1)
    const pull = observe(edge.pull())
    void link.push(batch).catch(() => undefined)
    edge.cut(reason)
    await turn()
    assert.equal(pull.fate(), { is: 'reason', reason })
    assert.is(batch.held, 0)
  })
})

for (const readers of [1, 2, 3]) {
  suite(`a link with ${readers} reader(s)`, (it) => {
    it('whose readers leave releases what is buffered, what waits and what comes later, once for each', async () => {
      const link = new Link(readers, 1)
      const batches = [batchOf(1), batchOf(1), batchOf(1), batchOf(1)] as const
      let told = 0
      for (const edge of link.edges) edge.onLeave(() => told++)
      await link.push(batches[0])
      const waiting = [link.push(batches[1]), link.push(batches[2])]
      for (const edge of link.edges) {
        edge.leave()
        edge.leave()
      }
      assert.equal(await Promise.all(waiting), [false, false])
      assert.is(await link.push(batches[3]), false)
      assert.equal(batches.map(({ held }) => held), [0, 0, 0, 0])
      for (const edge of link.edges) assert.is(await edge.pull(), undefined)
      link.edges[0]!.onLeave(() => told++)
      assert.is(told, readers + 1)
      assert.is(link.left, true)
    })

    it('that is cut wakes all ends with the reason, and releases every batch that was not pulled, once for each', async () => {
      const reason = new Error('the run has failed')
      const full = new Link(readers, 1)
      const batches = [batchOf(1), batchOf(1), batchOf(1)] as const
      await full.push(batches[0])
      const push = full.push(batches[1])
      for (const edge of full.edges) {
        edge.cut(reason)
        edge.cut(new Error('later'))
      }
      assert.is(await rejection(push), reason)
      assert.is(await rejection(full.push(batches[2])), reason)
      for (const edge of full.edges) {
        assert.is(await rejection(edge.pull()), reason)
        assert.is(thrown(() => edge.tryPull()), reason)
      }
      assert.equal(batches.map(({ held }) => held), [0, 0, 0])

      const empty = new Link(readers, 1)
      const pulls = empty.edges.map((edge) => rejection(edge.pull()))
      for (const edge of empty.edges) edge.cut(reason)
      assert.equal(await Promise.all(pulls), empty.edges.map(() => reason))
    })
  })
}

suite('a link with several readers', (it) => {
  it('waits for the slowest, and says which one that is', async () => {
    const link = new Link(2, 10)
    const [fast, slow] = [link.edges[0]!, link.edges[1]!]
    const batches = [batchOf(6), batchOf(4), batchOf(3)] as const
    await link.push(batches[0])
    await link.push(batches[1])
    const push = link.push(batches[2])
    assert.is(await fast.pull(), batches[0])
    assert.is(await fast.pull(), batches[1])
    assert.ok(await waits(push))
    assert.equal([fast.full, slow.full], [false, true])
    assert.is(await slow.pull(), batches[0])
    assert.is(await push, true)
    assert.equal([fast.itemsIn, slow.itemsIn, fast.itemsOut, slow.itemsOut], [13, 13, 10, 6])
    assert.is(fast.tryPull(), batches[2])
  })

  it('goes on for the others when one leaves, also when a push waits for it', async () => {
    const link = new Link(2, 1)
    const [stays, leaves] = [link.edges[0]!, link.edges[1]!]
    const batches = [batchOf(1), batchOf(1), batchOf(1)] as const
    await link.push(batches[0])
    assert.is(await stays.pull(), batches[0])
    const push = link.push(batches[1])
    assert.ok(await waits(push))
    leaves.leave()
    assert.is(await push, true)
    assert.is(await stays.pull(), batches[1])
    assert.is(await link.push(batches[2]), true)
    assert.is(await stays.pull(), batches[2])
    assert.equal(batches.map(({ held }) => held), [1, 1, 1]) // each is held by the reader that stays
    assert.is(leaves.itemsIn, 1)
  })

  it('gives each reader everything in order until it leaves, and every batch is let go by all who held it', async () => {
    const moves = fc.array(fc.record({ move: fc.constantFrom('push', 'pull', 'pull', 'pull', 'leave'), at: fc.nat(2), weight: fc.integer({ min: 1, max: 6 }) }), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(moves, fc.integer({ min: 1, max: 3 }), async (all, readers) => {
        const link = new Link(readers, 5)
        const pushed: Counted[] = []
        const seen = link.edges.map((): Batch[] => [])
        const pushes: Promise<boolean>[] = []
        for (const { move, at, weight } of all) {
          const edge = link.edges[at % readers]!
          if (move === 'push') {
            const batch = batchOf(pushed.length, weight)
            pushed.push(batch)
            pushes.push(link.push(batch))
          } else if (move === 'pull') {
            const batch = edge.tryPull()
            if (batch !== undefined) {
              seen[at % readers]!.push(batch)
              batch.release()
            }
          } else if (weight === 6) edge.leave()
          if (weight === 1) await turn()
        }
        link.end()
        for (let moved = true; moved; ) {
          moved = false
          for (const [i, edge] of link.edges.entries()) {
            const batch = edge.tryPull()
            if (batch === undefined) continue
            moved = true
            seen[i]!.push(batch)
            batch.release()
          }
        }
        await Promise.all(pushes)
        for (const [i, edge] of link.edges.entries()) {
          assert.equal(seen[i]!.map(({ count }) => count), pushed.slice(0, seen[i]!.length).map(({ count }) => count))
          if (!edge.left) assert.is(seen[i]!.length, pushed.length)
        }
        assert.equal(pushed.map(({ held }) => held), pushed.map(() => 0))
      }),
      { seed, numRuns: 500 }
    )
  })
})

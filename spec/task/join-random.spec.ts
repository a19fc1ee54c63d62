/**
 * Random programs over JoinSet, JoinMap and JoinQueue agree with a naive model: each task is joined once, in the order of the
 * kind, calls are served in their order, a replaced task is never joined, and a call that was given up took nothing.
 */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { oneshot, type OneshotSender } from '../../src/channel/oneshot.ts'
import { Closed, Empty } from '../../src/sync/outcome.ts'
import type { AbortHandle } from '../../src/task/abort-handle.ts'
import { JoinMap } from '../../src/task/join-map.ts'
import { JoinQueue } from '../../src/task/join-queue.ts'
import { JoinSet } from '../../src/task/join-set.ts'
import { spawnTask } from '../../src/task/spawn-task.ts'
import type { Spawner } from '../../src/task/spawner.ts'
import type { Joined } from '../../src/task/task-cell.ts'
import { seed } from '../support/seed.ts'
import { turn } from '../support/settling.ts'
import { suite } from '../support/suite.ts'

type Kind = 'set' | 'map' | 'queue'

interface ModelTask {
  readonly number: number
  readonly key: number
  outcome: string | undefined
}

interface ModelCall {
  outcome: string | undefined
}

/** What should happen, in the plainest words. */
class Model {
  readonly kind: Kind
  /** Not joined yet, in the order of spawn. */
  tasks: ModelTask[] = []
  /** Of `tasks`, those that have ended, in the order in which they did. */
  ended: ModelTask[] = []
  readonly calls: ModelCall[] = []

  constructor(kind: Kind) {
    this.kind = kind
  }

  spawn(number: number, key: number): void {
    if (this.kind === 'map') this.#remove((task) => task.key === key)
    this.tasks.push({ number, key, outcome: undefined })
    this.serve()
  }

  end(matches: (task: ModelTask) => boolean, outcome: string): void {
    for (const task of this.tasks.filter((one) => one.outcome === undefined && matches(one))) {
      task.outcome = outcome
      this.ended.push(task)
    }
    this.serve()
  }

  #remove(matches: (task: ModelTask) => boolean): void {
    this.ended = this.ended.filter((task) => !matches(task))
    this.tasks = this.tasks.filter((task) => !matches(task))
  }

  take(): string {
    const next = this.kind === 'queue' ? this.tasks.find((_, i) => i === 0 && this.tasks[0]!.outcome !== undefined) : this.ended[0]
    if (next === undefined) return 'Empty'
    this.#remove((task) => task === next)
    return `${next.number} ${next.outcome!}`
  }

  call(): void {
    this.calls.push({ outcome: undefined })
    this.serve()
  }

  giveUp(call: ModelCall): void {
    call.outcome ??= 'given up'
  }

  detachAll(): void {
    this.#remove(() => true)
    this.serve()
  }

  serve(): void {
    for (const call of this.calls) {
      if (call.outcome !== undefined) continue
      const next = this.take()
      if (next === 'Empty' && this.tasks.length > 0) return
      call.outcome = next
    }
  }
}

type Op =
  | { readonly op: 'spawn'; readonly key: number }
  | { readonly op: 'end' | 'fail' | 'abort' | 'giveUp'; readonly n: number }
  | { readonly op: 'joinNext' | 'tryJoinNext' | 'abortAll' | 'detachAll' }

const key = fc.nat(3)
const n = fc.nat(20)
const opArb: fc.Arbitrary<Op> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant('spawn' as const), key }) },
  { weight: 6, arbitrary: fc.record({ op: fc.constantFrom('end' as const, 'fail' as const, 'abort' as const), n }) },
  { weight: 5, arbitrary: fc.record({ op: fc.constantFrom('joinNext' as const, 'tryJoinNext' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('giveUp' as const), n }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('abortAll' as const, 'detachAll' as const) }) }
)

const run = async (kind: Kind, ops: readonly Op[]): Promise<void> => {
  const model = new Model(kind)
  const spawner: Spawner = { spawn: (fn, options) => spawnTask(fn, { ...options, onUnhandled: () => undefined }) }
  const set = new JoinSet<number>({ spawner })
  const map = new JoinMap<number, number>({ spawner })
  const queue = new JoinQueue<number>({ spawner })
  const group = { set, map, queue }[kind]
  const ends: OneshotSender<number | Error>[] = []
  const handles: AbortHandle[] = []
  const numbers = new Map<number, number>()
  const calls: { readonly controller: AbortController; outcome: string | undefined }[] = []
  const show = (joined: Joined<number> | Empty): string => {
    if (joined === Empty) return 'Empty'
    return `${numbers.get(joined.id)!} ${joined.status === 'fulfilled' ? 'done' : joined.reason.kind}`
  }
  for (const op of ops) {
    switch (op.op) {
      case 'spawn': {
        const number = handles.length
        const { sender, receiver } = oneshot<number | Error>()
        const body = async (): Promise<number> => {
          const got = await receiver.recv()
          if (got instanceof Error) throw got
          return got === Closed ? -1 : got
        }
        ends.push(sender)
        const handle = kind === 'map' ? map.spawn(op.key, body) : kind === 'set' ? set.spawn(body) : queue.spawn(body)
        handles.push(handle)
        numbers.set(handle.id, number)
        model.spawn(number, op.key)
        break
      }
      case 'end':
      case 'fail':
      case 'abort': {
        if (handles.length === 0) break
        const number = op.n % handles.length
        if (op.op === 'abort') handles[number]!.abort()
        else ends[number]!.send(op.op === 'end' ? number : new Error('as told'))
        model.end((task) => task.number === number, { end: 'done', fail: 'failed', abort: 'cancelled' }[op.op])
        break
      }
      case 'joinNext': {
        const controller = new AbortController()
        const call: (typeof calls)[number] = { controller, outcome: undefined }
        calls.push(call)
        group.joinNext({ signal: controller.signal }).then(
          (joined) => {
            call.outcome = show(joined)
          },
          () => {
            call.outcome = 'given up'
          }
        )
        model.call()
        break
      }
      case 'tryJoinNext':
        assert.is(show(group.tryJoinNext()), model.take())
        model.serve()
        break
      case 'giveUp':
        if (calls.length === 0) break
        calls[op.n % calls.length]!.controller.abort()
        model.giveUp(model.calls[op.n % calls.length]!)
        break
      case 'abortAll':
        group.abortAll()
        model.end(() => true, 'cancelled')
        break
      case 'detachAll':
        group.detachAll()
        model.detachAll()
        break
    }
    await turn()
    assert.is(group.len, model.tasks.length)
    assert.equal(calls.map(({ outcome }) => outcome), model.calls.map(({ outcome }) => outcome))
  }
  // nothing is left over: every task that is in the group can be joined, and every call ends
  group.abortAll()
  model.end(() => true, 'cancelled')
  await turn()
  while (model.tasks.length > 0) assert.is(show(group.tryJoinNext()), model.take())
  assert.is(group.len, 0)
  for (const handle of handles) handle.abort()
  await turn()
}

suite('join-random', (it) => {
  for (const kind of ['set', 'map', 'queue'] as const) {
    it(`237, 238, 240, 241, 245, 246, 248, 249: random programs of a ${kind} agree with the model`, async () => {
      await fc.assert(fc.asyncProperty(fc.array(opArb, { maxLength: 60 }), (ops) => run(kind, ops)), { seed, numRuns: 150 })
    })
  }
}, 20_000)

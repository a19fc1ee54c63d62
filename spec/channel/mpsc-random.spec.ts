/**
 * Random programs over an mpsc channel agree with the naive model of spec/support/mpsc-model.ts: first in, first out, bounded,
 * nothing lost, nothing doubled, waits served in the order of the calls, and a wait that was given up as if it had not been. The same
 * programs run over a channel in the memory of one thread, over one of shared memory, and over one that changes in the middle.
 */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { Closed, ClosedError, Empty, Full, mpsc, type Permit, type Receiver, type WeakSender } from '../../src/sync.ts'
import { Model, partOf, programArb, type Op } from '../support/mpsc-model.ts'
import { seed } from '../support/seed.ts'
import { turn } from '../support/settling.ts'
import { suite } from '../support/suite.ts'
import { travelled } from '../support/travelled.ts'

interface Item {
  readonly id: number
  readonly weight: number
}

/** A call of the real channel: how to give it up, and what has become of it. */
interface Call {
  readonly controller: AbortController
  outcome: string | undefined
}

class Program {
  readonly model: Model
  readonly #channel
  readonly #senders
  readonly #weak: WeakSender<Item>[] = []
  #receiver: Receiver<Item>
  readonly #permits: { readonly id: number; readonly permit: Permit<Item> }[] = []
  readonly #calls: Call[] = []
  /** The model's numbers of the calls that may wait. */
  readonly #mayWait: number[] = []

  constructor(capacity: number) {
    this.model = new Model(capacity)
    this.#channel = mpsc<Item>({ capacity, weigh: (item) => item.weight })
    this.#senders = [this.#channel.sender]
    this.#receiver = this.#channel.receiver
  }

  /** Sends the receiver away, and gets it back: from then on the channel is one of shared memory. */
  share(): void {
    if (this.model.receiving.length > 0) return // it would stay
    this.#receiver = travelled(this.#receiver)
  }

  #call(start: (signal: AbortSignal) => Promise<string>): number {
    const controller = new AbortController()
    const call: Call = { controller, outcome: undefined }
    const id = this.#calls.push(call) - 1
    this.#mayWait.push(id)
    start(controller.signal).then(
      (outcome) => {
        call.outcome = outcome
      },
      (reason: unknown) => {
        call.outcome = reason instanceof ClosedError ? `refused ${String((reason.value as Item | undefined)?.id)}` : String(reason)
      }
    )
    return id
  }

  /** Does one step in both worlds; `n` picks among what there is. */
  async step(step: Op, n: number): Promise<void> {
    const { model } = this
    const receiver = this.#receiver
    switch (step.op) {
      case 'turn':
        await turn()
        break
      case 'share':
        this.share()
        break
      case 'reserveMany': {
        const at = step.sender % this.#senders.length
        const wanted = Math.min(step.n, model.capacity)
        const id = this.#call((signal) =>
          this.#senders[at]!.reserveMany(wanted, { signal }).then((permits) => {
            permits.forEach((permit, k) => this.#permits.push({ id: partOf(id, k), permit }))
            return `${permits.length} permits`
          })
        )
        if (!model.senders[at]! || model.closed) model.outcomes.set(id, 'refused undefined')
        else if (wanted === 0) model.outcomes.set(id, '0 permits')
        else model.sending.push({ id, weight: wanted, kind: 'reserveMany' })
        model.run()
        await turn() // so that the permits are at hand
        break
      }
      case 'tryReserveMany': {
        const at = step.sender % this.#senders.length
        const got = this.#senders[at]!.tryReserveMany(step.n)
        const expected = !model.senders[at]! || model.closed ? Closed : model.free < step.n ? Full : undefined
        if (typeof got === 'symbol') assert.is(got, expected)
        else {
          assert.is(expected, undefined)
          assert.is(got.length, step.n)
          got.forEach((permit, k) => {
            model.permits.set(-partOf(n, k), 1)
            this.#permits.push({ id: -partOf(n, k), permit })
          })
        }
        break
      }
      case 'recvMany': {
        if (model.items.length === 0 || model.receiving.length > 0) break // it would wait
        const items = await receiver.recvMany(step.limit)
        assert.equal(items.map(({ id }) => id), model.take(step.limit))
        break
      }
      case 'downgrade': {
        const at = step.sender % this.#senders.length
        if (!model.senders[at]!) break
        this.#weak.push(this.#senders[at]!.downgrade())
        model.weak.push(true)
        break
      }
      case 'upgrade': {
        if (this.#weak.length === 0) break
        const at = step.sender % this.#weak.length
        const sender = this.#weak[at]!.upgrade()
        assert.is(sender !== undefined, model.weak[at]! && (model.senders.includes(true) || model.kept))
        if (sender === undefined) break
        this.#senders.push(sender)
        model.senders.push(true)
        break
      }
      case 'closeWeak': {
        if (this.#weak.length === 0) break
        const at = step.sender % this.#weak.length
        this.#weak[at]!.close()
        model.weak[at] = false
        break
      }
      case 'trySend': {
        const at = step.sender % this.#senders.length
        const told = this.#senders[at]!.trySend({ id: -n, weight: step.weight })
        const weight = model.fit(step.weight)
        const expected = !model.senders[at]! || model.closed ? 'Closed' : model.free < weight ? 'Full' : undefined
        assert.is(told?._tag, expected)
        if (expected === undefined) model.items.push({ id: -n, weight })
        else assert.is(told?.value.id, -n)
        break
      }
      case 'send': {
        const at = step.sender % this.#senders.length
        const id = this.#calls.length
        this.#call((signal) => this.#senders[at]!.send({ id, weight: step.weight }, { signal }).then(() => 'sent'))
        if (!model.senders[at]! || model.closed) model.outcomes.set(id, `refused ${id}`)
        else model.sending.push({ id, weight: model.fit(step.weight), kind: 'send' })
        break
      }
      case 'reserve': {
        const at = step.sender % this.#senders.length
        const id = this.#call((signal) =>
          this.#senders[at]!.reserve({ weight: step.weight, signal }).then((permit) => {
            this.#permits.push({ id, permit })
            return `permit of ${permit.weight}`
          })
        )
        if (!model.senders[at]! || model.closed) model.outcomes.set(id, 'refused undefined')
        else model.sending.push({ id, weight: model.fit(step.weight), kind: 'reserve' })
        model.run()
        await turn() // so that the permit is at hand
        break
      }
      case 'tryReserve': {
        const at = step.sender % this.#senders.length
        const got = this.#senders[at]!.tryReserve(step.weight)
        const weight = model.fit(step.weight)
        const expected = !model.senders[at]! || model.closed ? Closed : model.free < weight ? Full : undefined
        if (typeof got === 'symbol') assert.is(got, expected)
        else {
          assert.is(expected, undefined)
          model.permits.set(-n, weight)
          this.#permits.push({ id: -n, permit: got })
        }
        break
      }
      case 'permitSend': {
        if (this.#permits.length === 0) break
        const at = step.permit % this.#permits.length
        const { id, permit } = this.#permits[at]!
        const held = model.permits.get(id)!
        const weight = Math.min(step.weight, held)
        this.#permits.splice(at, 1)
        const told = permit.send({ id: -n, weight })
        model.permits.delete(id)
        if (model.gone) assert.is(told?._tag, 'Closed')
        else {
          assert.is(told, undefined)
          model.items.push({ id: -n, weight })
        }
        break
      }
      case 'permitRelease': {
        if (this.#permits.length === 0) break
        const at = step.call % this.#permits.length
        const [{ id, permit }] = this.#permits.splice(at, 1) as [{ id: number; permit: Permit<Item> }]
        permit.release()
        permit.release()
        model.permits.delete(id)
        break
      }
      case 'abort': {
        if (this.#mayWait.length === 0) break
        const id = this.#mayWait[this.#mayWait.length - 1 - (step.call % this.#mayWait.length)]!
        this.#calls[id]!.controller.abort('given up')
        if (model.outcomes.has(id)) break
        model.outcomes.set(id, 'given up')
        const receiving = model.receiving.indexOf(id)
        if (receiving >= 0) model.receiving.splice(receiving, 1)
        const sending = model.sending.findIndex((one) => one.id === id)
        if (sending >= 0) model.sending.splice(sending, 1)
        break
      }
      case 'recv': {
        const id = this.#call((signal) => receiver.recv({ signal }).then((item) => (item === Closed ? 'closed' : `item ${item.id}`)))
        model.receiving.push(id)
        break
      }
      case 'tryRecv': {
        const got = receiver.tryRecv()
        const first = model.items[0]
        if (first !== undefined) {
          model.items.shift()
          assert.is((got as Item).id, first.id)
        } else assert.is(got, model.ended || model.gone ? Closed : Empty)
        break
      }
      case 'clone': {
        const at = step.sender % this.#senders.length
        if (!model.senders[at]!) break
        this.#senders.push(this.#senders[at]!.clone())
        model.senders.push(true)
        break
      }
      case 'closeSender': {
        const at = step.sender % this.#senders.length
        this.#senders[at]!.close()
        model.senders[at] = false
        break
      }
      case 'closeReceiver':
      case 'disposeReceiver': {
        if (step.op === 'closeReceiver') receiver.close()
        else receiver[Symbol.dispose]()
        model.closed = true
        for (const { id, kind } of model.sending.splice(0)) model.outcomes.set(id, kind === 'send' ? `refused ${id}` : 'refused undefined')
        if (step.op === 'closeReceiver') break
        model.gone = true
        model.items.length = 0
      }
    }
    model.run()
    this.#compare()
  }

  /** What can be seen without waiting. */
  #compare(): void {
    const { model } = this
    const { sender } = this.#channel
    const receiver = this.#receiver
    assert.equal([sender.strongCount, sender.weakCount], [model.senders.filter(Boolean).length, model.weak.filter(Boolean).length])
    assert.is(sender.capacity, model.free, 'capacity')
    assert.is(receiver.length, model.items.length, 'length')
    assert.is(receiver.isEmpty, model.items.length === 0)
    assert.is(receiver.isClosed, model.closed || (model.senderless && model.permits.size === 0), 'isClosed')
    assert.is(sender.isClosed, model.closed || !model.senders[0]!)
  }

  /** What has become of every call. */
  async finish(): Promise<void> {
    await turn()
    assert.equal(
      this.#calls.map(({ outcome }) => outcome),
      this.#calls.map((_, id) => this.model.outcomes.get(id))
    )
    for (const { permit } of this.#permits) permit.release()
    for (const end of [...this.#senders, ...this.#weak]) end.close()
    this.#receiver[Symbol.dispose]()
  }
}

suite('mpsc, random programs', (it) => {
  for (const [form, runs, shared] of [['one thread, or shared memory from some step on', 4000, false], ['shared memory', 1500, true]] as const) {
    it(`agree with the naive model, step by step, over all capacities: ${form}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 6 }), programArb, async (capacity, program) => {
          const both = new Program(capacity)
          if (shared) both.share()
          for (const [n, step] of program.entries()) await both.step(step, n + 1)
          await both.finish()
        }),
        { seed, numRuns: runs }
      )
    })
  }
}, 60_000)

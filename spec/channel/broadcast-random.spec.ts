/**
 * Random programs over a broadcast channel agree with a naive model: one array of everything that was ever sent, and a cursor
 * for each receiver.
 */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { invite, vacate } from '../../src/atomic/threads.ts'
import { Lagged, broadcast, type BroadcastReceiver, type WeakBroadcastSender } from '../../src/channel/broadcast.ts'
import { ClosedError } from '../../src/sync/closed-error.ts'
import { Closed, Empty } from '../../src/sync/outcome.ts'
import { seed } from '../support/seed.ts'
import { share } from '../support/share.ts'
import { turn } from '../support/settling.ts'
import { suite } from '../support/suite.ts'

type Op = readonly [
  | 'trySend' | 'send' | 'subscribe' | 'resubscribe' | 'recv' | 'tryRecv' | 'closeReceiver' | 'abort' | 'clone' | 'closeSender'
  | 'downgrade' | 'upgrade' | 'closeWeak' | 'share' | 'death' | 'turn',
  number
]

const opArb: fc.Arbitrary<Op> = fc.tuple(
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('trySend' as const, 'send' as const) },
    { weight: 8, arbitrary: fc.constantFrom('recv' as const, 'recv' as const, 'tryRecv' as const) },
    { weight: 3, arbitrary: fc.constantFrom('abort' as const, 'turn' as const) },
    { weight: 2, arbitrary: fc.constantFrom('subscribe' as const, 'resubscribe' as const, 'closeReceiver' as const, 'closeReceiver' as const) },
    { weight: 1, arbitrary: fc.constantFrom('clone' as const, 'closeSender' as const, 'closeSender' as const) },
    { weight: 1, arbitrary: fc.constantFrom('downgrade' as const, 'upgrade' as const, 'upgrade' as const, 'closeWeak' as const, 'share' as const, 'death' as const) }
  ),
  fc.nat({ max: 11 })
)

interface Reader {
  cursor: number
  open: boolean
  readonly waiting: number[]
}

/** Everything that was sent, and where everybody stands. */
class Model {
  readonly outcomes = new Map<number, string>()
  readonly sent: number[] = []
  readonly sending: number[] = []
  readonly readers: Reader[] = []
  readonly senders = [true]
  readonly weak: boolean[] = []
  readonly capacity: number
  readonly waits: boolean

  constructor(capacity: number, waits: boolean) {
    this.capacity = capacity
    this.waits = waits
  }

  get open(): readonly Reader[] {
    return this.readers.filter((reader) => reader.open)
  }

  /** Items that the slowest has not taken. */
  get behind(): number {
    return this.sent.length - Math.min(this.sent.length, ...this.open.map(({ cursor }) => cursor))
  }

  get ended(): boolean {
    return !this.senders.includes(true) && this.sending.length === 0
  }

  /** What a reader gets next, taken; `undefined` when there is nothing. */
  next(reader: Reader): string | undefined {
    const oldest = this.waits ? 0 : this.sent.length - this.capacity
    if (!reader.open) return 'closed'
    if (reader.cursor < oldest) {
      const skipped = oldest - reader.cursor
      reader.cursor = oldest
      return `lagged ${skipped}`
    }
    if (reader.cursor < this.sent.length) return `item ${this.sent[reader.cursor++]!}`
    return this.ended ? 'closed' : undefined
  }

  /** Everything that can happen, happens. */
  run(): void {
    if (this.open.length === 0) for (const id of this.sending.splice(0)) this.outcomes.set(id, `refused ${id}`)
    for (let moved = true; moved; ) {
      moved = false
      if (this.sending.length > 0 && (!this.waits || this.behind < this.capacity)) {
        const id = this.sending.shift()!
        this.sent.push(id)
        this.outcomes.set(id, `sent to ${this.open.length}`)
        moved = true
      }
      for (const reader of this.readers) {
        const next = reader.waiting.length > 0 ? this.next(reader) : undefined
        if (next === undefined) continue
        this.outcomes.set(reader.waiting.shift()!, next)
        moved = true
      }
    }
  }
}

const told = (got: number | Lagged | Closed): string => (got === Closed ? 'closed' : got instanceof Lagged ? `lagged ${got.skipped}` : `item ${got}`)

const check = async (capacity: number, whenFull: 'wait' | 'lag', shares: boolean, program: readonly Op[]): Promise<void> => {
  const model = new Model(capacity, whenFull === 'wait')
  const senders = [broadcast<number>({ capacity, whenFull })]
  const receivers: BroadcastReceiver<number, Lagged>[] = []
  const weak: WeakBroadcastSender<number, Lagged>[] = []
  const calls: { readonly controller: AbortController; outcome: string | undefined }[] = []

  const call = (start: (signal: AbortSignal) => Promise<string>): number => {
    const controller = new AbortController()
    const one: (typeof calls)[number] = { controller, outcome: undefined }
    start(controller.signal).then(
      (outcome) => {
        one.outcome = outcome
      },
      (reason: unknown) => {
        one.outcome = reason instanceof ClosedError ? `refused ${String(reason.value)}` : String(reason)
      }
    )
    return calls.push(one) - 1
  }

  for (const [step, [op, n]] of program.entries()) {
    const at = n % senders.length
    const reader = n % Math.max(1, receivers.length)
    switch (op) {
      case 'turn':
        await turn()
        break
      case 'trySend': {
        const full = model.waits && (model.sending.length > 0 || model.behind >= capacity)
        const expected = !model.senders[at]! || model.open.length === 0 ? 'Closed' : full ? 'Full' : undefined
        assert.is(senders[at]!.trySend(-step)?._tag, expected)
        if (expected === undefined) model.sent.push(-step)
        break
      }
      case 'send': {
        const id = calls.length
        call((signal) => senders[at]!.send(id, { signal }).then((count) => `sent to ${count}`))
        if (!model.senders[at]!) model.outcomes.set(id, `refused ${id}`)
        else model.sending.push(id)
        break
      }
      case 'subscribe':
        receivers.push(senders[at]!.subscribe())
        model.readers.push({ cursor: model.sent.length, open: true, waiting: [] })
        break
      case 'resubscribe':
        if (receivers.length === 0) break
        receivers.push(receivers[reader]!.resubscribe())
        model.readers.push({ cursor: model.sent.length, open: true, waiting: [] })
        break
      case 'downgrade':
        if (!model.senders[at]!) break
        weak.push(senders[at]!.downgrade())
        model.weak.push(true)
        break
      case 'upgrade': {
        if (weak.length === 0) break
        const upgraded = weak[n % weak.length]!.upgrade()
        assert.is(upgraded !== undefined, model.weak[n % weak.length]! && !model.ended)
        if (upgraded === undefined) break
        senders.push(upgraded)
        model.senders.push(true)
        break
      }
      case 'death':
        vacate(invite(true)) // somewhere a thread ends: everything is mended, and stays as it was
        break
      case 'share':
        if (shares && model.senders[at]!) share(senders[at]!)
        break
      case 'closeWeak':
        if (weak.length === 0) break
        weak[n % weak.length]!.close()
        model.weak[n % weak.length] = false
        break
      case 'recv':
        if (receivers.length > 0) model.readers[reader]!.waiting.push(call((signal) => receivers[reader]!.recv({ signal }).then(told)))
        break
      case 'tryRecv': {
        if (receivers.length === 0) break
        const got = receivers[reader]!.tryRecv()
        assert.is(got === Empty ? undefined : told(got), model.next(model.readers[reader]!))
        break
      }
      case 'closeReceiver':
        if (receivers.length === 0) break
        receivers[reader]!.close()
        model.readers[reader]!.open = false
        break
      case 'abort': {
        if (calls.length === 0) break
        const id = calls.length - 1 - (n % calls.length)
        calls[id]!.controller.abort('given up')
        if (model.outcomes.has(id)) break
        model.outcomes.set(id, 'given up')
        for (const list of [model.sending, ...model.readers.map(({ waiting }) => waiting)]) if (list.includes(id)) list.splice(list.indexOf(id), 1)
        break
      }
      case 'clone':
        if (!model.senders[at]!) break
        senders.push(senders[at]!.clone())
        model.senders.push(true)
        break
      case 'closeSender':
        senders[at]!.close()
        model.senders[at] = false
    }
    model.run()
    assert.is(senders[0]!.receiverCount, model.open.length)
    assert.is(senders[0]!.strongCount, model.senders.filter(Boolean).length)
    assert.is(senders[0]!.weakCount, model.weak.filter(Boolean).length)
    assert.is(senders[0]!.length, Math.min(capacity, model.behind), 'length of the sender')
    for (const [i, receiver] of receivers.entries()) {
      const { open, cursor } = model.readers[i]!
      assert.is(receiver.length, open ? model.sent.length - cursor : 0, 'length of a receiver')
      assert.is(receiver.isClosed, !open || model.ended)
    }
  }
  await turn()
  assert.equal(
    calls.map(({ outcome }) => outcome),
    calls.map((_, id) => model.outcomes.get(id))
  )
}

suite('broadcast, random programs', (it) => {
  for (const whenFull of ['wait', 'lag'] as const) {
    for (const shares of [false, true]) {
      const what = `${whenFull === 'wait' ? 'waits' : 'lags'}${shares ? ', and moves to shared memory somewhere in between' : ''}`
      it(`agree with the naive model when the channel ${what}`, async () => {
        const program = fc.array(opArb, { maxLength: 60 }).map((ops): Op[] => [['subscribe', 0], ['subscribe', 0], ...ops])
        await fc.assert(
          fc.asyncProperty(fc.integer({ min: 1, max: 3 }), program, (capacity, ops) => check(capacity, whenFull, shares, ops)),
          { seed, numRuns: shares ? 3000 : 6000 }
        )
      })
    }
  }
}, 60_000)

/** Random programs over a watch channel agree with a naive model: a value, a number of changes, and what each receiver has seen of it. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { invite, vacate } from '../../src/atomic/threads.ts'
import { watch, type WatchReceiver } from '../../src/channel/watch.ts'
import { Closed } from '../../src/sync/outcome.ts'
import { seed } from '../support/seed.ts'
import { share } from '../support/share.ts'
import { turn } from '../support/settling.ts'
import { suite } from '../support/suite.ts'

const kinds = [
  'send', 'send', 'replace', 'modify', 'quiet', 'throw', 'look', 'peek', 'mark', 'unmark', 'changed', 'changed', 'waitFor', 'abort',
  'subscribe', 'cloneReceiver', 'closeReceiver', 'cloneSender', 'closeSender', 'share', 'death', 'turn'
] as const

type Op = readonly [(typeof kinds)[number], number]

interface Reader {
  seen: number
  open: boolean
  readonly waiting: { readonly id: number; readonly least: number | undefined }[]
}

/** The value, and where everybody stands. A value is never twice the same, and grows. */
class Model {
  readonly outcomes = new Map<number, string>()
  value = 0
  version = 0
  readonly readers: Reader[] = [{ seen: 0, open: true, waiting: [] }]
  readonly senders = [true]

  get open(): number {
    return this.readers.filter(({ open }) => open).length
  }

  get ended(): boolean {
    return !this.senders.includes(true)
  }

  /** What a call gets now; `undefined` while it waits. A wait for a value looks when it begins (`first`) and at every change. */
  answer(reader: Reader, least: number | undefined): string | undefined {
    if (!reader.open) return 'closed'
    if (least === undefined ? reader.seen !== this.version : this.value >= least) {
      reader.seen = this.version
      return `value ${this.value}`
    }
    return this.ended ? 'closed' : undefined
  }

  /** Everything that waits at a reader looks; those that wait for a change see the same one. */
  look(reader: Reader): void {
    const { seen } = reader
    for (const call of reader.waiting.splice(0)) {
      if (call.least === undefined) reader.seen = seen
      const answer = this.answer(reader, call.least)
      if (answer === undefined) reader.waiting.push(call)
      else this.outcomes.set(call.id, answer)
    }
  }

  tell(): void {
    this.version++
    for (const reader of this.readers) this.look(reader)
  }
}

const told = (got: number | Closed): string => (got === Closed ? 'closed' : `value ${got}`)

const check = async (shares: boolean, program: readonly Op[]): Promise<void> => {
  const model = new Model()
  const { sender, receiver } = watch(0)
  const senders = [sender]
  const receivers: WatchReceiver<number>[] = [receiver]
  const calls: { readonly controller: AbortController; outcome: string | undefined }[] = []
  let next = 0

  const call = (reader: number, least: number | undefined, start: (signal: AbortSignal) => Promise<string>): void => {
    const one: (typeof calls)[number] = { controller: new AbortController(), outcome: undefined }
    start(one.controller.signal).then(
      (outcome) => {
        one.outcome = outcome
      },
      (reason: unknown) => {
        one.outcome = String(reason)
      }
    )
    const id = calls.push(one) - 1
    const answer = model.answer(model.readers[reader]!, least)
    if (answer === undefined) model.readers[reader]!.waiting.push({ id, least })
    else model.outcomes.set(id, answer)
  }

  for (const [kind, n] of program) {
    const [at, who] = [n % senders.length, n % receivers.length]
    const [tx, rx, reader, open] = [senders[at]!, receivers[who]!, model.readers[who]!, model.senders[at]!]
    switch (kind) {
      case 'send': {
        const stored = open && model.open > 0
        assert.equal(tx.send(++next), stored ? undefined : { _tag: 'Closed', value: next })
        if (!stored) break
        model.value = next
        model.tell()
        await turn() // a wait for a value looks at each of them
        break
      }
      case 'replace':
      case 'modify':
        if (!open) break
        if (kind === 'replace') assert.is(tx.sendReplace(++next), model.value)
        else tx.sendModify((cell) => { cell.value = ++next })
        model.value = next
        model.tell()
        await turn()
        break
      case 'quiet':
      case 'throw':
        if (!open) break
        if (kind === 'quiet') assert.is(tx.sendIfModified((cell) => { cell.value = ++next; return false }), false)
        else assert.throws(() => { tx.sendModify((cell) => { cell.value = ++next; throw new Error('no further') }) })
        model.value = next
        break
      case 'look':
        assert.is(rx.borrowAndUpdate(), model.value)
        reader.seen = model.version
        break
      case 'peek':
        assert.is(rx.borrow(), model.value)
        break
      case 'mark':
        if (reader.waiting.length > 0) break // whoever waits does so for a change, not for a mark
        rx.markChanged()
        reader.seen = -1
        break
      case 'unmark':
        rx.markUnchanged()
        reader.seen = model.version
        break
      case 'changed':
        call(who, undefined, (signal) => rx.changed({ signal }).then(told))
        break
      case 'waitFor': {
        const least = next + (n % 3)
        call(who, least, (signal) => rx.waitFor((value) => value >= least, { signal }).then(told))
        break
      }
      case 'abort': {
        if (calls.length === 0) break
        const id = calls.length - 1 - (n % calls.length)
        calls[id]!.controller.abort('given up')
        if (model.outcomes.has(id)) break
        model.outcomes.set(id, 'given up')
        for (const { waiting } of model.readers) {
          const place = waiting.findIndex((one) => one.id === id)
          if (place >= 0) waiting.splice(place, 1)
        }
        break
      }
      case 'subscribe':
        receivers.push(tx.subscribe())
        model.readers.push({ seen: model.version, open: true, waiting: [] })
        break
      case 'cloneReceiver':
        receivers.push(rx.clone())
        model.readers.push({ seen: reader.seen, open: true, waiting: [] })
        break
      case 'closeReceiver':
        rx.close()
        reader.open = false
        model.look(reader)
        break
      case 'cloneSender':
        if (!open) break
        senders.push(tx.clone())
        model.senders.push(true)
        break
      case 'closeSender':
        tx.close()
        model.senders[at] = false
        if (model.ended) for (const one of model.readers) model.look(one)
        break
      case 'death':
        vacate(invite(true)) // somewhere a thread ends: everything is mended, and stays as it was
        break
      case 'share':
        if (shares && open) share(tx)
        break
      case 'turn':
        await turn()
    }
    await turn()
    assert.is(sender.receiverCount, model.open)
    assert.is(sender.borrow(), model.value)
    for (const [i, one] of receivers.entries()) {
      const { open: isOpen, seen } = model.readers[i]!
      assert.is(one.hasChanged(), !isOpen || model.ended ? Closed : seen !== model.version)
    }
  }
  assert.equal(
    calls.map(({ outcome }) => outcome),
    calls.map((_, id) => model.outcomes.get(id))
  )
}

suite('watch, random programs', (it) => {
  for (const shares of [false, true]) {
    it(`agree with the naive model${shares ? ' when the channel moves to shared memory somewhere in between' : ''}`, async () => {
      const program = fc.array(fc.tuple(fc.constantFrom(...kinds), fc.nat({ max: 11 })), { maxLength: 40 })
      await fc.assert(fc.asyncProperty(program, (ops) => check(shares, ops)), { seed, numRuns: 1500 })
    })
  }
}, 60_000)

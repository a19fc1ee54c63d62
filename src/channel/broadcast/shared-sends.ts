/**
 * Sends to a broadcast channel in shared memory, those of one thread: at once, or in the line.
 *
 * A send that finds no room puts its item behind those that are shown (shared-items.ts), and waits for its result in a slot. Whoever makes
 * room shows the next, whichever thread that is, so that nobody has to be woken for the items to go on, and the order is that of the
 * calls. When there are no slots left the sends of a thread wait there, and join when there are. Called by shared.ts.
 */
import { me } from '../../atomic/threads.ts'
import { ready } from '../../sync/budget.ts'
import { receiverGone } from '../../sync/closed-error.ts'
import { outside } from '../../sync/scope.ts'
import { kept, load, type Cargo } from '../cargo.ts'
import type { Line, Sending } from './sending.ts'
import type { SharedItems } from './shared-items.ts'
import { CROWDED, MARK, RECEIVERS, REFUSED, RESULT, SLOTS, SLOTS_USED, TAKEN_BACK, WAITING, WAITS, slotAt, tagOf } from './shared-layout.ts'

/** What became of a send that waited. */
type Outcome = { readonly sent: number } | { readonly refused: unknown }

export class SharedSends<A> {
  readonly #items: SharedItems
  readonly #line: Line<A>
  /** This thread waits for results of its sends. */
  #collecting = false

  constructor(items: SharedItems, line: Line<A>) {
    this.#items = items
    this.#line = line
  }

  /** Goes on with the waits that another log had. */
  resume(): void {
    if (this.#line.first !== undefined) this.#wait()
  }

  offer(item: A): number | undefined {
    return this.#put(load(item, 'broadcast'), undefined)
  }

  send(item: A, signal: AbortSignal | undefined): Promise<number> {
    try {
      const cargo = load(item, 'broadcast')
      const sent = this.#put(cargo, undefined)
      if (sent !== undefined) return sent === 0 ? Promise.reject(receiverGone('broadcast', item)) : ready(sent)
      return this.#line.wait(item, signal, (sending) => {
        sending.cargo = kept(cargo)
        this.#wait()
      })
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      return Promise.reject(error)
    }
  }

  blockingSend(item: A, deadline: number): number {
    const cargo = load(item, 'broadcast')
    const sent = this.#put(cargo, undefined)
    if (sent === 0) throw receiverGone('broadcast', item)
    if (sent !== undefined) return sent
    let outcome: Outcome | undefined
    const sending = this.#line.add(
      item,
      undefined,
      (receivers) => {
        outcome = { sent: receivers }
      },
      (reason) => {
        outcome = { refused: reason }
      }
    )
    sending.cargo = kept(cargo)
    const look = (): Outcome | undefined => {
      this.#settle()
      return outcome
    }
    let got: Outcome | undefined
    try {
      got = this.#items.results.blockingUntil('broadcast: blockingSend', look, deadline)
    } catch (error) {
      if (this.withdraw(sending)) throw error
      got = outcome! // it had been sent, or refused, meanwhile
    }
    if ('refused' in got) throw got.refused
    return got.sent
  }

  /**
   * Sends, and answers to how many; 0 when there is no receiver, `undefined` when there is no room, or others wait for it. Then
   * `sending` gets a slot and its item a place in the line, if there is a slot for it.
   */
  #put(cargo: Cargo, sending: Sending<A> | undefined): number | undefined {
    if (sending === undefined && this.#line.unplaced !== undefined) return undefined
    const items = this.#items
    const { words, carrier } = items
    items.enter()
    try {
      const receivers = words[RECEIVERS]!
      if (receivers === 0) return 0
      if (words[WAITS] === 0) {
        if (items.isFull) items.drop()
      } else if (items.isFull || items.presses) {
        if (sending !== undefined) this.#queue(cargo, sending)
        return undefined
      }
      carrier.push(cargo, receivers)
      items.show(items.next + 1, carrier.tail)
      return receivers
    } finally {
      items.exit()
    }
  }

  /** Puts an item that waits behind the others, if there is a slot for its result. */
  #queue(cargo: Cargo, sending: Sending<A>): void {
    const { words, carrier } = this.#items
    for (let slot = 0; slot < SLOTS; slot++) {
      const at = slotAt(slot)
      if (words[at + MARK] !== 0) continue
      words[at + RESULT] = WAITING
      words[at + MARK] = me()
      words[SLOTS_USED] = Math.max(words[SLOTS_USED]!, slot + 1)
      try {
        sending.position = carrier.push(cargo, tagOf(slot))
      } catch (error) {
        words[at + MARK] = 0
        throw error
      }
      sending.slot = slot
      sending.cargo = undefined
      return
    }
    words[CROWDED] = 1
  }

  /** Sends of this thread wait: until none of them does, they are seen to. */
  #wait(): void {
    if (this.#collecting) {
      this.#joinLine()
      return
    }
    this.#collecting = true
    void outside(() => this.#items.results.until(() => this.#settle()))
  }

  /** Settles sends of this thread that have a result, and gives slots to those that have none; true when nothing waits. */
  #settle(): true | undefined {
    this.#collect()
    this.#joinLine()
    if (this.#line.first !== undefined) return undefined
    this.#collecting = false
    return true
  }

  /** Sends of this thread that have no slot get one, in the order of the calls, as long as there are some. */
  #joinLine(): void {
    const line = this.#line
    for (let sending = line.unplaced; sending !== undefined; sending = line.unplaced) {
      try {
        const sent = this.#put(sending.cargo!, sending)
        if (sent === undefined) {
          if (sending.slot < 0) return
          line.placed()
          continue
        }
        line.remove(sending)
        if (sent === 0) sending.refuse(receiverGone('broadcast', sending.item))
        else sending.settle(sent)
      } catch (error) {
        line.remove(sending)
        sending.refuse(error)
      }
    }
  }

  /** Takes the results that are there for sends of this thread: those of the first. */
  #collect(): void {
    const line = this.#line
    const settled: (readonly [Sending<A>, number])[] = []
    this.#items.locked(() => {
      for (let sending = line.first; sending !== undefined && sending.slot >= 0; sending = line.first) {
        const result = this.#items.words[slotAt(sending.slot) + RESULT]!
        if (result === WAITING) break
        this.#free(sending.slot)
        line.remove(sending)
        settled.push([sending, result])
      }
    })
    for (const [sending, result] of settled) this.#end(sending, result)
  }

  #end(sending: Sending<A>, result: number): void {
    if (result === REFUSED) sending.refuse(receiverGone('broadcast', sending.item))
    else sending.settle(result)
  }

  /** Takes one back, out of the line; false when it had been sent, or refused, and is settled. */
  withdraw(sending: Sending<A>): boolean {
    const { slot } = sending
    const items = this.#items
    this.#line.remove(sending)
    if (slot < 0) return true
    const result = items.locked(() => {
      const said = items.words[slotAt(slot) + RESULT]!
      if (said === WAITING) {
        items.carrier.setTag(sending.position, TAKEN_BACK)
        if (items.carrier.next(sending.position) === items.carrier.tail) this.#cut()
        items.makeRoom()
      }
      this.#free(slot)
      return said
    })
    if (result === WAITING) return true
    this.#end(sending, result)
    return false
  }

  /** Takes those out of the carrier that were taken back and have nobody behind them: who sends and gives up over and over fills no memory. */
  #cut(): void {
    const { carrier, edge } = this.#items
    let last = carrier.at(edge)
    for (let position = last; position !== carrier.tail; position = carrier.next(position)) {
      if (carrier.tag(position) !== TAKEN_BACK) last = carrier.next(position)
    }
    carrier.cut(last)
  }

  #free(slot: number): void {
    const { words } = this.#items
    words[slotAt(slot) + MARK] = 0
    if (words[CROWDED] === 0) return
    words[CROWDED] = 0
    this.#items.tellSenders()
  }
}

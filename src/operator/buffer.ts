/**
 * Reads ahead of a slower reader, up to a bound, and does what it is told when the bound is reached.
 *
 *     in ──▶ held (at most `capacity`) ──▶ on their way (a few of them, when the reader has room) ──▶ out
 *     lane async          state the items held
 *
 * Input comes in batches, so "full" needs a moment's thought: when a batch is more than there is room for, the reader gets one
 * turn of the event loop to take what is held, and only what it leaves then is an overflow. A reader that keeps up loses
 * nothing, however large the batches are.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { bufferOverflow } from '../error/wording-run.ts'
import type { Overflow } from '../graph/observe.ts'
import type { StageOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import type { ProcessContext } from '../graph/spec.ts'
import { bellOf } from './waiting/bell.ts'
import { oneOf, stageOptions, wholeNumber } from './check.ts'
import { passesAll, processSpec } from './process.ts'

export interface BufferOptions extends StageOptions {
  /** Items held. A whole number >= 1. */
  readonly capacity: number
  /** What happens to an item that finds it full: it waits (default), the oldest or the item itself is dropped, or the run fails. */
  readonly overflow?: Overflow | undefined
}

/** Items that are on their way to the reader at a time. */
const ON_THE_WAY = 256

/** The items held: a queue that forgets from its front without moving what stays. */
class Held {
  #items: unknown[] = []
  #head = 0

  get size(): number {
    return this.#items.length - this.#head
  }

  put(items: readonly unknown[], from: number, to: number): void {
    for (let i = from; i < to; i++) this.#items.push(items[i])
  }

  forget(count: number): void {
    this.#head += count
    if (this.#head * 2 < this.#items.length) return
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }

  take(most: number): unknown[] {
    const items = this.#items.slice(this.#head, this.#head + most)
    this.forget(items.length)
    return items
  }
}

const run =
  (capacity: number, overflow: Overflow) =>
  async (context: ProcessContext): Promise<void> => {
    const { signal, inlets, outlets } = context
    const [inlet, outlet] = [inlets[0]!, outlets[0]!]
    const [filled, emptied] = [bellOf(signal), bellOf(signal)]
    const held = new Held()
    let ended = false

    /** What is left of a batch when it is full. Answers how many of the rest are done with. */
    const overflows = (items: readonly unknown[], from: number): number => {
      const rest = items.length - from
      if (overflow === 'fail') throw bufferOverflow(context.stage, capacity)
      context.dropped(rest)
      if (overflow === 'dropOldest') {
        const kept = Math.min(rest, capacity)
        held.forget(kept)
        held.put(items, items.length - kept, items.length)
      }
      return rest
    }

    const admit = async (items: readonly unknown[]): Promise<void> => {
      let waited = false
      for (let from = 0; from < items.length && !ended; ) {
        signal.throwIfAborted()
        const room = Math.min(capacity - held.size, items.length - from)
        if (room > 0) {
          held.put(items, from, from + room)
          from += room
          waited = false
          filled.ring()
        } else if (overflow === 'wait') await emptied.next()
        else if (!waited) {
          waited = true
          await turn()
        } else from += overflows(items, from)
      }
    }

    const fill = async (): Promise<void> => {
      try {
        for (let batch = await inlet.pull(); batch !== undefined && !ended; batch = await inlet.pull()) await admit(batch.items)
      } finally {
        ended = true
        filled.ring()
      }
    }

    const pass = async (): Promise<void> => {
      for (;;) {
        signal.throwIfAborted()
        if (held.size > 0) {
          const items = held.take(ON_THE_WAY)
          emptied.ring()
          if (await outlet.push(items)) continue
          ended = true
          emptied.ring()
          inlet.close()
          return
        }
        if (ended) return
        await filled.next()
      }
    }

    try {
      await Promise.all([fill(), pass()])
    } finally {
      filled.close()
      emptied.close()
    }
  }

/**
 * Holds up to `capacity` items between a fast stage and a slower one. With `'wait'` it evens out bursts, and lets one branch
 * of a fan-out run ahead of another; the other policies are for sources that do not wait (clocks, observables).
 *
 * **Order**   kept, among the items that are not dropped
 * **Errors**  with `'fail'` the run ends with `ERR_MILLRACE_BUFFER_OVERFLOW`; items dropped are counted in the report
 * **Memory**  `capacity` items, at most 256 more on their way to the reader, and one batch of the input
 * @example
 * interval(1).pipe(buffer({ capacity: 100, overflow: 'dropOldest' }), mapAsync(send, { concurrency: 1 }))
 */
export const buffer = <A>(options: BufferOptions): Flow<A, A> => {
  stageOptions('buffer', options)
  const capacity = wholeNumber('buffer', 'capacity', options.capacity, 1)
  const overflow = oneOf('buffer', 'overflow', options.overflow ?? 'wait', ['wait', 'dropOldest', 'dropNewest', 'fail'])
  return flowOf({ ...passesAll(processSpec('buffer', run(capacity, overflow), options, { capacity, overflow })), holds: `items, at most ${capacity}` }, options.name)
}

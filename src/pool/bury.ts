/**
 * What a dead worker leaves in the control block: told, mended, and its cell made as new for the one that replaces it.
 *
 * What it had begun, and what was pinned to it, goes with it; what was queued for anybody may have been on its way through its hands
 * and is queued anew: an entry that is doubled by that fails its `begin` (claims.ts). Called by pool.ts, once the thread has ended.
 */
import { shared as memory } from '../atomic/memory.ts'
import * as Injector from '../queue/injector.ts'
import { Empty, Full } from '../queue/outcome.ts'
import * as Claims from './claims.ts'
import * as Idle from './idle.ts'
import type { Control } from './protocol.ts'

/** What was known of a worker when it died. */
export interface Death {
  readonly worker: number
  readonly code: number
  /** The uncaught error, where there was one. */
  readonly error: unknown
  /** Slot that it was executing, synchronously; -1 for none. */
  readonly current: number
  /** Slots that it had begun and not settled. */
  readonly running: readonly number[]
  /** Slots that were queued for it alone. */
  readonly pinned: readonly number[]
  /** Queued slots that found no room to be queued anew. */
  readonly lost: readonly number[]
  /** A replacement has been started; false when the pool has given the seat up. */
  readonly replaced: boolean
}

export const bury = (
  { words, claims, cells, slots }: Control, injecting: Parameters<typeof Injector.tryPush>[0], worker: number
): Pick<Death, 'current' | 'running' | 'pinned' | 'lost'> => {
  const cell = cells[worker]!
  const current = words[cell.current]! - 1
  const running = Claims.abandon(claims, worker)
  const pinned: number[] = []
  const lost: number[] = []
  for (let slot = 0; slot < slots; slot++) {
    if (Claims.queuedEntry(claims, slot, worker) !== Empty) {
      if (Claims.withdraw(claims, slot)) pinned.push(slot)
    } else if (Claims.queuedEntry(claims, slot, Claims.ANYBODY) !== Empty) {
      const entry = Claims.requeue(claims, slot)
      if (entry !== Empty && Injector.tryPush(injecting, entry) === Full && Claims.withdraw(claims, slot)) lost.push(slot)
    }
  }
  words[cell.current] = 0
  memory.store(words, cell.room, 0)
  memory.store(words, cell.park, Idle.RUNNING)
  return { current, running, pinned, lost }
}

/**
 * The main thread's ear: takes the notices of all workers out of their rings, on its event loop or, while it is blocked, by hand.
 *
 *   pump   drains until all rings are empty ──▶ announces MAIN_WAITS ──▶ looks once more ──▶ `waitAsync` ──▶ …
 *   attend announces MAIN_BLOCKED: a worker that has something to say wakes the seat of the thread; then drains
 *
 *   hear   drains once, by hand: for who has just begun to wait for what workers may have whispered
 *
 * Invariants
 *   N1  the announcement comes before the last look, and a worker pushes before it looks at the announcement: no notice is left lying.
 *       One that is whispered wakes nobody: who waits for it says so in shared memory, then calls `hear`; the worker pushes, then looks
 *       whether somebody has said so, and nudges
 *   N2  a worker that waits for room in its ring is woken after the ring has been emptied (`room`: announced, then looked again)
 * Called by pool.ts. Touches the control block.
 */
import { shared as memory } from '../atomic/memory.ts'
import { notify, waitAsync } from '../atomic/park.ts'
import * as Ring from '../queue/spsc-ring.ts'
import { MAIN_AWAKE, MAIN_BLOCKED, MAIN_WAITS, NOTICE_WORDS, type Control } from './protocol.ts'

export interface Notices {
  /** Takes what there is of one worker. */
  drain(worker: number): void
  /** Drains for as long as `open`; sleeps on the event loop between notices. */
  pump(open: () => boolean): Promise<void>
  /** The main thread is about to be blocked at its seat; `then` looks at what else there is before the rings are drained. */
  attend(then: () => void): void
  /** Takes what there is; whether there was anything. */
  hear(): boolean
  /** The pump looks anew, and announces its own sleep. */
  rouse(): void
}

export const createNotices = (control: Control, onNotice: (worker: number, notice: Int32Array) => void): Notices => {
  const { words, cells, workers } = control
  const rings = cells.map((cell) => Ring.consumer(cell.ring))
  const notice = new Int32Array(NOTICE_WORDS)

  const drain = (worker: number): boolean => {
    const ring = rings[worker]!
    let any = false
    while (Ring.tryPop(ring, notice)) {
      any = true
      onNotice(worker, notice)
    }
    const { room } = cells[worker]!
    if (any && memory.load(words, room) === 1 && memory.exchange(words, room, 0) === 1) notify(words, room)
    return any
  }

  const drainAll = (): boolean => {
    let any = false
    for (let worker = 0; worker < workers; worker++) if (drain(worker)) any = true
    return any
  }

  return {
    drain,
    hear: drainAll,
    pump: async (open) => {
      while (open()) {
        while (drainAll()) {
          // again: more may have come while these were handled
        }
        memory.store(words, control.main, MAIN_WAITS)
        if (rings.some((ring) => Ring.hasRecord(ring))) memory.store(words, control.main, MAIN_AWAKE)
        else await waitAsync(words, control.main, MAIN_WAITS)
        memory.store(words, control.main, MAIN_AWAKE)
      }
    },
    attend: (then) => {
      memory.store(words, control.main, MAIN_BLOCKED)
      then()
      drainAll()
    },
    rouse: () => {
      memory.store(words, control.main, MAIN_AWAKE)
      notify(words, control.main)
    }
  }
}

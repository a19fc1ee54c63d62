/**
 * A crew without threads, for simulated runs: the handshake, the slots and frames of the real one (runtime/), over virtual workers.
 *
 * Called by simulated-run.ts, which makes it the crew of the code that starts the run. Its arena is small, so that what happens when slots
 * are scarce happens: results wait, or travel alone.
 */
import { argumentError } from '../error/pipeline-error.ts'
import { createArena } from '../frame/arena.ts'
import type { Crew } from '../runtime/crew.ts'
import { within, type Place } from '../runtime/current.ts'
import { createMorsels } from '../runtime/morsels.ts'
import { WORD_TASK } from '../runtime/protocol.ts'
import { createRegistrations } from '../runtime/registrations.ts'
import type { Scheduler } from './scheduler.ts'
import { createVirtualPool, type VirtualPool } from './virtual-pool.ts'

const SLOTS = 48
const SLOT_BYTES = 16 * 1024

export interface VirtualCrew {
  /** Runs `body` so that pipelines with so many workers run on these. */
  within<A>(body: () => A): A
  /** One of the workers dies of that. */
  die(reason: Error): void
  /** Slots that somebody still has; 0 when everything was given back. */
  readonly slotsInUse: number
}

/** Members that a simulated pipeline has no use for. */
const missing = (what: string) => (): never => {
  throw argumentError('type', `simulate: ${what} are not simulated`, 'a pipeline on virtual workers asked for them', 'run it with real workers, or simulate with workers: 0')
}

export const createVirtualCrew = (workers: number, scheduler: Scheduler): VirtualCrew => {
  const arena = createArena({ slots: SLOTS, slotBytes: SLOT_BYTES })
  const pool: VirtualPool = createVirtualPool({
    workers,
    arena,
    scheduler,
    onNotice: (worker, [kind, slot, a, b, c, d]) => {
      registrations.hand(arena.words(slot!)[WORD_TASK]!)?.notice(worker, kind!, slot!, a!, b!, c!, d!)
    },
    onMessage: (worker, message) => {
      if (message.type === 'alone') morsels.arrived(worker, message.ticket, message.frame)
      else registrations.answered(worker, message)
    },
    onDeath: (death) => {
      arena.reclaim(death.worker)
      registrations.died(death)
      registrations.mend(death)
      morsels.freed()
    }
  })
  const morsels = createMorsels(workers, arena, () => pool as never)
  const registrations = createRegistrations(workers, () => pool as never)
  let tasks = 0
  const jobs = missing('blocking jobs')
  const crew = {
    workers,
    arena,
    pool,
    nextTask: () => tasks++,
    register: registrations.register,
    unregister: registrations.unregister,
    ...morsels,
    terminate: pool.terminate,
    withdraw: pool.withdraw,
    ref: () => undefined,
    unref: () => undefined,
    get jobs() {
      return jobs()
    },
    get lane() {
      return jobs()
    }
  } as unknown as Crew // what pipelines use of one
  const place: Place = { crew, workers, get runtime() { return jobs() } }
  return {
    within: (body) => within(place, body),
    die: (reason) => {
      pool.die(reason)
    },
    get slotsInUse() {
      return SLOTS - arena.available()
    }
  }
}

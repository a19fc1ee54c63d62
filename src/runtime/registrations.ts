/**
 * Tasks of pipelines that the workers know, and the handshake by which they come to know them.
 *
 *   register ──▶ every worker ──▶ finds and compiles its functions ──▶ {ready} of all: resolved      {refused} of one: rejected
 *   a worker dies ──▶ its replacement is told of every task, and may refuse one that has long been running
 *
 * Notices are handed to the hand of the task that owns the morsel; a death is told to every hand. Called by crew.ts.
 */
import type { Transferable } from 'node:worker_threads'
import { decodeError } from '../error/wire.ts'
import { workerDied } from '../error/wording-run.ts'
import type { Death } from '../pool/bury.ts'
import type { Pool } from '../pool/pool.ts'
import { pack } from '../prelude/travel.ts'
import type { FromRemote, Registered } from './protocol.ts'

/** What a registered task is told. */
export interface Hand {
  notice(worker: number, kind: number, slot: number, a: number, b: number, c: number, d: number): void
  /** Answers whether the run fails by it. */
  died(death: Death): boolean
  /** A worker that replaces a dead one cannot run the task. */
  refused(error: unknown): void
}

let tasks = 0
/** A number for a task that no other task of the process has. */
export const nextTask = (): number => tasks++ & 0x7fffffff

/** A registration that has not been answered by all workers. */
interface Handshake {
  readonly left: Set<number>
  readonly stages: readonly string[]
  /** Workers that died in the meantime. */
  deaths: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export interface Registrations {
  /** Tasks that are registered. */
  readonly size: number
  /** Tells every worker of a task, and answers when all of them are ready; rejects when `signal` is aborted first. */
  register(registration: Registered, hand: Hand, signal: AbortSignal): Promise<void>
  unregister(task: number): void
  hand(task: number): Hand | undefined
  /** What a worker answers. */
  answered(worker: number, said: Extract<FromRemote, { readonly type: 'ready' | 'refused' }>): void
  /** Tells every task of a death; how many runs fail by it. */
  died(death: Death): number
  /** Registrations that are under way. */
  readonly pending: number
  /** Ends, or goes on with, the handshakes that a death concerns, and tells the replacement of every task. */
  mend(death: Death): void
}

export const createRegistrations = (workers: number, pool: () => Pool): Registrations => {
  const hands = new Map<number, Hand>()
  const registrations = new Map<number, Registered>()
  const answers = new Map<number, Handshake>()

  /** Handles in an `env` are packed once for each worker, since each has one of its own. */
  const introduce = (worker: number, registration: Registered): void => {
    const { value, transfer } = pack(registration)
    pool().post(worker, value, transfer as Transferable[])
  }

  const shake = (registration: Registered): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      const left = new Set(Array.from({ length: workers }, (_, w) => w))
      const stages = registration.program.nodes.map((node) => node.stage)
      answers.set(registration.task, { left, stages, deaths: 0, resolve, reject })
      for (let worker = 0; worker < workers; worker++) introduce(worker, registration)
    })

  const unregister = (task: number): void => {
    if (!hands.delete(task)) return
    registrations.delete(task)
    pool().broadcast({ type: 'unregister', task })
  }

  return {
    get size() {
      return hands.size
    },
    get pending() {
      return answers.size
    },
    hand: (task) => hands.get(task),
    register: async (registration, hand, signal) => {
      hands.set(registration.task, hand)
      registrations.set(registration.task, registration)
      let leave = (): void => undefined
      // A worker answers when it is free: another run's long function may keep it for as long as that takes.
      const left = new Promise<never>((_, reject) => {
        leave = () => {
          reject(signal.reason as Error)
        }
      })
      left.catch(() => undefined)
      signal.addEventListener('abort', leave, { once: true })
      try {
        await Promise.race([left, pool().start()])
        await Promise.race([left, shake(registration)])
      } catch (error) {
        unregister(registration.task)
        throw error
      } finally {
        signal.removeEventListener('abort', leave)
        answers.delete(registration.task)
      }
    },
    unregister,
    answered: (worker, said) => {
      const answer = answers.get(said.task)
      if (answer === undefined) {
        if (said.type === 'refused') hands.get(said.task)?.refused(decodeError(said.error))
        return
      }
      if (said.type === 'refused') answer.reject(decodeError(said.error))
      else {
        answer.left.delete(worker)
        if (answer.left.size === 0) answer.resolve()
      }
    },
    died: (death) => [...hands.values()].filter((hand) => hand.died(death)).length,
    mend: (death) => {
      for (const answer of answers.values()) {
        // One death may be another task's doing; two are this one's: its modules kill whoever imports them.
        if (!death.replaced || ++answer.deaths > 1) answer.reject(workerDied(answer.stages, death.code, death.error, undefined))
        else answer.left.add(death.worker)
      }
      for (const registration of registrations.values()) introduce(death.worker, registration)
    }
  }
}

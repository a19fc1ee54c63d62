/**
 * What a task on the pool hears: the notices of the workers about its morsels, and the deaths of workers.
 *
 *   NOTICE_OUT, NOTICE_DEAD, NOTICE_FAIL ──▶ held for delivery, under their morsel        NOTICE_MORE ──▶ it rests
 *   NOTICE_DONE ──▶ the morsel is done; what it took is the measure of the next ones      NOTICE_CLOSED ──▶ no more input
 *   NOTICE_STOP ──▶ a failure has ended the input there: what comes behind that morsel is thrown away
 *   a death ──▶ its morsels are done, and the run fails unless nothing of it was there
 *
 * Called by the crew, which knows whose a morsel is, and read by pool-task.ts, which dispatches. Decodes nothing but failures.
 */
import { PipelineError } from '../../error/pipeline-error.ts'
import { workerDied } from '../../error/wording-run.ts'
import type { TaskPlan } from '../../plan/plan.ts'
import type { Death } from '../../pool/bury.ts'
import type { Crew } from '../../runtime/crew.ts'
import type { Hand } from '../../runtime/registrations.ts'
import { frameBatch } from '../edges/batch.ts'
import type { Delivery, Pending } from './delivery.ts'
import { NOTICE_CLOSED, NOTICE_DEAD, NOTICE_DONE, NOTICE_FAIL, NOTICE_MORE, NOTICE_OUT, NOTICE_STOP, type Told } from '../protocol.ts'

export interface HearingOptions {
  readonly plan: TaskPlan
  readonly crew: Crew
  readonly delivery: Delivery
  readonly fail: (error: Error) => void
  /** Is told that the task's own kernels want no more input. */
  readonly closed: () => void
  /** A worker has let go of a morsel, and has less to do. */
  readonly freed: () => void
}

export class Hearing implements Hand {
  /** Microseconds per item, as measured. Begins with what the caller's loop has measured. */
  microsPerItem = 0
  /** The task's own kernels want no more input. */
  closed = false
  bytesDone = 0
  /** Workers that have run the task, or hold its state. */
  readonly ran = new Set<number>()
  readonly #o: HearingOptions

  constructor(options: HearingOptions) {
    this.#o = options
  }

  notice(worker: number, kind: number, slot: number, a: number, b: number, c: number, d: number): void {
    const { crew, delivery, freed, plan } = this.#o
    const pending = delivery.find(slot)
    if (pending === undefined) return
    this.ran.add(worker)
    switch (kind) {
      case NOTICE_OUT: {
        const { text } = plan.program!.outlets[a]!
        delivery.hold(pending, a, frameBatch(crew.frame(b, worker, d), c, text, this.#decoding))
        break
      }
      case NOTICE_DEAD:
        delivery.holdDead(pending, frameBatch(crew.frame(b, worker, d), c, false))
        break
      case NOTICE_FAIL: {
        const frame = crew.frame(b, worker, d)
        const [told] = frame.items() as [Told]
        frame.release()
        delivery.failed(pending, told)
        break
      }
      case NOTICE_STOP: {
        const frame = crew.frame(b, worker, d)
        delivery.stop(pending, frame.items() as Told[])
        frame.release()
        break
      }
      case NOTICE_MORE:
        delivery.rest(pending, worker)
        break
      case NOTICE_CLOSED:
        this.closed = true
        this.#o.closed()
        break
      case NOTICE_DONE:
        this.#done(pending, a, b, c, d)
        freed()
    }
    delivery.poke()
  }

  /** Nobody will say anything of this morsel any more: its worker has died, or it was taken back from the queue. */
  lost(pending: Pending): void {
    this.#done(pending, 0, 0, 0, 0)
  }

  died(death: Death): boolean {
    const { delivery, fail, plan } = this.#o
    // Whatever had run there may have left state behind (partial answers, morsels at rest) that is gone.
    const gone = new Set([...death.running, ...death.pinned, ...death.lost])
    const lost = delivery.pending.filter((p) => !p.done && (gone.has(p.slot) || p.rests === death.worker))
    const stateful = this.ran.has(death.worker) && plan.kernels.some((k) => k.spec.role === 'kernel' && k.spec.parallelism !== 'stateless')
    for (const pending of lost) this.lost(pending)
    const fails = (lost.length > 0 || stateful || !death.replaced) && !delivery.aborted && !(delivery.ended && delivery.size === 0)
    if (fails) {
      const running = lost.find((p) => p.slot === death.current) ?? lost[0]
      const stages = plan.stages.map((stage) => stage.name)
      fail(workerDied(stages, death.code, death.error, running === undefined ? undefined : { base: running.base, count: running.count, file: running.split?.file, start: running.split?.start }))
    }
    delivery.poke()
    return fails
  }

  refused(error: unknown): void {
    this.#o.fail(PipelineError.from(error))
  }

  readonly #decoding = (): void => {
    this.#o.delivery.crossings.decoded++
  }

  #done(pending: Pending, lines: number, micros: number, kib: number, items: number): void {
    this.#o.delivery.done(pending, lines, items)
    this.bytesDone += kib * 1024
    if (pending.count > 0 && micros > 0) {
      const sample = micros / pending.count
      this.microsPerItem = this.microsPerItem === 0 ? sample : this.microsPerItem * 0.7 + sample * 0.3
    }
  }
}

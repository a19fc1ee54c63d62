/**
 * What leaves a worker, and when: results, dead letters, and the ends of splits.
 *
 *     outs, columns, dead letters ── whole frames at once, the rest when it is due ──▶ results.ts ──▶ notice ── wakes, if it is waited for
 *
 * Invariants
 *   R6  results leave when they fill a frame, when the morsel is over, and, if the reader waits for this very morsel, when the
 *       first of them is older than `maxLatencyMs` or something has to be waited for: otherwise they wait for their turn anyway. Lines for
 *       files that appear when they are complete fill their frames, and wake nobody
 *   R8  whoever pushes a notice reads afterwards whether it is waited for; the end of a split that nobody waits for, or that has made
 *       nothing that is waited for while enough other splits lie ready, wakes nobody. So does one that rests: its turn comes when the
 *       loop, which may not have heard that the one before it is over, looks again, at the latest when few splits lie ready
 * Called by remote.ts, on worker threads. Touches the words that the caller's loop shares with the task (protocol.ts).
 */
import { load } from '../../atomic/park.ts'
import type { Arena } from '../../frame/arena.ts'
import {
  INPUT_SPLIT, NOTICE_DEAD, NOTICE_DONE, NOTICE_FAIL, NOTICE_MORE, NOTICE_OUT, NOTICE_STOP, STOP_ABORT, WORD_BEGUN, WORD_INPUT, WORD_SENT, WORD_STOP,
  WORD_WANTED, type FromWorker
} from '../protocol.ts'
import { tell } from '../told.ts'
import { placeOf } from '../uncloneable.ts'
import { Fatal, type RemoteLoop, type RemoteTask } from './remote-task.ts'
import { createResults, type Results, type ResultsOptions, type Sent } from './results.ts'

/** What the driver of a morsel yields: something to wait for, or `'rest'`: results have to be taken first. */
export type Step = Promise<unknown> | 'rest'

export type Emit = (kind: number, slot: number, a: number, b: number, c: number, d: number) => void

export interface LeavingOptions {
  readonly worker: number
  readonly arena: Arena
  /** Whose the morsel in a slot is. */
  readonly taskOf: (slot: number) => RemoteTask | undefined
  /** Tells without waking the caller's loop, and wakes it. */
  readonly whisper: Emit
  readonly nudge: () => void
  readonly post: (message: FromWorker) => void
  readonly now: () => number
}

export interface Leaving {
  /** The morsel whose end is about to be told, behind its last results; -1: none. */
  ending: number
  readonly send: Results['send']
  flush(task: RemoteTask, loop: RemoteLoop, slot: number, sent: Sent, due: Due): Generator<Step, void, unknown>
  flushDue(task: RemoteTask, loop: RemoteLoop, slot: number, sent: Sent, waits?: boolean): Generator<Step, void, unknown>
  isHeld(task: RemoteTask, loop: RemoteLoop): boolean
  tellSplit(task: RemoteTask, slot: number, awaited: boolean, lines: number, micros: number, kib: number, items: number): void
}

/** Dead letters among the outlets. */
const LETTERS = -1
/** What leaves: whole frames; what has waited long enough, too; or everything. */
type Due = 'full' | 'late' | 'all'

/** Nothing of an outlet is seen before the run is over. */
const isPatient = ({ registration: { program } }: RemoteTask, outlet: number): boolean => program.outlets[outlet]!.patient === true

export const createLeaving = ({ worker, arena, taskOf, whisper, nudge, post, now }: LeavingOptions): Leaving => {
  /** The morsel whose end is about to be told, behind its last results. */
  let ending = -1
  /** Results are whispered where nobody waits for them, or where another notice, which wakes, is next (R8). */
  const tellResults: ResultsOptions['emit'] = (kind, slot, a, b, c, d, more = false) => {
    whisper(kind, slot, a, b, c, d)
    if (more || (slot === ending && (kind === NOTICE_OUT || kind === NOTICE_DEAD))) return
    const task = taskOf(slot)
    if (kind === NOTICE_OUT && task !== undefined && isPatient(task, a)) return
    const rests = kind === NOTICE_MORE && task !== undefined && arena.words(slot)[WORD_INPUT] === INPUT_SPLIT
    if (kind === NOTICE_FAIL || task === undefined || isWanted(task, slot) || (rests && isShort(task))) nudge()
  }
  const { send, wholeFrames } = createResults({ worker, arena, emit: tellResults, post, now })

  /** What a frame could not hold is the failure of the stage that made it. */
  const cannotCross = (loop: RemoteLoop, outlet: number, error: unknown): unknown => {
    const place = placeOf(error)
    if (place === undefined) return error
    const { node, batch = loop.batch, base, index } = loop.places.of(outlet, place)
    return new Fatal(tell(node, batch, index, base, undefined, error))
  }

  function* flush(task: RemoteTask, loop: RemoteLoop, slot: number, sent: Sent, due: Due): Generator<Step, void, unknown> {
    const { outs, columns } = loop.instance
    for (let outlet = 0; outlet < outs.length; outlet++) {
      const { text, patient = false } = task.registration.program.outlets[outlet]!
      const all = due === 'all' || (due === 'late' && !patient)
      const held = outs[outlet]!
      const numbers = columns[outlet]?.count ?? 0
      const count = held.length + numbers
      const whole = all ? count : wholeFrames(count, outlet, loop.fills)
      if (whole === 0) continue
      if (!patient) sent.awaited = true
      if (numbers > 0) {
        yield* send(NOTICE_OUT, slot, outlet, columns[outlet]!.view(), text, sent, loop.fills)
        loop.places.left(outlet, numbers)
      }
      if (held.length === 0 || (!all && whole <= numbers)) continue
      outs[outlet] = all ? [] : held.splice(whole - numbers)
      try {
        yield* send(NOTICE_OUT, slot, outlet, held, text, sent, loop.fills, task.hints[outlet])
      } catch (error) {
        throw cannotCross(loop, outlet, error)
      }
      loop.places.left(outlet, held.length)
    }
    if (loop.dead.length > 0 && (due !== 'full' || wholeFrames(loop.dead.length, LETTERS, loop.fills) > 0)) {
      const letters = loop.dead
      loop.dead = []
      sent.awaited = true
      yield* send(NOTICE_DEAD, slot, LETTERS, letters, false, sent, loop.fills)
    }
    if (due === 'full' || loop.stops.length === 0) return
    sent.awaited = true
    yield* send(NOTICE_STOP, slot, 0, loop.stops.splice(0), false, sent, new Map())
  }

  /** Whether the outlets hold something that has to leave in time. */
  const isHeld = (task: RemoteTask, { instance: { outs, columns }, dead }: RemoteLoop): boolean =>
    dead.length > 0 || outs.some((out, outlet) => out.length > 0 && !isPatient(task, outlet)) || columns.some((column) => column !== undefined && column.count > 0)

  /** Whether the caller's loop has nothing to do but to wait for this morsel. */
  const isWanted = (task: RemoteTask, slot: number): boolean => load(task.stop, WORD_WANTED) === slot + 1

  /** Whether the caller's loop should hand out more, or is to end: few splits lie ready. */
  const isShort = ({ stop, registration: { parallelism } }: RemoteTask): boolean =>
    load(stop, WORD_STOP) === STOP_ABORT || load(stop, WORD_SENT) - load(stop, WORD_BEGUN) <= parallelism

  /** Tells that a split is done; wakes the caller's loop if it has something to do then: results, other splits, an end (R8). */
  const tellSplit = (task: RemoteTask, slot: number, awaited: boolean, lines: number, micros: number, kib: number, items: number): void => {
    whisper(NOTICE_DONE, slot, lines, micros, kib, items)
    if (isShort(task) || (awaited && isWanted(task, slot))) nudge()
  }

  /** Sends what should leave now (R6). */
  const flushDue = (task: RemoteTask, loop: RemoteLoop, slot: number, sent: Sent, waits = false): Generator<Step, void, unknown> => {
    const late = waits || now() - loop.since >= task.registration.maxLatencyMs
    return flush(task, loop, slot, sent, late && isWanted(task, slot) ? 'late' : 'full')
  }

  return {
    get ending() {
      return ending
    },
    set ending(slot) {
      ending = slot
    },
    send,
    flush,
    flushDue,
    isHeld,
    tellSplit
  }
}

/**
 * What a run gives to each of its tasks, and what it expects of them. Types only.
 */
import type { Loop, RunContext } from '../graph/spec.ts'
import type { Context } from '../prelude/context.ts'
import type { PlannedStage, TaskPlan } from '../plan/plan.ts'
import type { Weather } from '../prelude/weather.ts'
import type { Edge } from './edges/edge.ts'
import type { DeadLetter } from './failure.ts'
import type { LetterBox } from './letters.ts'
import type { Outlets } from './edges/outlets.ts'

export interface TaskContext {
  readonly plan: TaskPlan
  readonly inlets: readonly Edge[]
  readonly outlets: Outlets
  /** Outlets that only loops read, here or on workers: they take numbers as columns. */
  readonly loops: ReadonlySet<number>
  readonly workers: number
  /** How long an item may wait for company on its way, in milliseconds. */
  readonly maxLatencyMs: number
  /** What `currentContext()` tells the run's functions, in workers too. */
  readonly carried: Context | undefined
  /** Aborted when the run has failed or was cancelled. */
  readonly signal: AbortSignal
  /** Whether `signal` is aborted; to be asked for every batch: a signal is of a shape of its own, which V8 compiles anew for each run. */
  readonly over: () => boolean
  /** The error to throw when `signal` is aborted. */
  readonly cancelled: () => Error
  /** Sources end as if their input had. */
  readonly draining: () => boolean
  readonly deadLetter: (letter: DeadLetter) => void | Promise<void>
  /** A failure has stopped a stage, under its policy; the first one that is told is the one that counts. */
  readonly stopped: (by: DeadLetter) => void
  /** The run's dead letters, for the task that they are the source of. */
  readonly letters: LetterBox
  /** What a test decides of this run. */
  readonly weather: Weather | undefined
  /** The loop that the task is an end of. */
  readonly loop: Loop | undefined
  /** To be called when the task may have become {@link Task.still}, where its inlets do not tell; absent outside of loops. */
  readonly rested: (() => void) | undefined
  /** Ends the run with this error, if it is the first. */
  readonly fail: (error: Error) => void
  /** The context for user-facing code of one of the task's stages. */
  readonly context: (stage: Pick<PlannedStage, 'name' | 'site'>) => RunContext
}

export interface Task {
  /** Runs to its end; rejects when it fails. Everything it opened is closed when it settles. */
  drive(): Promise<void>
  /** The run was cancelled or is draining: whatever waits for the outside should look up. */
  wake(): void
  /** Only a channel can move this task on. */
  readonly stuck: boolean
  /**
   * It will not move before its input does: it waits for a pull, and for nothing else, or it is over. True to fact between turns of the
   * event loop only. For tasks that may stand in a loop.
   */
  readonly still?: boolean
  /** Counters per node (see protocol.ts), for chains. */
  totals?(): Float64Array
  readonly cpuMs: number
  readonly itemsIn: number
}

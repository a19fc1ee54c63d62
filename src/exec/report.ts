/**
 * What a run has counted: per stage, in total, and per output. Plain data; made by counting.ts.
 */
import type { Closed, Observed } from '../graph/source.ts'
import type { FailedItem } from './failure.ts'

/** Counts of one stage, with what workers did ahead of an item that stopped it or a stage behind it. in = out + filtered + skipped + deadLetters + failed for stages that answer at most one item for one. */
export interface StageReport {
  readonly name: string
  readonly kind: string
  readonly lane: 'async' | 'blocking'
  /** Items that entered, and items that left (to every reader the same ones). */
  readonly in: number
  readonly out: number
  /** Items that the stage dropped because that is what it does (`filter`, `take`, `distinct` …). */
  readonly filtered: number
  /** Items dropped by the policy `skip`, and those that a stage of windows dropped because they were late. */
  readonly skipped: number
  readonly deadLetters: number
  readonly failed: number
  /** What the stage knows about itself: the state of a circuit, a limit that adapts. Absent where it knows nothing. */
  readonly gauges?: Readonly<Record<string, number | string>> | undefined
  /**
   * The failure that has ended the stage early, under the policy `stop`; it is counted as `failed`. Absent where none has. With a `stage` it
   * has ended, in a run inside this stage, the first stage that was ended there: this one goes on.
   */
  readonly stopped?: (FailedItem & { readonly stage?: string | undefined }) | undefined
}

/** What has crossed threads, in frames. Few frames for many items: the crossing costs little; more frames: items wait less. */
export interface Crossings {
  /** Items that were handed to workers; what workers read for themselves is not among them. */
  readonly toWorkers: { readonly frames: number; readonly items: number }
  readonly fromWorkers: { readonly frames: number; readonly items: number }
  /** Frames from workers that became items here; the others went on to workers, or into a file, as they were. */
  readonly decoded: number
}

/** What an output of that type leaves in the report: the answer of its sink; nothing where its items are observed. */
export type ResultOf<C> = C extends Observed<unknown> ? undefined : C extends Closed<infer R> ? R : unknown

/** The report of a run: what `run.done` resolves to. `O`: the type of the pipeline's outputs, by name. */
export interface Report<O = unknown> {
  readonly stages: readonly StageReport[]
  /** Dead letters of all stages. */
  readonly deadLetters: number
  /** Items lost to overflow policies, by output or stage. */
  readonly dropped: Readonly<Record<string, number>>
  /** Results of the sinks, by output; `undefined` for `observe()`. Those of dead letters are among them. */
  readonly results: { readonly [K in keyof O]: ResultOf<O[K]> } & Readonly<Record<string, unknown>>
  readonly wallMs: number
  /** CPU time of the whole process during the run, all threads. */
  readonly cpuMs: number
  /** Share of the time that the event loop which called `run` was busy, from 0 to 1: whatever it did, not for this run alone. */
  readonly loopUtilization: number
  readonly crossings: Crossings
  /** Threads of the blocking lane that took part; 0 when the run never left the caller's loop. */
  readonly workers: number
}

/** The same numbers while the run goes on. */
export interface Metrics {
  readonly stages: readonly StageReport[]
  readonly deadLetters: number
  readonly wallMs: number
  /** Progress of sources that know their size; `total` is absent for the others. */
  readonly bytes: { readonly done: number; readonly total: number | undefined }
  /** Items waiting in each channel. */
  readonly queued: Readonly<Record<string, number>>
  /** As in the {@link Report}, so far. */
  readonly loopUtilization: number
  readonly crossings: Crossings
  readonly workers: number
}

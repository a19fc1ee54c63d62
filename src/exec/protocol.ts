/**
 * What the caller's loop and the workers say to each other about tasks: header words of a morsel, notices, messages.
 *
 * Results are for nobody before their morsel is the oldest that has not been delivered ({@link WORD_WANTED}): till then they are whispered, and
 * the caller's loop, which says whose results it waits for before it looks for them, is not woken. A worker pushes, then reads the word.
 *
 * A morsel is an arena slot: the frame in it is the input, its user words say what to do with it. Notices are small
 * integers through the pool's rings; everything that does not fit in integers is a message. What pipelines share with other
 * work on the pool is in runtime/protocol.ts. Shared by pool-task.ts (main thread) and remote.ts (worker). No logic.
 */
import type { Split } from '../graph/spec.ts'
import type { FnRef } from '../ship/address.ts'
import type { CodecRef } from '../ship/describe.ts'
import type { WireError } from '../error/wire.ts'
import type { Context } from '../prelude/context.ts'
import type { AloneFrame } from '../frame/frame.ts'
import type { Program } from '../plan/program.ts'

export { INPUT_ALONE, INPUT_END, INPUT_ITEMS, INPUT_SPLIT, WORD_INPUT, WORD_TASK } from '../runtime/protocol.ts'

/** First word of a notice; the second is the morsel's slot. */
export const NOTICE_OUT = 1 // outlet, out slot (-1: alone, see message), items
export const NOTICE_DONE = 2 // lines of the split, busy microseconds, bytes read (in KiB), items of the split
export const NOTICE_MORE = 3 // the morsel waits until its results have been taken
export const NOTICE_DEAD = 4 // out slot with dead letters (-1: alone)
export const NOTICE_FAIL = 5 // out slot with the failure (-1: alone)
export const NOTICE_CLOSED = 6 // outlets closed from inside: no more input is wanted
export const NOTICE_STOP = 7 // out slot with the failure (-1: alone) that has stopped a stage: what other morsels behind this one say is not heard

/** Frames that a morsel may send before it waits for them to be taken. */
export const FRAMES_PER_MORSEL = 8

/** Words of a task that the caller's loop writes and workers read. */
export const WORD_STOP = 0
/** The slot of the morsel whose results are waited for, plus one; 0 for none. */
export const WORD_WANTED = 1
/** Splits that have been handed out, and, counted by workers, those that have been begun. */
export const WORD_SENT = 2
export const WORD_BEGUN = 3
export const TASK_WORDS = 4

/** Values of the stop word: the run is over and work is to be thrown away; or no more input is to be read. */
export const STOP_ABORT = 1
export const STOP_DRAIN = 2

/** Counters per node, in shared memory; one writer each. */
export const COUNT_IN = 0
export const COUNT_SKIPPED = 1
export const COUNT_DEAD = 2
export const COUNT_FAILED = 3
export const COUNTS_PER_NODE = 4

/** A task, as it travels to every worker. */
export interface Registration {
  readonly type: 'register'
  readonly task: number
  readonly program: Program
  /** It has one state, in one worker. */
  readonly serial: boolean
  /** Workers that may run it at a time. */
  readonly parallelism: number
  readonly fns: readonly Readonly<Record<string, FnRef>>[]
  readonly envs: readonly unknown[]
  readonly codecs: readonly (CodecRef | undefined)[]
  readonly reader: { readonly kind: string; readonly args: Readonly<Record<string, unknown>> } | undefined
  /** Float64 counters: [worker][node][COUNTS_PER_NODE]. */
  readonly counters: SharedArrayBuffer
  /** Int32 words, {@link TASK_WORDS}: {@link WORD_STOP} and those below it. */
  readonly stop: SharedArrayBuffer
  /** How long a result waits for company while its reader waits for it, in milliseconds. */
  readonly maxLatencyMs: number
  /** What `currentContext()` tells the task's functions. */
  readonly context: Context | undefined
}

export type ToWorker =
  | Registration
  | { readonly type: 'unregister'; readonly task: number }
  /** Plain state by node, taken over from the caller's loop: for the worker that owns a serial task. */
  | { readonly type: 'adopt'; readonly task: number; readonly states: readonly object[] }
  | { readonly type: 'alone'; readonly slot: number; readonly frame: AloneFrame }

export type { FromRemote as FromWorker } from '../runtime/protocol.ts'

/** A dead letter or a failure as a worker tells it; the position is relative to the morsel. */
export interface Told {
  readonly node: number
  /** Index of the item in the morsel; -1 at the end of the input. */
  readonly index: number
  /** Line (record) number within the split, 1-based. */
  readonly line: number | undefined
  readonly file: string | undefined
  readonly splitStart: number | undefined
  readonly item: unknown
  /** False: `item` is a preview, as text. */
  readonly whole: boolean
  readonly error: WireError
  /** Calls of the function for this item. */
  readonly attempts: number
}

export type { Split }

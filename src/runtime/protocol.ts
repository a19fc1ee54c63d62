/**
 * What the main thread of a runtime and its workers say to each other: header words of a morsel, notices, messages.
 *
 * A morsel is an arena slot: the frame in it is the input, its user words say what to do with it. Notices are small integers
 * through the pool's rings; what does not fit in integers is a message. Pipelines and blocking jobs share both: a morsel's
 * INPUT word and a notice's kind tell whose it is. Shared by crew.ts, jobs.ts and async-lane.ts (main thread), hands.ts and
 * async-worker.ts (workers) and, for pipelines, exec/. No logic.
 */
import type { MessagePort } from 'node:worker_threads'
import type { Invitation } from '../atomic/threads.ts'
import type { WireError } from '../error/wire.ts'
import type { AloneFrame } from '../frame/frame.ts'
import type { BootData } from '../pool/boot.ts'
import type { FnRef } from '../ship/address.ts'
import type { Parcel } from './parcel.ts'

// ---- morsels ----

/** User words of a slot's header (an arena leaves words 4..15 to its user). */
export const WORD_TASK = 4
export const WORD_INPUT = 5
/** Of a job: its number, its function's number, 0 or the worker that has begun to call it plus 1, and 1 once it is asked to stop. */
export const WORD_JOB = 6
export const WORD_FN = 7
export const WORD_BEGUN = 8
export const WORD_STOP = 9
/** Of a job: JOB_* bits. */
export const WORD_FLAGS = 10

/** Of a job: the number of its task, in two parts. */
export const WORD_ID_HIGH = 11
export const WORD_ID_LOW = 12

/** Values of WORD_INPUT: what the morsel is. */
export const INPUT_ITEMS = 0
/** The frame holds one split, to be read by the worker. */
export const INPUT_SPLIT = 1
/** No more input: flush what the instances hold. */
export const INPUT_END = 2
/** The items travel alone, in a message sent before to the worker that the morsel is pinned to. */
export const INPUT_ALONE = 3
/** A blocking job: the payload holds its arguments, unless they are a parcel. */
export const INPUT_JOB = 4

/** The arguments come by message, when the worker asks for them. */
export const JOB_PARCEL = 1
/** The function is given a context after its arguments: the last element of what arrives is its `env`. */
export const JOB_CONTEXT = 2
/** The payload is text: JSON. */
export const JOB_TEXT = 4

// ---- notices ----

/** Notices of jobs; pipelines have the numbers below. The second word is the morsel's slot. */
export const NOTICE_JOB = 16
/** The worker has begun a job whose arguments are a parcel, and waits for it: the job's number. */
export const NOTICE_WANTS = 16
/** The job has ended: its number, OUTCOME_*, HOW_*, bytes in the payload. */
export const NOTICE_OVER = 17

export const OUTCOME_VALUE = 0
export const OUTCOME_FAILED = 1
export const OUTCOME_CANCELLED = 2

/** Where the outcome is. */
export const HOW_NOTHING = 0
export const HOW_PAYLOAD = 1
export const HOW_MESSAGE = 2
/** In the payload, as text: JSON. */
export const HOW_TEXT = 3

// ---- messages ----

/** A pipeline's task, as far as the crew looks into it; exec/protocol.ts has the rest. */
export interface Registered {
  readonly type: 'register'
  readonly task: number
  readonly program: { readonly nodes: readonly { readonly stage: string }[] }
}

/** The outcome of a call, as it travels. Handles in a value are packed. */
export type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: WireError }
  | { readonly kind: 'cancelled' }

/** The id of what is no task: the function of blockOn. */
export const NO_TASK = 0

/** What a call asks for. */
export type CallKind = 'spawn' | 'spawnBlocking' | 'blockOn'

/** A call that travels: a function and its arguments. */
export interface Call {
  /** Of the task that it is, or {@link NO_TASK}. */
  readonly id: number
  readonly ref: FnRef
  /** A list; with `context`, the last one is the function's `env`. */
  readonly args: Parcel
  readonly context: boolean
  /** As in messages: "spawnBlocking 'parse'". */
  readonly whose: string
}

/** To a worker of the blocking lane, about jobs. */
export type ToHands =
  | { readonly type: 'fn'; readonly fn: number; readonly ref: FnRef }
  | { readonly type: 'parcel'; readonly job: number; readonly args: Parcel }
  | { readonly type: 'yours'; readonly ticket: number; readonly args: Parcel }
  | { readonly type: 'reply'; readonly ticket: number; readonly outcome: Outcome }

/** From a worker of the blocking lane, about jobs, and about calls that are made inside one. */
export type FromHands =
  | { readonly type: 'outcome'; readonly job: number; readonly outcome: Outcome }
  | { readonly type: 'call'; readonly ticket: number; readonly what: CallKind; readonly call: Call }
  | { readonly type: 'abort'; readonly ticket: number; readonly force: boolean }
  /** The worker is blocked until the call has ended; `here`: it can run the job itself. */
  | { readonly type: 'block'; readonly ticket: number; readonly here: boolean }

/** From a worker, about pipelines. */
export type FromRemote =
  | { readonly type: 'ready'; readonly task: number }
  | { readonly type: 'refused'; readonly task: number; readonly error: WireError }
  | { readonly type: 'alone'; readonly slot: number; readonly ticket: number; readonly frame: AloneFrame }

/** To an async worker. */
export type ToAsync =
  | { readonly type: 'run'; readonly id: number; readonly call: Call }
  | { readonly type: 'abort'; readonly id: number }
  | { readonly type: 'reply'; readonly ticket: number; readonly outcome: Outcome }
  | { readonly type: 'end' }

/** From an async worker. */
export type FromAsync =
  | { readonly type: 'hello' }
  | { readonly type: 'over'; readonly id: number; readonly outcome: Outcome }
  | { readonly type: 'call'; readonly ticket: number; readonly what: CallKind; readonly call: Call }
  | { readonly type: 'abort'; readonly ticket: number; readonly force: boolean }

/** What an async worker is started with. */
export interface AsyncBoot extends BootData {
  readonly role: 'async'
  readonly invitation: Invitation
  /** The seat of the thread that started it, to be woken after each message. */
  readonly mainSeat: number
  readonly port: MessagePort
  readonly hooks: Hooks
}

/** Functions that each thread calls as it starts and as it ends. */
export interface Hooks {
  readonly start: FnRef | undefined
  readonly stop: FnRef | undefined
}

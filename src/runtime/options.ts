/**
 * The options of a runtime, checked where they are given: every message names the option.
 */
import { availableParallelism } from 'node:os'
import type { ResourceLimits } from 'node:worker_threads'
import { argumentError } from '../error/pipeline-error.ts'
import { callStays } from '../error/wording-runtime.ts'
import type { FnRef } from '../ship/address.ts'
import { describeFn } from '../ship/describe.ts'
import type { JoinError } from '../task/join-error.ts'
import type { CrewOptions } from './crew.ts'

/** What becomes of a task's failure that nobody awaits. */
export type OnUnhandled = 'report' | 'shutdown' | ((error: JoinError) => void)

/** Options that both kinds of runtime take. */
export interface RuntimeOptions {
  /** Shown in messages and by `dump()`. Default: none. */
  readonly name?: string | undefined
  /**
   * For a failed task whose handle nobody awaits: `'report'` (default) is a process warning, `'shutdown'` shuts the runtime down;
   * a function is called with the JoinError.
   */
  readonly onUnhandled?: OnUnhandled | undefined
  /** Keeps for `dump()` where each task was spawned, at a few microseconds per spawn. Default: false. */
  readonly trackSites?: boolean | undefined
}

export interface MultiThreadOptions extends RuntimeOptions {
  /**
   * Threads of the blocking lane, for pipelines and spawnBlocking. Default: the environment's MILLRACE_WORKERS, or one per
   * core. A whole number from 1 to 128.
   */
  readonly workers?: number | undefined
  /** Event loops of the async lane, at most; each is started when it is needed. Default 1; a whole number from 1 to 32. */
  readonly asyncWorkers?: number | undefined
  /** Name of the threads, as debuggers show it; a function is given the thread's number. Default: `millrace-0` and so on. */
  readonly threadName?: string | ((index: number) => string) | undefined
  /** Called in each thread before it takes work; must be able to travel. A failure keeps the thread from starting. */
  readonly onThreadStart?: (() => unknown) | undefined
  /** Called in each thread before it ends on purpose, once for each start; not in one that dies or is ended by force. */
  readonly onThreadStop?: (() => unknown) | undefined
  /** Stack of each thread, in MiB. Default 4. */
  readonly stackSizeMb?: number | undefined
  /** Heap of each thread, in MiB; one that needs more dies, with what it runs. Default: Node's, a part of the machine's memory. */
  readonly maxHeapMb?: number | undefined
  /** After how long without work the threads of the blocking lane end, in milliseconds; they start anew with the next. Default: never. */
  readonly keepAliveMs?: number | undefined
  /** Of the workers' random choices (whom to steal from): the same seed repeats them. Default 0; a whole number. */
  readonly seed?: number | undefined
}

export interface CurrentThreadOptions extends RuntimeOptions {
  /** `'paused'`: time moves only when everything waits for it, or by `time.advance()`. Default `'real'`. */
  readonly time?: 'real' | 'paused' | undefined
}

const MAX_WORKERS = 128

const integer = (what: string, value: number | undefined, from: number, to: number, remedy: string): void => {
  if (value === undefined || (Number.isInteger(value) && value >= from && value <= to)) return
  throw argumentError('range', `${what} must be a whole number from ${from} to ${to}`, `got ${String(value)}`, remedy)
}

const positive = (what: string, value: number | undefined, remedy: string): void => {
  if (value === undefined || (typeof value === 'number' && value > 0 && Number.isFinite(value))) return
  throw argumentError('range', `${what} must be a positive number`, `got ${String(value)}`, remedy)
}

/** Threads of a blocking lane of which nobody has said how many: MILLRACE_WORKERS, or one per core. */
export const defaultWorkers = (): number => {
  const text = process.env['MILLRACE_WORKERS']
  if (text === undefined || text === '') return Math.min(MAX_WORKERS, availableParallelism())
  integer('the environment variable MILLRACE_WORKERS', /^\d+$/.test(text) ? Number(text) : NaN, 1, MAX_WORKERS, 'unset it for one per core')
  return Number(text)
}

const checkCommon = (where: string, { name, onUnhandled, trackSites }: RuntimeOptions): void => {
  if (name !== undefined && (typeof name !== 'string' || name.trim() === '')) {
    throw argumentError('type', `${where}: name must be a string that is not blank`, `got ${JSON.stringify(name)}`, 'leave it out for none')
  }
  if (onUnhandled !== undefined && onUnhandled !== 'report' && onUnhandled !== 'shutdown' && typeof onUnhandled !== 'function') {
    throw argumentError('type', `${where}: onUnhandled must be 'report', 'shutdown' or a function`, `got ${String(onUnhandled)}`, "leave it out for 'report'")
  }
  if (trackSites !== undefined && typeof trackSites !== 'boolean') {
    throw argumentError('type', `${where}: trackSites must be a boolean`, `got ${String(trackSites)}`, 'leave it out for false')
  }
}

const known = (where: string, options: object, names: readonly string[]): void => {
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) throw argumentError('type', `${where}: there is no option '${name}'`, `it takes ${names.join(', ')}`, 'check the spelling')
  }
}

const COMMON = ['name', 'onUnhandled', 'trackSites']

const hookOf = (name: string, fn: (() => unknown) | undefined): FnRef | undefined => {
  if (fn === undefined) return undefined
  if (typeof fn !== 'function') throw argumentError('type', `Runtime.multiThread: ${name} must be a function`, `got ${typeof fn}`, 'leave it out for none')
  const found = describeFn(fn)
  if (found._tag === 'Left') throw callStays(`Runtime.multiThread: ${name}`, found.left.reason, found.left.remedy)
  return found.right
}

const nameOf = (threadName: MultiThreadOptions['threadName']): ((index: number) => string) | undefined => {
  if (threadName === undefined || typeof threadName === 'function') return threadName
  if (typeof threadName === 'string' && threadName.trim() !== '') return (index) => `${threadName}-${index}`
  throw argumentError('type', 'Runtime.multiThread: threadName must be a string that is not blank, or a function', `got ${JSON.stringify(threadName)}`, 'leave it out for millrace-0 and so on')
}

/** Checked options of a multi-thread runtime, as its threads need them. */
export const crewOptions = (options: MultiThreadOptions): CrewOptions => {
  const where = 'Runtime.multiThread'
  known(where, options, [...COMMON, 'workers', 'asyncWorkers', 'threadName', 'onThreadStart', 'onThreadStop', 'stackSizeMb', 'maxHeapMb', 'keepAliveMs', 'seed'])
  checkCommon(where, options)
  const { workers, asyncWorkers, threadName, onThreadStart, onThreadStop, stackSizeMb, maxHeapMb, keepAliveMs, seed } = options
  integer(`${where}: workers`, workers, 1, MAX_WORKERS, 'use Runtime.currentThread() for none')
  integer(`${where}: asyncWorkers`, asyncWorkers, 1, 32, 'leave it out for 1, which starts when it is needed')
  positive(`${where}: stackSizeMb`, stackSizeMb, 'leave it out for 4')
  positive(`${where}: maxHeapMb`, maxHeapMb, "leave it out for Node's default")
  positive(`${where}: keepAliveMs`, keepAliveMs, 'leave it out to keep the threads warm')
  integer(`${where}: seed`, seed, -(2 ** 31), 2 ** 32, 'leave it out for 0')
  const limits: ResourceLimits = {
    ...(stackSizeMb === undefined ? {} : { stackSizeMb }),
    ...(maxHeapMb === undefined ? {} : { maxOldGenerationSizeMb: maxHeapMb })
  }
  return {
    workers: workers ?? defaultWorkers(),
    asyncWorkers,
    threadName: nameOf(threadName),
    limits,
    seed,
    keepAliveMs,
    hooks: { start: hookOf('onThreadStart', onThreadStart), stop: hookOf('onThreadStop', onThreadStop) }
  }
}

/** Checks the options of a current-thread runtime. */
export const checkCurrentThread = (options: CurrentThreadOptions): void => {
  const where = 'Runtime.currentThread'
  known(where, options, [...COMMON, 'time'])
  checkCommon(where, options)
  const { time } = options
  if (time !== undefined && time !== 'real' && time !== 'paused') {
    throw argumentError('type', `${where}: time must be 'real' or 'paused'`, `got ${String(time)}`, "leave it out for 'real'")
  }
}

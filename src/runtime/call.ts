/**
 * From what a user gives to what travels: a function and its arguments as a call.
 *
 *   spawnBlocking(fn, ...args)                  fn(...args)
 *   spawnBlocking({ fn, env, name }, ...args)   fn(...args, { env, signal })
 *
 * Called by runtime.ts and spawn.ts, on every kind of thread.
 */
import { argumentError } from '../error/pipeline-error.ts'
import { callStays } from '../error/wording-runtime.ts'
import { addressOf, type FnRef } from '../ship/address.ts'
import { describeFn } from '../ship/describe.ts'
import type { BlockingSignal } from './blocking-signal.ts'
import { wrap } from './parcel.ts'
import type { Call, CallKind } from './protocol.ts'

/** What a function is given after its arguments when it was given as `{ fn }`. */
export interface JobContext<E> {
  /** A copy of the `env`; handles in it are handles of the same things. */
  readonly env: E
  readonly signal: BlockingSignal
}

/** The same for an asynchronous function. */
export interface AsyncContext<E> {
  readonly env: E
  readonly signal: AbortSignal
}

/** What both forms of a call may say. */
export interface CallOptions {
  /** Shown in messages and by `dump()`. Default: the function's name. */
  readonly name?: string | undefined
  /** Aborts the task, with its reason. */
  readonly signal?: AbortSignal | undefined
}

/** A function with what it needs from around it, given by name. */
export interface Job<A extends readonly unknown[], R, E> extends CallOptions {
  readonly fn: (...args: [...A, JobContext<E>]) => R
  /** Values that the function needs: plain data, shared memory, handles. */
  readonly env?: E | undefined
}

/** The same for an asynchronous function. */
export interface AsyncJob<A extends readonly unknown[], R, E> extends CallOptions {
  readonly fn: (...args: [...A, AsyncContext<E>]) => R
  readonly env?: E | undefined
}

/** A function, or {@link Job} or {@link AsyncJob}. */
export type Work = ((...args: never[]) => unknown) | (CallOptions & { readonly fn: (...args: never[]) => unknown; readonly env?: unknown })

/** Descriptions by function, and by source: a closure that is made anew for each call is parsed once. */
const byFn = new WeakMap<object, FnRef>()
const bySource = new Map<string, FnRef>()
/** Sources that are remembered; text that is generated without end should not stay. */
const SOURCES = 4096

const refOf = (fn: (...args: never[]) => unknown, whose: string): FnRef => {
  const known = byFn.get(fn)
  if (known !== undefined) return known
  const text = addressOf(fn) === undefined ? Function.prototype.toString.call(fn) : undefined
  let ref = text === undefined || text.endsWith('{ [native code] }') ? undefined : bySource.get(text)
  if (ref === undefined) {
    const found = describeFn(fn)
    if (found._tag === 'Left') throw callStays(whose, found.left.reason, found.left.remedy)
    ref = found.right
    if (text !== undefined && ref.type === 'source' && !text.endsWith('{ [native code] }')) {
      if (bySource.size >= SOURCES) bySource.clear()
      bySource.set(text, ref)
    }
  }
  byFn.set(fn, ref)
  return ref
}

const show = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value === 'string' ? `'${value}'` : typeof value)

/** An AbortSignal, or what does as one: that of a polyfill, of another realm. */
const isSignal = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && typeof (value as Partial<AbortSignal>).aborted === 'boolean' && typeof (value as Partial<AbortSignal>).addEventListener === 'function'

/** Options of a spawn, checked before there is a task: one that nobody can stop or name must not begin. */
export const checkOptions = (kind: CallKind, options: CallOptions & { readonly on?: unknown; readonly args?: unknown }): void => {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw argumentError('type', `${kind}: the options must be an object`, `got ${show(options)}`, 'leave them out for none')
  }
  const { name, signal, on, args } = options
  if (name !== undefined && typeof name !== 'string') throw argumentError('type', `${kind}: name must be a string`, `got ${show(name)}`, 'leave it out for none')
  if (signal !== undefined && !isSignal(signal)) {
    throw argumentError('type', `${kind}: signal must be an AbortSignal`, `got ${show(signal)}`, "give a controller's .signal, or leave it out")
  }
  if (on !== undefined && on !== 'async-worker') throw argumentError('type', `${kind}: on must be 'async-worker'`, `got ${show(on)}`, "leave it out for this thread's event loop")
  if (args !== undefined && !Array.isArray(args)) throw argumentError('type', `${kind}: args must be a list`, `got ${show(args)}`, 'give the arguments as [...]')
}

/** The parts of a call as the user gave them, checked. */
export const partsOf = (kind: CallKind, work: Work): { readonly fn: (...args: never[]) => unknown; readonly options: CallOptions; readonly env: readonly [unknown] | undefined } => {
  if (typeof work === 'function') return { fn: work, options: {}, env: undefined }
  const given = work as Partial<typeof work> | null | undefined
  if (typeof given?.fn !== 'function') {
    throw argumentError('type', `${kind}: needs a function, or { fn }`, `got ${work === null ? 'null' : typeof work}`, `call it as in ${kind}(fn, ...args)`)
  }
  checkOptions(kind, given)
  return { fn: given.fn, options: given, env: [given.env] }
}

/** The name of what runs: that of the options, else the function's own, unless it is the property that it was given by. */
export const nameOf = (work: Work): string | undefined => {
  if (typeof work === 'function') return work.name === '' ? undefined : work.name
  return work.name ?? (work.fn.name === '' || work.fn.name === 'fn' ? undefined : work.fn.name)
}

/** How a call is called in messages. */
export const whoseOf = (kind: CallKind, name: string | undefined): string => (name === undefined ? kind : `${kind} '${name}'`)

/**
 * A call that can travel. Throws ERR_MILLRACE_ARGUMENT, ERR_MILLRACE_NOT_PORTABLE (the function), ERR_MILLRACE_NOT_CLONEABLE (an
 * argument), or what a handle among the arguments throws.
 */
export const callOf = (kind: CallKind, work: Work, args: readonly unknown[], id: number): Call => {
  const { fn, env } = partsOf(kind, work)
  const whose = whoseOf(kind, nameOf(work))
  const ref = refOf(fn, whose)
  return { id, ref, args: wrap(env === undefined ? args : [...args, ...env], 'arguments', whose), context: env !== undefined, whose }
}

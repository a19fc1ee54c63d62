/**
 * Addresses: how a function (or codec) is named so that another thread finds it.
 *
 * The registry of "this value has this address" and "this module declared these names" is one per thread, not one per copy
 * of this file: in a build the worker's own program and the door that a user's module imports are two bundles, and what
 * one of them registers the other must find. Hence a global symbol, with the layout's version in it: copies that do not
 * understand each other do not see each other.
 * Called by portable.ts and from-module.ts (which write), describe.ts and resolve.ts (which read). Imports nothing.
 */

/** A name in a module: registered there by `portable`, or exported. */
export interface ModuleRef {
  readonly type: 'module'
  /** Absolute. */
  readonly url: string
  readonly name: string
  /** Of the source, where both threads are sure to see the same text. */
  readonly hash?: string | undefined
  readonly how: 'portable' | 'export'
}

/** A self-contained expression. */
export interface SourceRef {
  readonly type: 'source'
  readonly text: string
  /** For stack traces. */
  readonly name: string
}

/** How a function reaches a worker; plain data. */
export type FnRef = ModuleRef | SourceRef

/** What `portable` was told about one name of a module. */
export interface Declaration {
  readonly value: object
  readonly hash: string | undefined
  /** Identity of the module's evaluation; see portable.ts. */
  readonly evaluation: object
  readonly print: string
  /** `file:line:column` of the declaration, where the stack tells. */
  readonly site: string | undefined
}

export interface Registry {
  /** By module URL and name. */
  readonly modules: Map<string, Map<string, Declaration>>
  readonly addresses: WeakMap<object, ModuleRef>
  /** Stands for the current turn of the event loop, while something has been declared in it. */
  turn: object | undefined
}

const KEY = Symbol.for('millrace.portable')
/** Of {@link Registry} and what it holds. Raise it when their meaning changes. */
const VERSION = 1

/** This thread's registry, made when it is first asked for. */
export const registry = (): Registry => {
  const home = globalThis as { [KEY]?: Record<number, Registry> }
  if (home[KEY] === undefined) Object.defineProperty(globalThis, KEY, { value: {}, configurable: true })
  return (home[KEY]![VERSION] ??= { modules: new Map(), addresses: new WeakMap(), turn: undefined })
}

/** The address of a function or codec, if it has one. */
export const addressOf = (value: object): ModuleRef | undefined => registry().addresses.get(value)

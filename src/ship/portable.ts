/**
 * Declares a function (or codec) that workers find by importing its module.
 *
 *     main thread    portable(meta, 'parse', fn) ── fn has the address (url, 'parse') ──▶ travels as that
 *     worker         import(url) runs the same line ──▶ the registry has 'parse' ──▶ fn, with its module around it
 *
 * Names are explicit: matching by order or by position can pick the wrong function without a word. Two declarations of one
 * name are an error, unless the module is evaluated anew (a reload, a test runner that resets modules): then the newer one
 * stands. What tells the two apart is the evaluation's identity. Node makes one `import.meta` per evaluation, and no bundler
 * or runner's imitation has its null prototype. Where only an imitation, a URL or a string is given, one turn of the event
 * loop counts as one evaluation, and beyond it the place and the source must be the same.
 *
 * Loaded by user modules in workers: imports nothing that takes time.
 */
import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import { argumentError } from '../error/pipeline-error.ts'
import { addressOf, registry, type Declaration } from './address.ts'
import { callerOf, type Caller } from './call-site.ts'
import { coverageCounter, hashOf } from './hash.ts'
import { declaredTwice } from './wording.ts'

/** What can be declared portable: a function, or a codec (an object with `decode`). */
export type Portable = ((...args: never[]) => unknown) | { readonly decode: (input: never) => unknown }

const isNativeMeta = (where: unknown): where is ImportMeta =>
  typeof where === 'object' && where !== null && Object.getPrototypeOf(where) === null

const refuseWhere = (got: string): never => {
  throw argumentError(
    'type', 'portable: the first argument must say which module this is', `got ${got}`, 'pass import.meta, or an absolute URL or path'
  )
}

const urlOfText = (text: string): string => {
  if (isAbsolute(text)) return pathToFileURL(text).href
  return URL.canParse(text) ? new URL(text).href : refuseWhere(JSON.stringify(text))
}

const fromCaller = (caller: Caller): string =>
  caller.url ?? refuseWhere('no URL (import.meta.url is missing, as in a CommonJS bundle), and the call stack names no file')

/**
 * The module's URL. A bundler's `import.meta` may be empty, or name the file that the code came from and not the one that
 * runs: it is believed only if its file is on the stack.
 */
const moduleUrl = (where: unknown, caller: Caller): string => {
  if (where instanceof URL) return where.href
  if (typeof where === 'string') return urlOfText(where)
  if (where !== undefined && where !== null && typeof where !== 'object') return refuseWhere(typeof where)
  const url = (where as { url?: unknown } | null | undefined)?.url
  if (typeof url !== 'string') return fromCaller(caller)
  return isNativeMeta(where) || caller.files.includes(url) ? url : fromCaller(caller)
}

/** Stands for this turn of the event loop. */
const thisTurn = (): object => {
  const home = registry()
  if (home.turn === undefined) {
    home.turn = {}
    queueMicrotask(() => {
      home.turn = undefined
    })
  }
  return home.turn
}

/** What the value is made of, as text. A codec has no source; its name describes its structure. */
const textOf = (value: Portable): string =>
  typeof value === 'function' ? Function.prototype.toString.call(value) : String((value as { name?: unknown }).name)

const check = (name: unknown, value: unknown): void => {
  if (typeof name !== 'string' || name === '') {
    const remedy = "pass the name as in portable(import.meta, 'parse', fn)"
    throw argumentError('type', 'portable: the name must be a string that is not empty', `got ${typeof name}`, remedy)
  }
  const codec = typeof value === 'object' && value !== null && typeof (value as { decode?: unknown }).decode === 'function'
  if (typeof value !== 'function' && !codec) {
    const got = value === null ? 'null' : typeof value
    throw argumentError('type', `portable: '${name}' must be a function or a codec`, `got ${got}`, 'pass the function itself')
  }
  if (addressOf(value)?.how === 'export') {
    throw argumentError('type', `portable: '${name}' is a placeholder of fromModule`, 'it has an address already', 'pass it to the stage as it is')
  }
}

/**
 * Makes `value` portable and answers it: workers import the module that declares it and find it by `name`, with the
 * module's imports and top-level values around it.
 *
 * **When to use**  for functions that need more than their parameters; for codecs with functions of their own
 * **Shape**        `where` is `import.meta`, or an absolute URL or path; call it at the module's top level
 * **Cost**         once, a few microseconds; the function itself is not wrapped
 * **Errors**       throws `ERR_MILLRACE_ARGUMENT` when the module has declared the name already
 * @example
 * export const parse = portable(import.meta, 'parse', (line: string) => line.split(separator))
 */
export const portable = <F extends Portable>(where: ImportMeta | URL | string, name: string, value: F): F => {
  check(name, value)
  const caller = callerOf(portable)
  const url = moduleUrl(where, caller)
  const native = isNativeMeta(where)
  const evaluation = native ? where : thisTurn()
  const text = textOf(value)
  const print = hashOf(text)
  const { modules, addresses } = registry()
  const names = modules.get(url) ?? new Map<string, Declaration>()
  const first = names.get(name)
  if (first !== undefined) {
    const anew = first.evaluation !== evaluation && (native || (first.print === print && first.site === caller.site))
    if (!anew) throw declaredTwice(url, name, first.site)
  }
  // A source that was rewritten on the way (by a test runner, by a coverage tool) need not be the worker's.
  const hash = native && coverageCounter(text) === undefined ? print : undefined
  modules.set(url, names.set(name, { value, hash, evaluation, print, site: caller.site }))
  addresses.set(value, { type: 'module', url, name, how: 'portable', ...(hash === undefined ? {} : { hash }) })
  return value
}

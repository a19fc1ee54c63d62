/**
 * Functions of a module that the main thread does not load: placeholders that carry an address, typed by the module.
 *
 * A placeholder has nothing to call. So a stage with one must not begin on the caller's loop: `isRemoteOnly` tells the
 * planner, and where there are no workers (or the stage is declared for the loop) `loadHere` imports the module after all.
 * Called by users; the two helpers by plan/ and exec/.
 */
import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import { argumentError } from '../error/pipeline-error.ts'
import { addressOf, registry } from './address.ts'
import type { Portable } from './portable.ts'
import { fromModuleCalled, moduleFailed, notExported } from './wording.ts'

/** The exports of a module that can be given to stages: its functions and codecs. */
export type FromModule<M> = { readonly [K in keyof M as M[K] extends Portable ? K : never]: M[K] }

const absolute = (url: URL | string): string => {
  if (url instanceof URL) return url.href
  if (typeof url === 'string' && isAbsolute(url)) return pathToFileURL(url).href
  if (typeof url === 'string' && URL.canParse(url)) return new URL(url).href
  const remedy = "pass new URL('./work.js', import.meta.url)"
  throw argumentError('type', 'fromModule: the module must be given by an absolute URL or path', `got ${url}`, remedy)
}

const placeholder = (url: string, name: string): object => {
  const refuse = (): never => {
    throw fromModuleCalled(url, name)
  }
  // It may stand for a codec as well, so it has what is called on one.
  Object.assign(refuse, { decode: refuse, validate: refuse })
  Object.defineProperty(refuse, 'name', { value: name })
  registry().addresses.set(refuse, { type: 'module', url, name, how: 'export' })
  return refuse
}

/**
 * The functions and codecs that a module exports, for stages, without loading the module here: workers load it.
 *
 * **When to use**  for code that is slow to load, or must not be evaluated in the main thread
 * **Errors**       calling one here throws `ERR_MILLRACE_FROM_MODULE`; a name that the module does not export is an error
 *                  before the first item moves
 * @example
 * const work = fromModule<typeof import('./work.js')>(new URL('./work.js', import.meta.url))
 * source.pipe(map(work.parse))
 */
export const fromModule = <M>(url: URL | string): FromModule<M> => {
  const href = absolute(url)
  const made = new Map<string, object>()
  const get = (_: object, name: string | symbol): object | undefined => {
    // A symbol is asked for by the language or by a printer; `then` by `await`, and `toJSON` by JSON, which would call it.
    if (typeof name === 'symbol' || name === 'then' || name === 'toJSON') return undefined
    let found = made.get(name)
    if (found === undefined) made.set(name, (found = placeholder(href, name)))
    return found
  }
  return new Proxy(Object.create(null) as object, { get, set: () => false }) as FromModule<M>
}

/** Whether a function or codec is a placeholder of `fromModule`: it can be called in workers only. */
export const isRemoteOnly = (fn: object): boolean => addressOf(fn)?.how === 'export'

/** The function itself: for a placeholder of `fromModule` its module is imported into this thread. */
export const loadHere = async <F extends object>(fn: F): Promise<F> => {
  const address = addressOf(fn)
  if (address?.how !== 'export') return fn
  const { url, name } = address
  const module = await import(/* webpackIgnore: true */ /* @vite-ignore */ url).catch((cause: unknown) => {
    throw moduleFailed(url, name, cause)
  }) as Record<string, unknown>
  const found = module[name]
  if (typeof found !== 'function' && (typeof found !== 'object' || found === null)) throw notExported(url, name, Object.keys(module))
  return found as F
}

/**
 * The worker's side: from addresses and descriptions back to functions and checkers.
 *
 *     module   import(url) ──▶ the registry that portable has filled, or the module's exports ──▶ same source?
 *     source   compiled once per text, as strict code
 *     shape    compiled by check.ts
 *
 * Everything is found and compiled before the first item moves; what is not there is an error that says what is. Called by
 * exec/worker/remote.ts and runtime/. Loads nothing of the user's but the modules that are named: no acorn, io-ts, fp-ts or rxjs.
 */
import { evaluate } from '../prelude/evaluate.ts'
import { registry, type FnRef, type ModuleRef, type SourceRef } from './address.ts'
import { compileChecker, type Checker } from './check.ts'
import { validatorOf } from './codec.ts'
import type { CodecRef } from './describe.ts'
import { shims } from './shims.ts'
import { moduleFailed, notACodec, notAFunction, notCompiled, notExported, notRegistered, stale } from './wording.ts'

type Fn = (...args: never[]) => unknown

const LOAD = Symbol.for('millrace.load')

/** How this thread loads a module: what started it may know better than `import` (pool/boot.ts). */
const loader = (): ((url: string) => Promise<unknown>) =>
  (globalThis as { [LOAD]?: (url: string) => Promise<unknown> })[LOAD] ?? ((url) => import(/* webpackIgnore: true */ /* @vite-ignore */ url))

const load = async ({ url, name }: ModuleRef): Promise<Record<string, unknown>> => {
  try {
    return (await loader()(url)) as Record<string, unknown>
  } catch (cause) {
    throw moduleFailed(url, name, cause)
  }
}

const isValue = (value: unknown): value is object => typeof value === 'function' || (typeof value === 'object' && value !== null)

const fromModule = async (ref: ModuleRef): Promise<object> => {
  const { url, name, hash, how } = ref
  const module = await load(ref)
  if (how === 'export') {
    const value = module[name]
    if (!isValue(value)) throw notExported(url, name, Object.keys(module))
    return value
  }
  const names = registry().modules.get(url)
  const found = names?.get(name)
  if (found === undefined) throw notRegistered(url, name, [...(names?.keys() ?? [])])
  if (hash !== undefined && found.hash !== undefined && hash !== found.hash) throw stale(url, name)
  return found.value
}

const compiled = new Map<string, Fn>()

const fromSource = ({ text, name }: SourceRef): Fn => {
  let fn = compiled.get(text)
  if (fn === undefined) {
    const label = name.replace(/[^\w$.-]+/g, '_')
    const body = `'use strict'; return (${text}\n)`
    try {
      fn = evaluate(Object.keys(shims), body, `inline-${label === '' ? 'fn' : label}`)(...Object.values(shims)) as Fn
    } catch (cause) {
      throw notCompiled(name, cause)
    }
    compiled.set(text, fn)
  }
  return fn
}

/** The function that `ref` stands for, in this thread. Rejects when it is not there, or is another one. */
export const resolveFn = async (ref: FnRef): Promise<Fn> => {
  const fn = ref.type === 'source' ? fromSource(ref) : await fromModule(ref)
  if (typeof fn !== 'function') throw notAFunction(ref.name)
  return fn as Fn
}

/** The checker that `ref` stands for, in this thread. */
export const resolveChecker = async (ref: CodecRef): Promise<Checker> => {
  if ('shape' in ref) return compileChecker(ref.shape)
  if (ref.ref.type === 'source') throw notACodec(ref.ref.name)
  const codec = await fromModule(ref.ref)
  if (typeof (codec as { decode?: unknown }).decode !== 'function') throw notACodec(ref.ref.name)
  return validatorOf(codec)
}

/** As {@link resolveFn}, when nothing has to be loaded for it; `undefined` when something has. Throws as it rejects. */
export const resolveFnNow = (ref: FnRef): Fn | undefined => {
  if (ref.type === 'source') return fromSource(ref)
  const found = registry().modules.get(ref.url)?.get(ref.name)
  if (ref.how === 'export' || found === undefined || typeof found.value !== 'function') return undefined
  if (ref.hash !== undefined && found.hash !== undefined && ref.hash !== found.hash) throw stale(ref.url, ref.name)
  return found.value as Fn
}

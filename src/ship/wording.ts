/**
 * The wording of what goes wrong when a function is declared portable, or is looked for in a worker.
 * Called by portable.ts, from-module.ts and resolve.ts. Every message says what was wrong, where, and what to do.
 */
import { ownCode, PipelineError } from '../error/pipeline-error.ts'
import { say } from '../error/say.ts'

const list = (names: readonly string[]): string => (names.length === 0 ? 'nothing' : names.slice(0, 12).map((n) => `'${n}'`).join(', '))

/** A module that a worker needs cannot be imported. A code of millrace's own in the cause says more, and stays. */
export const moduleFailed = (url: string, name: string, cause: unknown): PipelineError =>
  new PipelineError({
    code: ownCode(cause) ?? 'ERR_MILLRACE_MODULE_FAILED',
    message: `the module of '${name}' could not be imported: ${url}: ${say(cause)}. A worker evaluates this module by itself: see that it is there at run time, that the loader it needs is given by --import, and that it runs without the rest of the program`,
    cause
  })

export const notRegistered = (url: string, name: string, registered: readonly string[]): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_FUNCTION_NOT_FOUND',
    message: `'${name}' is not declared by ${url} when a worker imports it; declared there: ${list(registered)}. Call portable at the top level of its module, unconditionally; in a single-file bundle import that module statically, or let the bundler split chunks`
  })

export const notExported = (url: string, name: string, exported: readonly string[]): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_FUNCTION_NOT_FOUND',
    message: `${url} has no export '${name}' that is a function or a codec; it exports ${list(exported)}. Correct the name, or export it`
  })

export const stale = (url: string, name: string): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_STALE_FUNCTION',
    message: `'${name}' of ${url} has another source in the worker than in the main thread: the file was changed or rebuilt while the program ran, or one of the two threads has a loader that the other has not. Start the program again; give loaders by --import`
  })

export const notCompiled = (name: string, cause: unknown): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_FUNCTION_INVALID',
    message: `the source of '${name}' could not be compiled in the worker: ${say(cause)}. Declare it with portable(import.meta, 'name', fn)`,
    cause
  })

export const notACodec = (name: string): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_FUNCTION_NOT_FOUND',
    message: `'${name}' is not a codec in the worker: it has no decode. Give portable the codec itself`
  })

export const notAFunction = (name: string): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_FUNCTION_NOT_FOUND',
    message: `'${name}' is not a function in the worker. Give portable the function itself`
  })

/** A placeholder of fromModule was called where its module is not loaded. */
export const fromModuleCalled = (url: string, name: string): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_FROM_MODULE',
    message: `'${name}' of fromModule(${url}) runs in workers only and was called in a thread that has not loaded the module. Give it to a synchronous stage (map, filter, …), or import the module to call it here`
  })

const again = (site: string | undefined): string => (site === undefined ? '' : `, first at ${site}`)

export const declaredTwice = (url: string, name: string, first: string | undefined): TypeError =>
  Object.assign(
    new TypeError(
      `portable: '${name}' is declared twice in ${url}${again(first)}. Names are unique in a module, and in a bundle of several modules in one file: give one of them another name`
    ),
    { code: 'ERR_MILLRACE_ARGUMENT' }
  )

/**
 * How a thread comes to run the worker's program: its text, its flags, and the TypeScript loader it may need.
 *
 * A few lines are evaluated, so that no bundler has to find a file. In the sources they load the worker's URL. In a build the whole
 * worker is a text of CommonJS, which they find in memory that all threads share and compile: a long text that Node itself evaluates
 * is parsed twice, and costs each thread 5 MB and some 10 ms more. Worker threads that are evaluated do not inherit tsx's
 * hooks, so the lines register tsx themselves, found from the program that uses us: its hook for `require` at once,
 * which works in the thread; that for `import` only when a module cannot be required, because each such registration
 * starts one more thread (about 22 MB and 40 ms, on Node 20).
 * Reads process.argv, execArgv, NODE_OPTIONS. Called by pool.ts.
 */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** Names in stack traces: of the few lines, and of the worker's text. */
const SOURCE_URL = '\n//# sourceURL=millrace-boot.js'
const FILE_NAME = 'millrace-worker.js'

/** What the boot text depends on; given by specs, read from the process otherwise. */
export interface Surroundings {
  readonly execArgv: readonly string[]
  readonly nodeOptions: string
  /** Whether this Node runs TypeScript by itself. */
  readonly stripsTypes: boolean
  readonly script: string | undefined
}

const surroundings = (): Surroundings => ({
  execArgv: process.execArgv,
  nodeOptions: process.env['NODE_OPTIONS'] ?? '',
  stripsTypes: Boolean((process.features as { typescript?: unknown }).typescript),
  script: process.argv[1]
})

const mentionsTsx = (s: Surroundings): string | undefined =>
  [...s.execArgv, ...s.nodeOptions.split(/\s+/)]
    .map((flag) => flag.replace(/^--[a-z-]+=/, ''))
    .find((flag) => /(^|[/\\])tsx([/\\]|$)/.test(flag))

/** Where tsx is, when worker threads need it. */
export interface Tsx {
  /** File that registers it for `require`. */
  readonly cjs: string
  /** URL of what registers it for `import`. */
  readonly esm: string
}

const findTsx = (s: Surroundings, flagged: string | undefined): Tsx | undefined => {
  const url = flagged?.startsWith('file:') === true ? flagged : undefined
  for (const base of [s.script && pathToFileURL(s.script).href, pathToFileURL(`${process.cwd()}/`).href, url, import.meta.url]) {
    if (base === undefined || base === '') continue
    try {
      const { resolve } = createRequire(base)
      // `resolve` answers for `require`; the ES module lies beside it, and it is the one that works when imported.
      return { cjs: resolve('tsx/cjs/api'), esm: pathToFileURL(resolve('tsx/esm/api')).href.replace(/\.cjs$/, '.mjs') }
    } catch {
      // not there: look from the next place
    }
  }
  return undefined
}

/**
 * What a worker thread has to register before anything else, so that it runs the TypeScript that the program runs:
 * nothing, or tsx. An evaluated text runs no `--import` of the flags that it inherits, on any Node.
 * @param builtIn whether the worker's own program is JavaScript
 */
export const loaderOf = (builtIn: boolean, s: Surroundings = surroundings()): Tsx | undefined => {
  const mentioned = mentionsTsx(s)
  return mentioned !== undefined || !(builtIn || s.stripsTypes) ? findTsx(s, mentioned) : undefined
}

/**
 * Loads a module by its URL in a thread that has tsx. TypeScript is required when it can be, and imported when it cannot (it
 * awaits at its top level, or is no plain file); JavaScript is imported.
 * A text, because what compiles this file would add helpers to a function.
 */
const LOAD_WITH = `((tsx) => {
  require(tsx.cjs).register()
  const cannot = (e) => /^ERR_REQUIRE_/.test(e?.code) || /^(TransformError|SyntaxError)$/.test(e?.name)
  let hooks = false
  return async (url) => {
    const { protocol, pathname, search, hash } = new URL(url)
    if (!hooks && protocol === 'file:' && /\\.[cm]?tsx?$/.test(pathname) && search + hash === '') {
      try {
        return require(require('node:url').fileURLToPath(url))
      } catch (e) {
        if (!cannot(e)) throw e
      }
    }
    if (!hooks) (await import(tsx.esm)).register()
    hooks = true
    return import(url)
  }
})`

/** What the boot text expects in a built worker's `workerData`. */
export interface BootData {
  /** The worker's program: text of one byte a character. */
  readonly program?: SharedArrayBuffer | undefined
}

/** By their texts: there is one. */
const programs = new Map<string, SharedArrayBuffer>()

/** The text of a worker's program as all threads share it. */
export const programOf = (text: string | undefined): SharedArrayBuffer | undefined => {
  if (text === undefined) return undefined
  let program = programs.get(text)
  if (program === undefined) {
    program = new SharedArrayBuffer(text.length)
    Buffer.from(program).write(text, 'latin1')
    programs.set(text, program)
  }
  return program
}

/** Compiles what {@link BootData} holds. Modules are loaded by `load`: a text that is compiled has no `import` of its own. */
const RUN = `require('node:vm').compileFunction(
  Buffer.from(require('node:worker_threads').workerData.program).toString('latin1'), ['require'], { filename: '${FILE_NAME}' }
)(require)`

/** The program of a worker thread: loads the worker's URL, or, where it is built in, what its {@link BootData} holds. */
export const bootText = (builtIn: boolean, workerUrl: URL, s: Surroundings = surroundings()): string => {
  const tsx = loaderOf(builtIn || !workerUrl.pathname.endsWith('.ts'), s)
  const load = tsx === undefined ? '(url)=>import(url)' : `${LOAD_WITH}(${JSON.stringify(tsx)})`
  const main = builtIn ? RUN : `load(${JSON.stringify(workerUrl.href)})`
  // Out of the promise, so that it is an uncaught exception under every --unhandled-rejections.
  return `(async()=>{const load=globalThis[Symbol.for('millrace.load')]=${load};return ${main}})().catch((e)=>{setImmediate(()=>{throw e})})${SOURCE_URL}`
}

/** Flags that say what the main thread runs. */
const PROGRAM_FLAGS = new Set(['--input-type', '--eval', '-e', '--print', '-p', '-pe'])
/** Flags with a value, next or after `=`, that say how modules are found and loaded. */
const LOADING_FLAGS = new Set(['--import', '--require', '-r', '--loader', '--experimental-loader', '--conditions', '-C', '--disable-warning', '--unhandled-rejections'])
/** The same without a value, by their beginnings. */
const PLAIN_FLAGS = /^--(?:no-warnings|trace-warnings|enable-source-maps|preserve-symlinks|experimental-|no-experimental-)/

/**
 * Flags for worker threads: `undefined` to inherit all of them, which is what happens unless the main program is a text given on
 * the command line (`-e`, `-p`, `--input-type`): that must not reach a worker (ERR_INPUT_TYPE_NOT_ALLOWED). Then those are named
 * that say how modules are loaded; the others either hold for the whole process (V8's) or are refused when they are named.
 */
export const workerFlags = (execArgv: readonly string[] = process.execArgv): string[] | undefined => {
  const nameOf = (flag: string): string => flag.split('=', 1)[0]!
  if (!execArgv.some((flag) => PROGRAM_FLAGS.has(nameOf(flag)))) return undefined
  const kept: string[] = []
  for (let i = 0; i < execArgv.length; i++) {
    const flag = execArgv[i]!
    if (PLAIN_FLAGS.test(flag) && !LOADING_FLAGS.has(nameOf(flag))) kept.push(flag)
    else if (LOADING_FLAGS.has(nameOf(flag))) kept.push(...(flag.includes('=') ? [flag] : [flag, execArgv[++i] ?? '']))
  }
  return kept
}

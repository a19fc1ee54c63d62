/**
 * How a thread comes to run the worker's program: its text, its flags, and the TypeScript loader it may need.
 *
 * The text is CommonJS and evaluated, so that no bundler has to find a file. With the whole worker as text (a build)
 * that text is it; otherwise a few lines import the worker's URL. Worker threads of Node 20 do not inherit tsx's hooks,
 * so there the lines register tsx first, found from the program that uses us.
 * Reads process.argv, execArgv, NODE_OPTIONS. Called by pool.ts.
 */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** Named in stack traces of the worker's text. */
const SOURCE_URL = '\n//# sourceURL=millrace-worker.js'

const nodeMajor = Number(process.versions.node.split('.')[0])

/** What the boot text depends on; given by specs, read from the process otherwise. */
export interface Surroundings {
  readonly nodeMajor: number
  readonly execArgv: readonly string[]
  readonly nodeOptions: string
  /** Whether this Node runs TypeScript by itself. */
  readonly stripsTypes: boolean
  readonly script: string | undefined
}

const surroundings = (): Surroundings => ({
  nodeMajor,
  execArgv: process.execArgv,
  nodeOptions: process.env['NODE_OPTIONS'] ?? '',
  stripsTypes: Boolean((process.features as { typescript?: unknown }).typescript),
  script: process.argv[1]
})

const mentionsTsx = (s: Surroundings): string | undefined =>
  [...s.execArgv, ...s.nodeOptions.split(/\s+/)]
    .map((flag) => flag.replace(/^--[a-z-]+=/, ''))
    .find((flag) => /(^|[/\\])tsx([/\\]|$)/.test(flag))

/** The URL of `tsx/esm/api` when worker threads need it; `undefined` when they do not, or when there is no tsx. */
export const tsxApi = (workerUrl: URL, s: Surroundings = surroundings()): string | undefined => {
  const mentioned = mentionsTsx(s)
  const inherited = mentioned !== undefined && s.nodeMajor >= 22
  const wanted = mentioned !== undefined || (workerUrl.pathname.endsWith('.ts') && !s.stripsTypes)
  if (!wanted || inherited) return undefined
  const flagged = mentioned?.startsWith('file:') === true ? mentioned : undefined
  const from = [s.script && pathToFileURL(s.script).href, pathToFileURL(`${process.cwd()}/`).href, flagged, import.meta.url]
  for (const base of from) {
    if (base === undefined || base === '') continue
    try {
      // `resolve` answers for `require`; the ES module lies beside it, and it is the one that works when imported.
      return pathToFileURL(createRequire(base).resolve('tsx/esm/api')).href.replace(/\.cjs$/, '.mjs')
    } catch {
      // not there: look from the next place
    }
  }
  return undefined
}

/** The program of a worker thread. */
export const bootText = (workerText: string | undefined, workerUrl: URL, s: Surroundings = surroundings()): string => {
  if (workerText !== undefined) return workerText + SOURCE_URL
  const tsx = tsxApi(workerUrl, s)
  const register = tsx === undefined ? '' : `(await import(${JSON.stringify(tsx)})).register();`
  const load = `await import(${JSON.stringify(workerUrl.href)})`
  // Out of the promise, so that it is an uncaught exception under every --unhandled-rejections.
  return `(async()=>{${register}${load}})().catch((e)=>{setImmediate(()=>{throw e})})${SOURCE_URL}`
}

/** Flags that say what the main thread runs: they take a value, next or after `=`. */
const PROGRAM_FLAGS = new Set(['--input-type', '--eval', '-e', '--print', '-p', '-pe'])

/**
 * Flags for worker threads: `undefined` to inherit, which allows more flags than naming them does. The main program's
 * own text (`-e`, `-p`) and its `--input-type` must not reach a worker (ERR_INPUT_TYPE_NOT_ALLOWED), the rest should.
 */
export const workerFlags = (execArgv: readonly string[] = process.execArgv): string[] | undefined => {
  const kept: string[] = []
  for (let i = 0; i < execArgv.length; i++) {
    const flag = execArgv[i]!
    const name = flag.split('=', 1)[0]!
    if (!PROGRAM_FLAGS.has(name)) kept.push(flag)
    else if (!flag.includes('=') && i + 1 < execArgv.length && !execArgv[i + 1]!.startsWith('-')) i++
  }
  return kept.length === execArgv.length ? undefined : kept
}

/**
 * The wording of what goes wrong while a pipeline is planned and run: one constructor per kind of failure.
 *
 * Called by plan/, operator/ and exec/. Every message says what was wrong, where, and what to do.
 */
import { inspect } from 'node:util'
import { ownCode, PipelineError, type Position } from './pipeline-error.ts'
import { say } from './say.ts'

const at = (site: string | undefined): string => (site === undefined ? '' : ` (declared at ${site})`)

const where = (position: Position | undefined): string => {
  if (position === undefined) return ''
  if (position.file !== undefined && position.line !== undefined) return ` at ${position.file}:${position.line}`
  if (position.file !== undefined) return ` in ${position.file}`
  return position.index < 0 ? ' at the end of the input' : ` at item ${position.index}`
}

/** A user's function threw or rejected. A cause with a code of millrace's own keeps it. */
export const stageFailed = (stage: string, site: string | undefined, position: Position | undefined, cause: unknown): PipelineError => {
  return new PipelineError({
    code: ownCode(cause) ?? 'ERR_MILLRACE_STAGE_FAILED',
    message: `stage '${stage}'${at(site)} failed${where(position)}: ${say(cause)}. Mend the function or the item, or give the stage an onError policy`,
    stage,
    position,
    cause
  })
}

/** What a source reads from threw, or failed by itself. Errors of millrace's own name their place already. */
export const sourceFailed = (stage: string, site: string | undefined, items: number, cause: unknown): PipelineError => {
  if (cause instanceof PipelineError) return cause
  return new PipelineError({
    code: ownCode(cause) ?? 'ERR_MILLRACE_SOURCE_FAILED',
    message: `source '${stage}'${at(site)} failed after ${items} items: ${say(cause)}. See the cause: it comes from what the source reads`,
    stage,
    cause
  })
}

export const sinkFailed = (stage: string, site: string | undefined, items: number, cause: unknown): PipelineError => {
  return new PipelineError({
    code: ownCode(cause) ?? 'ERR_MILLRACE_SINK_FAILED',
    message: `sink '${stage}'${at(site)} failed after ${items} items: ${say(cause)}. See the cause; what a file held before is untouched`,
    stage,
    cause
  })
}

/** What a worker had in hand when it died. */
interface Lost {
  readonly base: number
  readonly count: number
  readonly file: string | undefined
  readonly start: number | undefined
}

export const workerDied = (stages: readonly string[], exit: number, cause: unknown, lost: Lost | undefined): PipelineError => {
  const had =
    lost === undefined
      ? ''
      : lost.file === undefined
        ? `, with items ${lost.base} to ${lost.base + Math.max(0, lost.count - 1)}`
        : `, reading ${lost.file} from byte ${lost.start}`
  const how = cause === undefined ? `exited with code ${exit}` : say(cause)
  return new PipelineError({
    code: 'ERR_MILLRACE_WORKER_DIED',
    message: `a worker died (${how}) while it ran ${stages.join(' → ')}${had}. Look for process.exit, memory that grows, or a native crash in these stages`,
    stage: stages.at(-1),
    position: lost === undefined || lost.file === undefined ? (lost === undefined ? undefined : { index: lost.base }) : { index: -1, file: lost.file },
    cause
  })
}

export const graphInvalid = (stage: string, site: string | undefined, what: string, remedy: string): PipelineError =>
  new PipelineError({ code: 'ERR_MILLRACE_GRAPH_INVALID', message: `stage '${stage}'${at(site)}: ${what}. ${remedy}`, stage })

export const functionStays = (stage: string, site: string | undefined, reason: string, remedy: string): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_NOT_PORTABLE',
    message: `stage '${stage}'${at(site)} has lane: 'blocking', but cannot travel to a worker: ${reason}. ${remedy}`,
    stage
  })

export const cancelledBy = (reason: unknown): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_CANCELLED',
    message: `the run was cancelled${reason === undefined ? '' : `: ${say(reason)}`}. Results so far are partial; files were not replaced`,
    cause: reason
  })

export const deadlock = (edges: readonly string[]): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_GRAPH_INVALID',
    message: `the run waits for itself: ${edges.join(', ')} ${edges.length === 1 ? 'is' : 'are'} full and the other readers of the same source wait for more. Put a buffer before the slow side, or declare the source twice`
  })

/** An item came back to the beginning of a loop whose body has been told that there is no more. */
export const loopEnded = (stage: string, site: string | undefined, item: unknown): PipelineError => {
  const shown = inspect(item, { depth: 1, breakLength: Infinity })
  return new PipelineError({
    code: 'ERR_MILLRACE_LOOP_ENDED',
    message: `stage '${stage}'${at(site)}: an item was to go round again when the body's input had ended, and was not: ${shown.length > 200 ? `${shown.slice(0, 200)}…` : shown}. A stage of the body holds items until its input ends: bound what it holds by time (batch with maxMs), or put it behind the loop`,
    stage
  })
}

export const bufferOverflow = (where_: string, capacity: number): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_BUFFER_OVERFLOW',
    message: `'${where_}' is full: it holds ${capacity} items and its policy is 'fail'. Read faster, raise its capacity, or choose another overflow policy`,
    stage: where_
  })

/** The temporary files of a `sort`. */
export const sortSpillFailed = (stage: string, cause: unknown): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_SORT_SPILL',
    message: `stage '${stage}' could not keep items in temporary files: ${say(cause)}. Make room below os.tmpdir() (TMPDIR chooses it), or raise maxItems`,
    stage,
    cause
  })

export const sortItemStays = (stage: string, cause: unknown): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_NOT_CLONEABLE',
    message: `stage '${stage}' has an item that cannot be kept in a temporary file: ${say(cause)}. Sort plain values, or raise maxItems`,
    stage,
    cause
  })

export const inWorker = (): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_IN_WORKER',
    message: "a pipeline was started inside one of millrace's own workers, by a module that the worker imports for its functions. Guard the program's entry with isMainThread, or move the functions to a module of their own"
  })

export const runtimeClosed = (): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_CLOSED',
    message: 'Runtime.run: the runtime has been shut down and runs nothing any more. Make a new one, or shut it down later'
  })

const warned = new Set<string>()

const warn = (code: string, text: string): void => {
  if (warned.has(text)) return
  warned.add(text)
  process.emitWarning(text, { type: 'MillraceWarning', code })
}

/** One warning per stage and reason. */
export const staysOnLoop = (stage: string, why: string): void => {
  warn('ERR_MILLRACE_STAYS_ON_LOOP', `stage '${stage}' stays on the caller's loop: ${why}. Make its function portable, pass values by env, or say lane: 'async' to silence this`)
}

/** One warning for all stages of a pipeline whose state has no bound; a stage that was declared once, in one place, is told of once. */
export const unboundedState = (stages: readonly { readonly site: string | undefined, readonly text: string }[]): void => {
  const news = stages.filter(({ site, text }) => !warned.has(site ?? text))
  if (news.length === 0) return
  for (const { site, text } of news) warned.add(site ?? text)
  const what = news.length === 1 ? 'a stage remembers more and more' : `${news.length} stages remember more and more`
  warn('MILLRACE_UNBOUNDED_STATE', `${what}: ${news.map(({ text }) => text).join('; ')}`)
}

/** A worker that died without harm to a run: between morsels, by a timer or a promise of the user's. */
export const workerReplaced = (exit: number, cause: unknown): void => {
  const how = cause === undefined ? `exited with code ${exit}` : say(cause)
  warn('ERR_MILLRACE_WORKER_DIED', `a worker died between its tasks (${how}) and was replaced. Look for timers and promises that a stage's function leaves behind`)
}

export const noSubscriber = (output: string): void => {
  warn('ERR_MILLRACE_NO_SUBSCRIBER', `output '${output}' is full and nobody has subscribed to it, so the run waits. Subscribe in the turn that starts the run, or choose another overflow policy`)
}

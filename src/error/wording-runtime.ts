/**
 * The wording of what goes wrong with runtimes and the calls that they run. Called by runtime/.
 */
import { argumentError, PipelineError } from './pipeline-error.ts'
import { say } from './say.ts'

/** An argument or a result that cannot cross threads. */
export const staysHere = (what: string, whose: string, found: { readonly path: string; readonly what: string } | undefined, cause: unknown): PipelineError => {
  const why = found === undefined ? (cause instanceof Error ? cause.message : String(cause)) : `${found.path} is ${found.what}`
  return new PipelineError({
    code: 'ERR_MILLRACE_NOT_CLONEABLE',
    message: `the ${what} of ${whose} cannot cross threads: ${why}. Give and return plain data, shared memory, or handles of millrace/sync; make the rest inside the function`,
    cause
  })
}

export const callStays = (whose: string, reason: string, remedy: string): PipelineError =>
  new PipelineError({ code: 'ERR_MILLRACE_NOT_PORTABLE', message: `${whose}: the function cannot travel to another thread: ${reason}. ${remedy}` })

export const jobPromise = (whose: string): Error =>
  Object.assign(
    new TypeError(`${whose}: the function returned a promise, which a blocking thread cannot wait for. Make it synchronous (blockOn inside it runs asynchronous code), or use spawn`),
    { code: 'ERR_MILLRACE_STAGE_PROMISE' }
  )

export const jobDied = (whose: string, exit: number, cause: unknown): PipelineError => {
  const how = cause === undefined ? `exited with code ${exit}` : say(cause)
  return new PipelineError({
    code: 'ERR_MILLRACE_WORKER_DIED',
    message: `a worker died (${how}) while it ran ${whose}. Look for process.exit, memory that grows, or a native crash in it`,
    cause
  })
}

/** `cause`: why it was, where the runtime did it by itself. */
export const runtimeShutDown = (what: string, cause?: unknown): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_CLOSED',
    message: `${what}: the runtime has been shut down and runs nothing any more. Make a new one, or shut it down later`,
    cause
  })

/** What a running job sees when it asks to be stopped. */
export const jobStopped = (): Error =>
  Object.assign(new Error('the blocking function was asked to stop'), { name: 'AbortError', code: 'ERR_MILLRACE_CANCELLED' })

const wouldBlock = (message: string): PipelineError => new PipelineError({ code: 'ERR_MILLRACE_WOULD_BLOCK_LOOP', message })

export const blockOnAsyncWorker = (): PipelineError =>
  wouldBlock('blockOn: called on the event loop of an async worker, which drives the very tasks that it would wait for. Await the function instead, or call blockOn in a function of spawnBlocking')

export const blockOnTask = (task: number | string): PipelineError =>
  wouldBlock(`blockOn: called inside task ${task}, on the event loop that drives it: everything else on that loop would stop. Await the function instead, or call blockOn in a function of spawnBlocking`)

export const blockOnCurrentThread = (): PipelineError =>
  wouldBlock('blockOn: a currentThread runtime has no thread but the calling one, which would wait for itself. Await the function instead, or use Runtime.multiThread()')

export const joinWaitsForItself = (): PipelineError =>
  wouldBlock('blockingJoin: every blocking worker of the runtime waits for a job that is still queued, so none is left to run it. Use more workers, or await the handles on an event loop')

export const shutdownInside = (): PipelineError =>
  wouldBlock('Runtime.shutdown: called inside a task of the same runtime, which it would wait for. Call it outside, use shutdownBackground(), or shutdown({ timeoutMs: 0 })')

export const inAnotherThread = (what: string): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_IN_WORKER',
    message: `${what}: a runtime was used inside one of millrace's own workers. Use the free functions spawn, spawnBlocking and blockOn there, which ask the runtime that the worker belongs to`
  })

export const noRuntime = (): Error =>
  argumentError('type', 'Runtime.current: there is no current runtime here', 'the code runs outside of its tasks and of enter()', 'use Runtime.tryCurrent(), the default runtime Runtime.shared(), or enter one')

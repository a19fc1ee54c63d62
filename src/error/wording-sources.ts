/**
 * The wording of what goes wrong with sources and sinks in memory. Called by connector/memory/.
 */
import { argumentError, PipelineError } from './pipeline-error.ts'

export const notASource = (got: unknown): Error => {
  const what = got === null ? 'null' : typeof got === 'object' ? `an object of class ${(got as { constructor?: { name?: string } }).constructor?.name ?? 'null'}` : `a ${typeof got}`
  return argumentError(
    'type',
    'from: needs an iterable, an async iterable, an Observable, a Node Readable or a web ReadableStream',
    `got ${what}`,
    'for one value, use from([value])'
  )
}

export const stringAsSource = (): Error =>
  argumentError(
    'type',
    'from: a string would become a source of its characters',
    'got a string',
    'use from([text]) for one item, from([...text]) for characters, fs.lines(path) for a file'
  )

export const sourceUsed = (stage: string, what: string): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_SOURCE_USED',
    message: `source '${stage}': ${what} can be read only once, and has been. Make a new one for each run, or give from() something that begins anew: a list, or an object with [Symbol.iterator]() or [Symbol.asyncIterator]()`,
    stage
  })

export const streamCut = (stage: string): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_SOURCE_CUT',
    message: `source '${stage}': the stream was destroyed before it ended, so its items are not complete. See who destroys it`,
    stage
  })

export const sinkCut = (stage: string): PipelineError =>
  new PipelineError({
    code: 'ERR_MILLRACE_SINK_CUT',
    message: `sink '${stage}': the stream is locked, or was ended or destroyed by somebody else, so not everything is written. Give each run a stream of its own, or see who ends it`,
    stage
  })

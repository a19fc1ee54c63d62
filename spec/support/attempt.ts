/** What a promise or a function fails with, as a value; for assertions on codes. */
import type { PipelineError } from '../../src/index.ts'

/** The error that a promise rejects with; throws when it does not reject. */
export const rejection = async (promise: Promise<unknown>): Promise<PipelineError> => {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    return error as PipelineError
  }
  throw new Error(`expected a rejection, got ${String(value)}`)
}

/** The error that a function throws; throws when it does not. */
export const thrown = (fn: () => unknown): PipelineError => {
  let value: unknown
  try {
    value = fn()
  } catch (error) {
    return error as PipelineError
  }
  throw new Error(`expected a throw, got ${String(value)}`)
}

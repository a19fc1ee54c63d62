/** What a promise or a function fails with, as a value; for assertions on codes. */
import * as assert from 'uvu/assert'
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

/** A declaration that is refused, with the code of arguments. */
export const refused = (make: () => unknown): void => {
  try {
    make()
  } catch (error) {
    assert.is((error as { code?: unknown }).code, 'ERR_MILLRACE_ARGUMENT', String(make))
    return
  }
  assert.unreachable(String(make))
}

/** What a promise or a function fails with, as a value; for assertions on codes. */
import { AssertionError } from 'node:assert'
import * as assert from 'uvu/assert'
import { PipelineError } from '../../src/error/pipeline-error.ts'

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

/** The PipelineError that a promise rejects with; throws when it does not, or with something else. */
export const failure = async (promise: Promise<unknown>): Promise<PipelineError> => {
  const error: unknown = await rejection(promise)
  if (!(error instanceof PipelineError)) throw new Error(`not a PipelineError: ${String(error)}`, { cause: error })
  return error
}

/** What the test kit says of an expectation that has not come true. */
export const unmet = async (promise: Promise<unknown>): Promise<string> => {
  const error: unknown = await rejection(promise)
  assert.instance(error, AssertionError)
  return (error as AssertionError).message
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

/** The code of the error that a function throws. */
export const codeThrown = (fn: () => unknown): unknown => thrown(fn).code

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

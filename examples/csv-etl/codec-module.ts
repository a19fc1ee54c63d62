/** Loading the module that says what a row is, and checking what it exports. Called by ../csv-etl.ts. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as t from 'io-ts'
import type { Combiner } from 'millrace'
import { UsageError } from '../support/usage.ts'
import { columnsOfNumbers } from './stats.ts'

export interface CodecModule {
  readonly row: t.Type<object, unknown>
  readonly aggregate: Combiner<object, unknown, unknown>
}

const isFunction = (value: unknown): boolean => typeof value === 'function'

const isCodec = (value: unknown): value is CodecModule['row'] => {
  const { decode, validate } = (value ?? {}) as Partial<t.Type<unknown>>
  return isFunction(decode) && isFunction(validate)
}

const isCombiner = (value: unknown): value is CodecModule['aggregate'] => {
  const { create, add, combine } = (value ?? {}) as Partial<Combiner<unknown, unknown>>
  return isFunction(create) && isFunction(add) && isFunction(combine)
}

/** Imports a codec module by its path. Throws a UsageError that says what is wrong with it. */
export const loadCodec = async (path: string): Promise<CodecModule> => {
  const module = await (import(pathToFileURL(resolve(path)).href) as Promise<Record<string, unknown>>).catch((cause: unknown) => {
    throw new UsageError(`--codec: cannot import ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  })
  const { row, aggregate = columnsOfNumbers } = module
  if (!isCodec(row)) {
    throw new UsageError(`--codec: ${path} has no export 'row' that is an io-ts codec; see examples/csv-etl/birdstrikes.ts`)
  }
  if (!isCombiner(aggregate)) {
    throw new UsageError(`--codec: the export 'aggregate' of ${path} is no combiner: it needs create, add and combine`)
  }
  return { row, aggregate }
}

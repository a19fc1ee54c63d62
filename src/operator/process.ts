/**
 * Makes the spec of an asynchronous stage, and the sources that read several others. Checks options at declaration.
 *
 * Called by the operators that wait: mapAsync, batch with maxMs, buffer, throttle …, and by those that read several sources.
 */
import type { FunctionOptions, StageOptions } from '../graph/options.ts'
import { Source } from '../graph/source.ts'
import type { ProcessSpec } from '../graph/spec.ts'
import { makeStage } from '../graph/stage.ts'
import { policyOf, sources, stageOptions } from './check.ts'

export const processSpec = (
  kind: string,
  run: ProcessSpec['run'],
  options: FunctionOptions = {},
  args: Readonly<Record<string, unknown>> = {}
): ProcessSpec => {
  stageOptions(kind, options)
  return { role: 'process', kind, args, run, onError: policyOf(kind, options.onError), outlets: 1 }
}

/** The spec of a stage that sends on what comes, and looks at none of it. */
export const passesAll = (spec: ProcessSpec): ProcessSpec => ({ ...spec, reads: [], passes: 'items' })

/** The type of a source's items. */
export type ItemOf<S> = S extends Source<infer A> ? A : never

/** A source that reads all of `inputs`, in the order of its inlets. */
export const joined = <A>(spec: ProcessSpec, inputs: readonly Source<unknown>[], least: number, name?: string): Source<A> => {
  sources(spec.kind, inputs, least)
  return new Source<A>({ stage: makeStage(spec, inputs.map((source) => source.port), name), outlet: 0 })
}

const isOptions = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null || 'port' in value) return false
  const proto: unknown = Object.getPrototypeOf(value)
  return proto === Object.prototype || proto === null
}

/** What an operator over several sources was given: the sources, and the options, if the last argument is a plain object. */
export const inputsOf = <O extends StageOptions>(given: readonly unknown[]): readonly [readonly Source<unknown>[], Partial<O>] => {
  const last = given.at(-1)
  if (!isOptions(last)) return [given as readonly Source<unknown>[], {}]
  return [given.slice(0, -1) as readonly Source<unknown>[], last as Partial<O>]
}

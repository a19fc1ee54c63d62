/**
 * Makes the spec of a synchronous stage, and checks its options at declaration.
 *
 * Called by every kernel operator, so that an operator's file holds only its idea.
 */
import { argumentError } from '../error/pipeline-error.ts'
import type { CpuOptions, OnError, Retry } from '../graph/options.ts'
import type { KernelSpec, UserFunction } from '../graph/spec.ts'
import { callable, policyOf, stageOptions } from './check.ts'

/** Options of synchronous stages that call no function of the user's: there is nothing to try again. */
export interface PlainOptions extends Pick<CpuOptions, 'name' | 'lane'> {
  /** Default `'fail'`. */
  readonly onError?: Exclude<OnError, Retry> | undefined
}

type Extra = Partial<Pick<KernelSpec, 'parallelism' | 'args' | 'codec' | 'outlets' | 'halves' | 'holds' | 'unbounded' | 'keyed' | 'reads' | 'passes'>>

/** A policy without its function, which travels with those of the stage. */
const plain = ({ decide: _, ...retry }: Retry): Retry => retry

/** A spec for kernel `kind` with the user's functions; everything else has the defaults of a stateless stage. */
export const cpu = (
  kind: string,
  fns: Readonly<Record<string, unknown>>,
  options: CpuOptions<unknown>,
  extra: Extra = {}
): KernelSpec => {
  for (const [name, fn] of Object.entries(fns)) callable(kind, name, fn)
  stageOptions(kind, options)
  if (options.lane !== undefined && options.lane !== 'async' && options.lane !== 'blocking') {
    throw argumentError(
      'type',
      `${kind}: lane must be 'async' or 'blocking'`,
      `got ${String(options.lane)}`,
      'leave it out to let the planner choose'
    )
  }
  if (typeof options.onError === 'object' && Object.keys(fns).length === 0) {
    throw argumentError(
      'type',
      `${kind}: onError cannot be a retry`,
      'its answer would be the same again',
      "choose 'fail', 'skip', 'deadLetter' or 'stop'"
    )
  }
  const onError = policyOf(kind, options.onError)
  const decide = typeof onError === 'object' ? onError.decide : undefined
  return {
    role: 'kernel',
    kind,
    parallelism: 'stateless',
    args: {},
    outlets: 1,
    lane: options.lane,
    env: options.env,
    onError: decide === undefined ? onError : plain(onError as Retry),
    ...extra,
    fns: (decide === undefined ? fns : { ...fns, decide }) as Readonly<Record<string, UserFunction>>
  }
}

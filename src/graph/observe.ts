/**
 * The stage behind `observe()`: a bounded buffer between the run and whoever subscribes.
 *
 * The buffer and its policy are exec/'s; here is only their description.
 */
import { knownOptions, type OptionNames } from '../error/known-options.ts'
import { argumentError } from '../error/pipeline-error.ts'
import type { StageOptions } from './options.ts'
import type { SinkSpec } from './spec.ts'

/** What happens to an item that finds the buffer full. */
export type Overflow = 'wait' | 'dropOldest' | 'dropNewest' | 'fail'

export interface ObserveOptions extends StageOptions {
  /** Items held while there is no subscriber, or a slow one. A whole number >= 1. Default 1024. */
  readonly capacity?: number | undefined
  /**
   * `'wait'` (default) holds the run back; `'dropOldest'` and `'dropNewest'` lose items and count them in the report;
   * `'latest'` keeps the newest item only; `'fail'` ends the run.
   */
  readonly overflow?: Overflow | 'latest' | undefined
}

export const OBSERVE = 'observe'

const NAMES: OptionNames<ObserveOptions> = { name: 1, capacity: 1, overflow: 1 }

const POLICIES: readonly unknown[] = ['wait', 'dropOldest', 'dropNewest', 'fail', 'latest']

const check = (options: ObserveOptions): void => {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw argumentError('type', 'observe: options must be an object', `got ${typeof options}`, 'leave them out for the defaults')
  }
  knownOptions('observe', options, NAMES)
  const { capacity, overflow, name } = options
  if (capacity !== undefined && !(Number.isSafeInteger(capacity) && capacity >= 1)) {
    throw argumentError('range', 'observe: capacity must be a whole number >= 1', `got ${String(capacity)}`, 'leave it out for 1024')
  }
  if (overflow !== undefined && !POLICIES.includes(overflow)) {
    throw argumentError('range', `observe: overflow must be one of ${POLICIES.join(', ')}`, `got ${overflow as string}`, "leave it out for 'wait'")
  }
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw argumentError('type', 'observe: name must be a text that is not empty', `got ${typeof name}`, 'leave it out for the default')
  }
}

export const observeSpec = (options: ObserveOptions): SinkSpec => {
  check(options)
  const { capacity = 1024, overflow = 'wait' } = options
  return {
    role: 'sink',
    kind: OBSERVE,
    args: { capacity: overflow === 'latest' ? 1 : capacity, overflow: overflow === 'latest' ? 'dropOldest' : overflow },
    accepts: 'items',
    open: () => {
      throw new Error('an observe stage is opened by the run that owns the output')
    }
  }
}

/**
 * The stage behind `observe()`: a bounded buffer between the run and whoever subscribes.
 *
 * The buffer and its policy are exec/'s; here is only their description.
 */
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

export const observeSpec = ({ capacity = 1024, overflow = 'wait' }: ObserveOptions): SinkSpec => ({
  role: 'sink',
  kind: OBSERVE,
  args: { capacity: overflow === 'latest' ? 1 : capacity, overflow: overflow === 'latest' ? 'dropOldest' : overflow },
  accepts: 'items',
  open: () => {
    throw new Error('an observe stage is opened by the run that owns the output')
  }
})

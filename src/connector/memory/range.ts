/**
 * A source of numbers at equal distances.
 *
 *     range(0, 10, 3)    out  0--3--6--9|
 */
import { argumentError } from '../../error/pipeline-error.ts'
import type { StageOptions } from '../../graph/options.ts'
import { sourceOf, type Source } from '../../graph/source.ts'
import type { ItemBatch, SourceCursor } from '../../graph/spec.ts'
import { numberFrom, stageOptions } from '../../operator/check.ts'
import { STAGE } from '../option-names.ts'
import { Progression } from '../../prelude/items.ts'

/** Numbers at a time: a batch of them is four numbers, until somebody wants to have them all. */
const BATCH = 1 << 18

const finite = (name: string, value: unknown): number => {
  if (Number.isFinite(numberFrom('range', name, value, -Infinity))) return value as number
  throw argumentError('range', `range: ${name} must be a finite number`, `got ${String(value)}`, 'only end may be Infinity')
}

class Numbers implements ItemBatch {
  readonly progression: Progression
  #made: readonly number[] | undefined

  constructor(progression: Progression) {
    this.progression = progression
  }

  get items(): readonly number[] {
    return (this.#made ??= this.progression.slice())
  }
}

const cursor = (start: number, step: number, count: number): SourceCursor => {
  let made = 0
  return {
    pull: () => {
      if (made >= count) return undefined
      const progression = new Progression(start, step, made, Math.min(BATCH, count - made))
      made += progression.length
      return new Numbers(progression)
    },
    close: () => undefined
  }
}

/**
 * Emits `start`, `start + step`, and so on, as long as they are below `end` (above it, for a negative step). Endless with
 * `end: Infinity`; empty when `end` lies on the other side of `start`.
 *
 * **Errors**  RangeError at declaration when `step` is 0 or `start` is not finite
 * @example
 * await range(0, 10, 3).toArray() // => [0, 3, 6, 9]
 */
export const range = (start: number, end: number, step = 1, options: StageOptions = {}): Source<number> => {
  finite('start', start)
  numberFrom('range', 'end', end, -Infinity)
  stageOptions('range', options, STAGE)
  if (finite('step', step) === 0) {
    throw argumentError('range', 'range: step must not be 0', 'got 0', 'use a positive step to go up, a negative one to go down')
  }
  const count = Math.max(0, Math.ceil((end - start) / step))
  return sourceOf<number>({ role: 'source', kind: 'range', args: { start, end, step }, open: () => cursor(start, step, count) }, options.name)
}

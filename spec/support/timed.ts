/**
 * Runs one stage by a clock that jumps: the input comes at given instants, and what leaves is written down with the instant.
 *
 *   timed(debounce({ ms: 10 }), [[0, 'a'], [5, 'b']], { end: 30 })  ─▶  at: [[15, 'b']]
 */
import { withClock } from '../../src/prelude/clock.ts'
import type { Flow } from '../../src/graph/source.ts'
import { VirtualClock } from '../../src/task/time/virtual-clock.ts'
import { runOne, type Conditions, type Settled } from './run-process.ts'

export interface Timed extends Settled {
  /** The items that left, each with its instant. */
  readonly at: readonly (readonly [number, unknown])[]
  /** The instant at which the stage ended. */
  readonly ended: number
}

export interface Timing {
  /** The instant of the input's end. Default: that of its last item. `Infinity`: it goes on without items. */
  readonly end?: number | undefined
  readonly fails?: Error | undefined
}

/** Something by a clock of its own, whose time stands still but jumps to the next alarm when there is nothing else to do. */
export const jumping = <A>(body: (clock: VirtualClock) => A): A => {
  const clock = new VirtualClock({ paused: true })
  return withClock(clock, () => body(clock))
}

/** Items of one instant come in one batch. */
export const timed = async <A, B>(
  flow: Flow<A, B>,
  items: readonly (readonly [number, A])[],
  timing: Timing = {},
  conditions: Conditions = {}
): Promise<Timed> =>
  jumping(async (clock) => {
    const instants = [...new Set(items.map(([instant]) => instant))]
    const batches = instants.map((instant) => items.filter(([at]) => at === instant).map(([, item]) => item))
    const end = timing.end ?? instants.at(-1) ?? 0
    const at: [number, unknown][] = []
    const settled = await runOne(
      flow,
      { batches, at: (k) => instants[k] ?? (end === Infinity ? 0 : end), endless: end === Infinity, fails: timing.fails },
      {
        ...conditions,
        onItem: (item) => {
          at.push([clock.now(), item])
          conditions.onItem?.(item)
        }
      }
    )
    return { ...settled, at, ended: clock.now() }
  })

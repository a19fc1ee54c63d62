/**
 * The faults of a simulated run: which there are, where they can happen, and that they do.
 *
 * Called by simulate.ts and scheduler.ts. Plain data, but for {@link InjectedFault}.
 */
import type { Choices } from './choices.ts'

/**
 * `'throw'`: a function of a stage throws at one of its calls (rejects, where it is asynchronous). `'source'`: a source fails when it is
 * asked for items. `'sink'`: a sink fails at a write. `'slow'`: a sink takes many turns for each write. `'late'`: the first timer rings at
 * some step, although tasks could go on, as on a machine that is busy. `'worker'`: a worker dies at some step. `'cancel'`: the run is
 * cancelled at some step.
 */
export type FaultType = 'throw' | 'source' | 'sink' | 'slow' | 'late' | 'worker' | 'cancel'

export interface Fault {
  readonly type: FaultType
  /** Name of the stage; empty for `late`, `worker` and `cancel`. */
  readonly stage: string
  /** At which call, pull, write or step, from 0. For `slow`: turns per write. */
  readonly at: number
}

/** What an injected fault fails with. */
export class InjectedFault extends Error {
  readonly code = 'ERR_MILLRACE_INJECTED_FAULT'
  readonly fault: Fault

  constructor(fault: Fault) {
    super(`an injected fault: ${sayFault(fault)}`)
    this.name = 'InjectedFault'
    this.fault = fault
  }
}

export const sayFault = ({ type, stage, at }: Fault): string => {
  switch (type) {
    case 'throw':
      return `${stage} throws at call ${at}`
    case 'source':
      return `${stage} fails at pull ${at}`
    case 'sink':
      return `${stage} fails at write ${at}`
    case 'slow':
      return `${stage} takes ${at} turns for each write`
    case 'late':
      return `the first timer rings at step ${at}, before tasks that could go on`
    case 'worker':
      return `a worker dies at step ${at}`
    case 'cancel':
      return `the run is cancelled at step ${at}`
  }
}

/** Where faults can happen, and how often: counted in an undisturbed run. */
export interface Places {
  readonly calls: ReadonlyMap<string, number>
  readonly pulls: ReadonlyMap<string, number>
  readonly writes: ReadonlyMap<string, number>
  /** Stages that write to the world outside: `observe()` is none. */
  readonly failing: ReadonlySet<string>
  readonly steps: number
}

/** Turns that a slow sink takes for a write. */
const SLOW_TURNS = 20
const MOST_FAULTS = 2

const one = (type: FaultType, places: Places, { choose }: Choices): Fault | undefined => {
  const among = (counts: ReadonlyMap<string, number>, only: (stage: string) => boolean = () => true): Fault | undefined => {
    const stages = [...counts].filter(([stage]) => only(stage))
    const found = stages[choose(stages.length)]
    return found === undefined ? undefined : { type, stage: found[0], at: choose(found[1]) }
  }
  switch (type) {
    case 'throw':
      return among(places.calls)
    case 'source':
      return among(places.pulls)
    case 'sink':
      return among(places.writes, (stage) => places.failing.has(stage))
    case 'slow': {
      const found = among(places.writes)
      return found && { ...found, at: SLOW_TURNS }
    }
    case 'late':
    case 'worker':
    case 'cancel':
      return { type, stage: '', at: choose(places.steps) }
  }
}

/** The faults of one run: none, one or two. */
export const draw = (types: readonly FaultType[], places: Places, choices: Choices): readonly Fault[] => {
  if (types.length === 0) return []
  const faults: Fault[] = []
  for (let left = choices.choose(MOST_FAULTS + 1); left > 0; left--) {
    const fault = one(types[choices.choose(types.length)]!, places, choices)
    if (fault !== undefined) faults.push(fault)
  }
  return faults
}

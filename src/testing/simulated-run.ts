/**
 * One run of a simulation: a pipeline on the caller's loop, in virtual time, whose tasks go on when the scheduler lets them.
 *
 * Called by simulate.ts, which decides what is wrong with what came of it.
 */
import { clearInterval, clearTimeout, setInterval, setTimeout as afterMs } from 'node:timers'
import type { Observable } from 'rxjs'
import type { DeadLetter } from '../exec/failure.ts'
import type { Pipeline } from '../exec/pipeline.ts'
import type { Report } from '../exec/report.ts'
import type { OutputOf, Outputs, Run } from '../exec/run.ts'
import type { PipelineError } from '../error/pipeline-error.ts'
import { clock } from '../prelude/clock.ts'
import { withWeather } from '../prelude/weather.ts'
import { VirtualClock } from '../task/time/virtual-clock.ts'
import type { Choices } from './choices.ts'
import type { Fault, Places } from './faults.ts'
import { Scheduler } from './scheduler.ts'
import { createVirtualCrew } from './virtual-crew.ts'
import { withVirtualTime } from './virtual-time.ts'

/** What has come of a simulated run. */
export interface SimulatedRun<O extends Outputs> {
  /** What every output has emitted, in order, up to the end or the failure. */
  readonly outputs: { readonly [K in keyof O]: readonly OutputOf<O[K]>[] }
  readonly deadLetters: readonly DeadLetter[]
  /** The report of a run that succeeded. */
  readonly report: Report<O> | undefined
  /** What a run that failed rejected with. */
  readonly error: PipelineError | undefined
  /** The faults that have happened. */
  readonly faults: readonly Fault[]
  /** What was let go on, step by step, and the faults. */
  readonly trace: readonly string[]
  /** The decisions that this run is made of: `simulate(…, { schedule })` repeats it. */
  readonly schedule: readonly number[]
}

/** The same, with what a user does not see. */
export interface Simulated<O extends Outputs> extends SimulatedRun<O> {
  readonly places: Places
  /** Why it is wrong, whatever its outputs are. */
  readonly broken: string | undefined
}

/** A run that was told to stop has so long, in milliseconds of real time. */
const GRACE_MS = 1000
/** How often the workers may be given time to hear that the run is over. */
const MOST_ROUNDS = 1000

const sinksThatFail = (pipeline: Pipeline<Outputs>, workers: number): ReadonlySet<string> => {
  const stages = pipeline.explain({ workers }).tasks.flatMap((task) => (task.writes.length === 0 ? task.stages : []))
  return new Set(stages.filter(({ kind }) => kind !== 'observe').map(({ name }) => name))
}

/** Resolves to true when nothing has moved for so long: no step, and no time. */
const stuck = (scheduler: Scheduler, now: () => number, withinMs: number): { readonly promise: Promise<true>; stop(): void } => {
  let timer: NodeJS.Timeout | undefined
  const promise = new Promise<true>((resolve) => {
    let before = ''
    let still = 0
    // twice, since a function that computes for long keeps the interval from being seen in time
    timer = setInterval(() => {
      const at = `${scheduler.steps} ${now()}`
      still = at === before ? still + 1 : 0
      before = at
      if (still >= 2) resolve(true)
    }, withinMs / 2)
  })
  return { promise, stop: () => { clearInterval(timer) } }
}

const isOver = async (run: Run<Outputs>): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = afterMs(() => { resolve(false) }, GRACE_MS)
  })
  const done = run.done.then(() => true, () => true)
  return Promise.race([done, late]).finally(() => { clearTimeout(timer) })
}

export const simulateRun = <O extends Outputs>(
  pipeline: Pipeline<O>,
  choices: Choices,
  faults: readonly Fault[],
  { workers, withinMs }: { readonly workers: number; readonly withinMs: number }
): Promise<Simulated<O>> =>
  withVirtualTime(async (time) => {
    const own = clock()
    const cancel = (): void => {
      run.cancel(new Error('cancelled by the simulation'))
    }
    const scheduler: Scheduler = new Scheduler(choices, faults, {
      cancel,
      jump: () => own instanceof VirtualClock && own.jump(),
      kill: (reason) => {
        crew?.die(reason)
        return crew !== undefined
      }
    })
    const crew = workers === 0 ? undefined : createVirtualCrew(workers, scheduler)
    const start = (): Run<O> => withWeather(scheduler, () => pipeline.run({ workers }))
    const run = crew === undefined ? start() : crew.within(start)
    const outputs: Record<string, unknown[]> = {}
    const deadLetters: DeadLetter[] = []
    for (const [name, output] of Object.entries<Observable<unknown>>(run.outputs)) {
      const items: unknown[] = (outputs[name] = [])
      output.subscribe({ next: (item) => items.push(item), error: () => undefined })
    }
    run.deadLetters.subscribe({ next: (letter) => deadLetters.push(letter), error: () => undefined })
    const watch = stuck(scheduler, time.now, withinMs)
    const settled = run.done.then((report) => ({ report, error: undefined }), (error: unknown) => ({ report: undefined, error: error as PipelineError }))
    const came = await Promise.race([settled, watch.promise])
    watch.stop()
    let broken: string | undefined
    if (came === true) {
      run.cancel(new Error('the simulated run got stuck'))
      const why = scheduler.idle ? '' : ', since somebody keeps the event loop busy with setImmediate or file requests'
      const over = await isOver(run)
      broken = `the run got stuck: nothing has moved for ${withinMs} ms${why}${over ? '' : ', and it did not end when it was cancelled'}`
    } else {
      scheduler.over = true
      for (let rounds = 0; rounds === 0 || (!scheduler.idle && rounds < MOST_ROUNDS); rounds++) await time.settled()
      if (crew !== undefined && crew.slotsInUse > 0) broken = `the run has settled, and ${crew.slotsInUse} slots of shared memory were not given back`
      if (scheduler.after.length > 0) broken = `after the run had settled ${scheduler.after[0]}`
    }
    return {
      outputs: outputs as unknown as SimulatedRun<O>['outputs'],
      deadLetters,
      ...(came === true ? { report: undefined, error: undefined } : came),
      faults: [...scheduler.happened],
      trace: scheduler.trace,
      schedule: choices.made,
      places: scheduler.places(sinksThatFail(pipeline, workers)),
      broken
    }
  })

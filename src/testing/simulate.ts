/**
 * Runs a pipeline many times, each in another order of its tasks and with other faults, all decided by a seed; what fails is run again
 * in simpler orders until a simple one is found that fails.
 *
 *     seed ─▶ choices ─▶ whose turn, how many items, which faults ─▶ run ─▶ check ── fails ──▶ shrink the choices ─▶ SimulationError
 *
 * Called by tests, through the door `millrace/testing`. Deterministic: the same seed makes the same runs, step by step.
 */
import { isDeepStrictEqual } from 'node:util'
import { argumentError } from '../error/pipeline-error.ts'
import type { Pipeline } from '../exec/pipeline.ts'
import type { Outputs } from '../exec/run.ts'
import { callable, oneOf, wholeNumber } from '../operator/check.ts'
import { listed, seeded, shrink, trimmed, type Choices } from './choices.ts'
import { say } from './expect.ts'
import { draw, InjectedFault, sayFault, type Fault, type FaultType, type Places } from './faults.ts'
import { simulateRun, type Simulated, type SimulatedRun } from './simulated-run.ts'

export interface SimulateOptions<O extends Outputs> {
  /** What the decisions are made of. A whole number from 0 to 2^32 - 1. Default: a random one, which is told when a run fails. */
  readonly seed?: number | undefined
  /** How many runs, with the seeds `seed`, `seed + 1` and so on. A whole number >= 1. Default 100. */
  readonly runs?: number | undefined
  /**
   * Virtual workers: what would run in worker threads runs on the caller's loop as it would there, morsel by morsel, in an order that the
   * seed decides. A whole number from 0 to 16. Default 0: everything runs as it does with `run({ workers: 0 })`.
   */
  readonly workers?: number | undefined
  /** Which faults may happen; a run has none, one or two of them. Default: none. */
  readonly faults?: readonly FaultType[] | undefined
  /**
   * Throws when a run has come out wrong. Default: a run without faults must give the same outputs as the undisturbed one, in the same
   * order, and one with faults must succeed or fail with what was injected.
   */
  readonly check?: ((run: SimulatedRun<O>) => void | Promise<void>) | undefined
  /** The decisions of one run, as a SimulationError tells them, instead of a seed. */
  readonly schedule?: readonly number[] | undefined
  /** How many more runs may be made to find a simpler one that fails; a whole number >= 0. Default 500. */
  readonly shrinks?: number | undefined
  /** A run in which nothing moves for so long is stuck: milliseconds of real time, a whole number >= 1. Default 1000. */
  readonly withinMs?: number | undefined
}

/** What `simulate` answers when no run was wrong. */
export interface Simulation<O extends Outputs> {
  /** The seed of the first run. */
  readonly seed: number
  readonly runs: readonly SimulatedRun<O>[]
}

/** How a run was wrong. */
interface Wrong<O extends Outputs> {
  readonly kind: 'broken' | 'check'
  readonly error: unknown
  readonly run: Simulated<O>
}

/** Lines of a trace in a message. */
const TRACE_LINES = 60

const traceOf = (trace: readonly string[]): string => {
  const left = trace.length - TRACE_LINES
  return [...(left > 0 ? [`… ${left} steps before`] : []), ...trace.slice(-TRACE_LINES)].map((line) => `  ${line}`).join('\n')
}

/**
 * A simulated run that came out wrong: which, the simplest schedule that was found to do the same, and how to run either again.
 */
export class SimulationError extends Error {
  readonly code = 'ERR_MILLRACE_SIMULATION'
  /** `simulate(…, { seed, runs: 1 })`, with the same faults, is the run that failed; `undefined` when a schedule was given, or the undisturbed run fails. */
  readonly seed: number | undefined
  /** The decisions of the simplest run that was found to fail: `simulate(…, { schedule })`. Empty: it fails undisturbed. */
  readonly schedule: readonly number[]
  /** The faults of that run. */
  readonly faults: readonly Fault[]
  /** What happened in it, step by step. */
  readonly trace: readonly string[]

  constructor(seed: number | undefined, wrong: Wrong<Outputs>, from: number) {
    const { run, error } = wrong
    const schedule = trimmed(run.schedule)
    const which = seed === undefined ? 'a run' : `the run of seed ${seed}`
    const again = seed === undefined ? '' : `Again: { seed: ${seed}, runs: 1 }. `
    const simplest = schedule.length === 0 ? 'It fails undisturbed' : `Simplest schedule found (${schedule.length} decisions of ${from}): { schedule: [${schedule.join(', ')}] }`
    const faults = run.faults.length === 0 ? '' : `\nFaults: ${run.faults.map(sayFault).join('; ')}`
    super(`simulate: ${which} came out wrong: ${say(error)}\n${again}${simplest}${faults}\nWhat happened:\n${traceOf(run.trace)}`, { cause: error })
    this.name = 'SimulationError'
    this.seed = seed
    this.schedule = schedule
    this.faults = run.faults
    this.trace = run.trace
  }
}

const INJECTED = 'ERR_MILLRACE_INJECTED_FAULT'

/** Whether a failure is what was injected: itself, or in its causes. */
const injected = (error: unknown, faults: readonly Fault[]): boolean => {
  for (let at: unknown = error, depth = 0; at !== undefined && at !== null && depth < 16; at = (at as { cause?: unknown }).cause, depth++) {
    const { code } = at as { readonly code?: unknown }
    if (code === INJECTED || at instanceof InjectedFault) return true // from a worker it comes as another Error
    if (code === 'ERR_MILLRACE_CANCELLED' && faults.some(({ type }) => type === 'cancel')) return true
  }
  return false
}

/** What is asked of a run when the test asks nothing else. */
const agrees = <O extends Outputs>(undisturbed: Simulated<O>) => (run: SimulatedRun<O>): void => {
  if (run.error !== undefined && !injected(run.error, run.faults)) throw run.error
  if (run.error !== undefined || run.faults.some(({ type }) => type !== 'slow' && type !== 'late')) return
  if (isDeepStrictEqual(run.outputs, undisturbed.outputs)) return
  throw new Error(`the outputs depend on the order of the tasks: ${say(run.outputs)}, undisturbed ${say(undisturbed.outputs)}`)
}

const MOST_SEED = 2 ** 32 - 1
const TYPES = ['throw', 'source', 'sink', 'slow', 'late', 'worker', 'cancel'] as const
/** Virtual workers, at most. */
const MOST_WORKERS = 16

interface Checked {
  readonly seed: number
  readonly runs: number
  readonly faults: readonly FaultType[]
  readonly shrinks: number
  readonly withinMs: number
  readonly workers: number
}

const checked = <O extends Outputs>(options: SimulateOptions<O>): Checked => {
  const { seed = Math.floor(Math.random() * MOST_SEED), runs = 100, faults = [], check, schedule, shrinks = 500, withinMs = 1000, workers = 0 } = options
  if (wholeNumber('simulate', 'seed', seed, 0) > MOST_SEED) throw argumentError('range', 'simulate: seed must be at most 2^32 - 1', `got ${seed}`, 'correct the argument')
  wholeNumber('simulate', 'runs', runs, 1)
  wholeNumber('simulate', 'shrinks', shrinks, 0)
  wholeNumber('simulate', 'withinMs', withinMs, 1)
  if (wholeNumber('simulate', 'workers', workers, 0) > MOST_WORKERS) throw argumentError('range', `simulate: workers must be at most ${MOST_WORKERS}`, `got ${workers}`, 'correct the argument')
  if (workers === 0 && faults.includes('worker')) throw argumentError('range', "simulate: the fault 'worker' needs workers", 'got none', 'give workers: 2')
  for (const type of faults) oneOf('simulate', 'faults', type, TYPES)
  if (check !== undefined) callable('simulate', 'check', check)
  if (schedule !== undefined) for (const n of schedule) wholeNumber('simulate', 'schedule', n, 0)
  return { seed, runs, faults, shrinks, withinMs, workers }
}

/**
 * Runs a pipeline on the caller's loop, in virtual time, `runs` times: first undisturbed, then each time with its tasks in another order,
 * in slices of other sizes, and with the faults that `faults` allows. Every run must settle, no function may be called after its end,
 * and `check` must like what came out. The first run that is wrong is made as simple as possible and thrown.
 *
 * A pipeline is run again and again: give a function that makes it when its functions remember something, or its sources can
 * be read only once. What goes by `setTimeout`, `Math.random` or the world outside is not decided by the seed: wait with `sleep`.
 * Ordered are the tasks of a run (the sends, looks for input and slices of each), the answers of `mapAsync` and `enrich`, and
 * the inner items of `mergeMap` and `switchMap`; what is fused into one task runs in the one order that it has.
 *
 * With `workers` the plan is that of a run with so many worker threads, and what would run there runs on this loop, by the code that runs
 * there: functions are those that have travelled, state and `env` are copies, results cross in frames. The seed decides when a task goes to
 * the workers, how many items a morsel has, which worker takes it and when, when its results are heard, and, with the fault
 * `'worker'`, when a worker dies. Every slot of shared memory must have been given back. What it does not show: two threads at the same
 * instant, and modules that are loaded once per thread: here they are loaded once.
 *
 * **Cost**    per step a turn of the event loop: a few thousand steps a second
 * **Errors**  SimulationError (ERR_MILLRACE_SIMULATION) with the seed, the simplest schedule found, its trace, and the cause;
 *             injected faults are told by InjectedFault (ERR_MILLRACE_INJECTED_FAULT)
 * **Memory**  outputs and traces of all runs
 * **Source**  deterministic simulation as in FoundationDB; random scheduling as in Coyote and Shuttle; shrinking of choices as in Hypothesis
 * @example
 * const left = from([1, 2, 3])
 * const right = from([10, 20, 30])
 * const sum = pipeline({ sum: merge(left, right).pipe(reduce((a, b) => a + b, 0)).observe() })
 * const { runs } = await simulate(sum, { seed: 1, runs: 10 })
 * runs.every((run) => run.outputs.sum[0] === 66) // => true
 *
 * const last = pipeline({ last: merge(left, right).pipe(reduce((_, b) => b, 0)).observe() })
 * await simulate(last, { seed: 1 }) // => rejects with SimulationError
 */
export const simulate = async <O extends Outputs>(pipeline: Pipeline<O> | (() => Pipeline<O>), options: SimulateOptions<O> = {}): Promise<Simulation<O>> => {
  const { seed, runs, faults, shrinks, withinMs, workers } = checked(options)
  const how = { workers, withinMs }
  const make = (): Pipeline<O> => (typeof pipeline === 'function' ? pipeline() : pipeline)
  const undisturbed = await simulateRun(make(), listed([]), [], how)
  const check = options.check ?? agrees(undisturbed)

  const wrongIn = async (run: Simulated<O>): Promise<Wrong<O> | undefined> => {
    if (run.broken !== undefined) return { kind: 'broken', error: new Error(run.broken), run }
    try {
      await check(run)
      return undefined
    } catch (error) {
      return { kind: 'check', error, run }
    }
  }
  const begin = await wrongIn(undisturbed)
  if (begin !== undefined) throw new SimulationError(undefined, begin, 0)

  const once = (choices: Choices, places: Places): Promise<Simulated<O>> => simulateRun(make(), choices, draw(faults, places, choices), how)
  const { places } = undisturbed
  const done: SimulatedRun<O>[] = []
  for (let n = 0; n < (options.schedule === undefined ? runs : 1); n++) {
    const own = (seed + n) % (MOST_SEED + 1)
    const run = await once(options.schedule === undefined ? seeded(own) : listed(options.schedule), places)
    const wrong = await wrongIn(run)
    if (wrong === undefined) {
      done.push(run)
      continue
    }
    let left = options.schedule === undefined ? shrinks : 0
    const again = async (list: readonly number[]): Promise<Wrong<O> | undefined> => {
      const found = await wrongIn(await once(listed(list), places))
      return found?.kind === wrong.kind ? found : undefined
    }
    const { failure } = await shrink({ list: run.schedule, failure: wrong }, again, () => left-- > 0)
    throw new SimulationError(options.schedule === undefined ? own : undefined, failure, run.schedule.length)
  }
  return { seed, runs: done }
}

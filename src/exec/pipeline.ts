/**
 * `pipeline`: a closed graph that can be explained and run; and the runs behind `toArray`, `for await` and `toObservable`.
 *
 * Called by users through the doors. Plans with plan/, runs with run.ts.
 */
import type { Observable } from 'rxjs'
import { knownOptions, type Names, type OptionNames } from '../error/known-options.ts'
import { argumentError } from '../error/pipeline-error.ts'
import { inWorker } from '../error/wording-run.ts'
import { DEAD_LETTERS } from '../graph/letters.ts'
import { bindRunner, RUN_OPTIONS, type RunOptions } from '../graph/runner.ts'
import { sourceOf, type Closed, type Sink, type Source } from '../graph/source.ts'
import type { Around } from '../graph/spec.ts'
import type { Port } from '../graph/stage.ts'
import { CHANNEL_ITEMS } from '../plan/connect.ts'
import { explain, type Explanation } from '../plan/explain.ts'
import { plan, type Plan } from '../plan/plan.ts'
import { currentContext, type Context } from '../prelude/context.ts'
import { observable } from '../prelude/observable.ts'
import { currentPlace } from '../runtime/current.ts'
import { defaultWorkers } from '../runtime/options.ts'
import type { DeadLetter } from './failure.ts'
import { iterateWith } from './iterate.ts'
import { start, type Outputs, type Run } from './run.ts'
import { tied } from './tied.ts'

export interface PipelineOptions {
  /**
   * Takes the dead letters of all stages: a sink, or a function from their source to one or several outputs, which are called
   * `deadLetters`, or `deadLetters.NAME`, in the report. Without it letters are counted, and seen by `run.deadLetters` only.
   * The source ends when all other stages have; a letter of the function's own stages is counted, and not put before them again.
   */
  readonly deadLetters?: Sink<DeadLetter, unknown> | ((letters: Source<DeadLetter>) => Closed<unknown> | Outputs) | undefined
  /** Default for `run`. */
  readonly workers?: number | undefined
  /** Items that each channel between tasks holds before its sender waits; a whole number >= 1. Default 4096. */
  readonly capacity?: number | undefined
  /** Default for `run`, in milliseconds. */
  readonly maxLatencyMs?: number | undefined
}

/** A closed graph: nothing open; can be explained, and run any number of times. */
export interface Pipeline<O extends Outputs> {
  /** The plan as text (`String(…)`), as plain data and as a Mermaid graph. Starts nothing. */
  explain(options?: Pick<RunOptions, 'workers'>): Explanation
  /** Starts a run. Subscribe to its outputs in the same turn and nothing is missed. */
  run(options?: RunOptions): Run<O>
}

/** The name of the output of the dead letters among the others. */
const LETTERS = 'deadLetters'

const NAMES: OptionNames<PipelineOptions> = { deadLetters: 1, workers: 1, capacity: 1, maxLatencyMs: 1 }

/** Options: an object, of names that there are. */
const checkOptions = (call: string, options: unknown, names: Names): void => {
  if (typeof options !== 'object' || options === null) {
    throw argumentError('type', `${call}: options must be an object`, `got ${options === null ? 'null' : typeof options}`, 'leave them out for the defaults')
  }
  knownOptions(call, options, names)
}

const workersOf = (asked: number | undefined): number => {
  const workers = asked ?? currentPlace()?.workers ?? defaultWorkers()
  if (!Number.isInteger(workers) || workers < 0 || workers > 128) {
    throw argumentError('range', 'workers must be a whole number from 0 to 128', `got ${String(asked)}`, 'leave it out for one per core')
  }
  return workers
}

const capacityOf = (asked: number | undefined): number => {
  const capacity = asked ?? CHANNEL_ITEMS
  if (Number.isInteger(capacity) && capacity >= 1) return capacity
  throw argumentError('range', 'pipeline: capacity must be a whole number >= 1', `got ${String(asked)}`, `leave it out for ${CHANNEL_ITEMS}`)
}

const EXPLAIN: Names = { workers: 1 }

/** How long an item waits for company, in milliseconds. */
const MAX_LATENCY_MS = 1

const latencyOf = (asked: number | undefined): number => {
  const ms = asked ?? MAX_LATENCY_MS
  if (typeof ms === 'number' && ms >= 0 && ms <= 60_000) return ms
  throw argumentError('range', 'maxLatencyMs must be a number from 0 to 60 000', `got ${String(asked)}`, `leave it out for ${MAX_LATENCY_MS}`)
}

const isClosed = (value: unknown): value is Closed<unknown> => {
  const { port, closed } = (value as Partial<Closed<unknown>> | null | undefined) ?? {}
  return port !== undefined && closed === true
}

const portOf = (name: string, value: unknown): Port => {
  if (isClosed(value)) return value.port
  throw argumentError('type', `pipeline: output '${name}' is not a closed graph`, 'it is still open or not a graph', 'end it with .to(sink) or .observe()')
}

const checkOutputs = (outputs: unknown): void => {
  const got = isClosed(outputs) ? 'one output, which has no name' : Array.isArray(outputs) ? 'a list' : outputs === null ? 'null' : typeof outputs
  if (got === 'object') return
  throw argumentError('type', 'pipeline: outputs must be an object of outputs by name', `got ${got}`, 'write pipeline({ out: source.to(sink) })')
}

/** Two outputs that replace the same file: the one that is shown last would be all that is left. */
const checkReplaced = (ports: Readonly<Record<string, Port>>): void => {
  const by = new Map<string, string>()
  for (const [name, { stage: { spec } }] of Object.entries(ports)) {
    const path = spec.role === 'sink' ? spec.replaces : undefined
    if (path === undefined) continue
    const other = by.get(path)
    if (other !== undefined) {
      throw argumentError(
        'type', `pipeline: the outputs '${other}' and '${name}' both replace ${path}`, 'one of them would be lost', 'merge the sources, or give each output a file'
      )
    }
    by.set(path, name)
  }
}

/** What the dead letters go to, by name; one thing alone has none. */
const lettersOf = (taker: NonNullable<PipelineOptions['deadLetters']>): readonly (readonly [string | undefined, unknown])[] => {
  const letters = sourceOf<DeadLetter>({ role: 'source', kind: DEAD_LETTERS, args: {}, open: () => { throw new Error('opened by the run') } })
  const ends = typeof taker === 'function' ? taker(letters) : taker.attach(letters)
  if (isClosed(ends)) return [[undefined, ends]]
  if (typeof ends === 'object' && (ends as unknown) !== null && Object.keys(ends).length > 0) return Object.entries(ends)
  throw argumentError('type', 'pipeline: deadLetters must answer one output, or several by name', 'it answers none', 'end the letters with .to(sink)')
}

/** A copy, so that what the caller changes afterwards is not seen on one side only; the same as the one of the run around, if none is given. */
const contextOf = (asked: Context | undefined): Context | undefined => {
  if (asked === undefined) return currentContext()
  let copy: Context | undefined
  let why = 'it is no object'
  try {
    copy = structuredClone(asked)
  } catch (error) {
    why = (error as Error).message
  }
  if (typeof copy === 'object' && (copy as unknown) !== null && !Array.isArray(copy)) return Object.freeze(copy)
  throw argumentError('type', 'run: context must be an object of plain values', why, 'give what can be copied: ids, settings')
}

/**
 * Declares a pipeline by its outputs. Stages that several outputs share run once.
 *
 * **Errors**   TypeError (ERR_MILLRACE_ARGUMENT) when there is no output, or a value is not a closed graph;
 *              PipelineError at `explain` and `run` when the graph cannot be planned
 * @example
 * const numbers = range(0, 100)
 * const p = pipeline({
 *   even: numbers.pipe(filter((n) => n % 2 === 0)).observe(),
 *   sum: numbers.pipe(reduce((a, b) => a + b, 0)).observe()
 * })
 * const report = await p.run().done
 */
export const pipeline = <O extends Outputs>(outputs: O, options: PipelineOptions = {}): Pipeline<O> => {
  checkOutputs(outputs)
  checkOptions('pipeline', options, NAMES)
  const ports: Record<string, Port> = {}
  for (const [name, closed] of Object.entries(outputs)) {
    ports[name] = portOf(name, closed)
  }
  if (Object.keys(ports).length === 0) {
    throw argumentError('type', 'pipeline: no outputs', 'there is nothing to run', 'give at least one source ended with .to(sink) or .observe()')
  }
  if (options.deadLetters !== undefined) {
    for (const [name, closed] of lettersOf(options.deadLetters)) {
      const full = name === undefined ? LETTERS : `${LETTERS}.${name}`
      if (full in ports) throw argumentError('type', `pipeline: '${full}' is the name of an output of the dead letters`, 'an output has it too', 'rename the output')
      ports[full] = portOf(full, closed)
    }
  }
  checkReplaced(ports)
  const capacity = capacityOf(options.capacity)
  latencyOf(options.maxLatencyMs)
  const plans = new Map<number, Plan>()
  const planned = (workers: number): Plan => {
    let known = plans.get(workers)
    if (known === undefined) plans.set(workers, (known = plan(ports, { workers, capacity })))
    return known
  }
  return {
    explain: (asked = {}) => {
      checkOptions('explain', asked, EXPLAIN)
      return explain(planned(workersOf(asked.workers ?? options.workers)))
    },
    run: (asked = {}) => {
      checkOptions('run', asked, RUN_OPTIONS)
      const { workers, signal, maxLatencyMs, context } = asked
      if (signal !== undefined && typeof (signal as { addEventListener?: unknown } | null)?.addEventListener !== 'function') {
        throw argumentError('type', 'run: signal must be an AbortSignal', `got ${typeof signal}`, 'give the signal of an AbortController: controller.signal')
      }
      if ((globalThis as Record<symbol, unknown>)[Symbol.for('millrace.worker')] === true) throw inWorker()
      const plan = planned(workersOf(workers ?? options.workers))
      return start<O>({ plan, capacity, signal, maxLatencyMs: latencyOf(maxLatencyMs ?? options.maxLatencyMs), context: contextOf(context) })
    }
  }
}

/** A run inside a stage of another run, as that one runs. */
const inside = <A>(out: Closed<A>, around: Around): Run<{ out: Closed<A> }> => {
  const { workers, maxLatencyMs, capacity } = around
  return start({ plan: plan({ out: out.port }, { workers, capacity }), capacity, maxLatencyMs, context: currentContext(), around })
}

const observed = <A>(source: Source<A>, options: RunOptions | undefined, capacity?: number): Run<{ out: Closed<A> }> =>
  pipeline({ out: source.observe(capacity === undefined ? {} : { capacity }) }).run(options)

const toArray = async <A>(source: Source<A>, options?: RunOptions): Promise<A[]> => {
  const items: A[] = []
  const run = observed(source, options)
  run.outputs.out.subscribe({ next: (item) => items.push(item), error: () => undefined })
  await tied(run)
  return items
}

/** Each subscription is a run; unsubscribing cancels it. */
const toObservable = <A>(source: Source<A>, options?: RunOptions): Observable<A> =>
  observable<A>((subscriber) => {
    const run = observed(source, options)
    const inner = run.outputs.out.subscribe({
      next: (item) => {
        subscriber.next(item)
      },
      error: (error: unknown) => {
        subscriber.error(error)
      }
    })
    run.done.then(() => { subscriber.complete() }, (error: unknown) => { subscriber.error(error) })
    return () => {
      inner.unsubscribe()
      run.cancel(new Error('unsubscribed'))
    }
  })

bindRunner({
  toArray,
  toObservable,
  iterate: (source, options, around) => iterateWith(source, (out) => (around === undefined ? pipeline({ out }).run(options) : inside(out, around)))
})

/**
 * A run: builds the edges and tasks of a plan, starts them, and settles once when all of them have stopped.
 *
 *   starting ──▶ running ──▶ (draining) ──▶ done: report
 *                  │  first error, cancel, or deadlock: edges are cut, tasks are woken, all are awaited
 *                  └──────────────────────▶ failed: PipelineError
 *
 * Invariants: design.md section 7, 2 (settles once, after every task), 5 (the first error wins, the rest are attached),
 * 6 (nothing is left: the keeping timer, the abort listener and the tasks' resources are gone when `done` settles).
 * Called by pipeline.ts.
 */
import type { Observable } from 'rxjs'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { cancelledBy, deadlock, staysOnLoop, unboundedState } from '../error/wording-run.ts'
import { PipelineError } from '../error/pipeline-error.ts'
import { DEAD_LETTERS } from '../graph/letters.ts'
import type { Closed } from '../graph/source.ts'
import { OBSERVE } from '../graph/observe.ts'
import type { Around, InnerRun, RunContext, SetAside } from '../graph/spec.ts'
import type { Overflow } from '../graph/observe.ts'
import { CHANNEL_ITEMS } from '../plan/connect.ts'
import { loopsOf } from '../plan/loops.ts'
import type { Plan, PlannedStage, TaskPlan } from '../plan/plan.ts'
import { withContext, type Context } from '../prelude/context.ts'
import { observable } from '../prelude/observable.ts'
import { weather, type Weather } from '../prelude/weather.ts'
import { ignore, listen } from '../sync/abort.ts'
import { outside } from '../sync/scope.ts'
import { ChainTask } from './chain/chain-task.ts'
import { Counting, type Counted } from './counting.ts'
import type { DeadLetter } from './failure.ts'
import { LetterBox } from './letters.ts'
import { linksOf, type Links } from './edges/link.ts'
import { LoopRun } from './loops.ts'
import { Output } from './output.ts'
import { Outlets } from './edges/outlets.ts'
import { ProcessTask } from './process-task.ts'
import type { Metrics, Report } from './report.ts'
import { SinkTask } from './sink-task.ts'
import type { Aside } from './stage-rows.ts'
import type { Task, TaskContext } from './task.ts'

/** The watch looks this often whether anything still moves, in milliseconds; it also holds the process while a run goes on. */
const WATCH_MS = 250

export type Outputs = Readonly<Record<string, Closed<unknown>>>
export type OutputOf<C> = C extends Closed<infer O> ? O : never

/**
 * A pipeline in execution.
 */
export interface Run<O extends Outputs> extends AsyncDisposable {
  /** One observable per output: the items of an `observe()`, or the one result of another sink. */
  readonly outputs: { readonly [K in keyof O]: Observable<OutputOf<O[K]>> }
  /** Items that stages refused; a hot observable: subscribe before the first item, or give the pipeline a sink for them. */
  readonly deadLetters: Observable<DeadLetter>
  /** Settles once, after every task has stopped and everything is closed: the report, or a {@link PipelineError}. */
  readonly done: Promise<Report<O>>
  /** The same as a TaskEither, for fp-ts. */
  readonly result: TaskEither<PipelineError, Report<O>>
  /** What has been counted so far. */
  metrics(): Metrics
  /** Stops now: sources are closed, what is under way is thrown away; `done` rejects with code ERR_MILLRACE_CANCELLED. */
  cancel(reason?: unknown): void
  /** Ends the sources; what has been read runs to its end. Resolves with the report. */
  drain(): Promise<Report<O>>
}

export interface StartOptions {
  readonly plan: Plan
  /** Items per channel of runs inside its stages: as many as of its own. */
  readonly capacity?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly maxLatencyMs: number
  /** What `currentContext()` tells the run's functions. */
  readonly context?: Context | undefined
  /** The run is one inside a stage of another. */
  readonly around?: Around | undefined
}

class Running {
  readonly outputs: Map<string, Output>
  readonly done: Promise<Report>
  readonly deadLetters: Observable<DeadLetter>
  readonly #plan: Plan
  readonly #maxLatencyMs: number
  readonly #capacity: number
  readonly #carried: Context | undefined
  readonly #around: Around | undefined
  /** As what the run around knows it. */
  readonly #asInner: InnerRun | undefined
  /** How the runs inside stages of this one are drained. */
  readonly #inner = new Set<() => void>()
  readonly #links: Links['links']
  readonly #edges: Links['edges']
  readonly #loops: readonly LoopRun[]
  readonly #tasks: readonly { readonly plan: TaskPlan; readonly task: Task }[]
  readonly #controller = new AbortController()
  readonly #counting = new Counting()
  readonly #counted: Counted
  readonly #listeners = new Set<(letter: DeadLetter) => void>()
  readonly #more: unknown[] = []
  readonly #letterBox = new LetterBox()
  readonly #weather: Weather | undefined = weather()
  /** Numbers of the tasks of the dead letters themselves. */
  readonly #letterTasks: ReadonlySet<number>
  #live: number
  #failure: PipelineError | undefined
  #draining = false

  constructor({ plan, capacity = CHANNEL_ITEMS, signal, maxLatencyMs, context, around }: StartOptions) {
    this.#carried = context
    this.#capacity = capacity
    this.#plan = plan
    this.#maxLatencyMs = maxLatencyMs
    this.#around = around
    const { links, edges } = linksOf(plan)
    this.#links = links
    this.#edges = edges
    this.#loops = loopsOf(plan).map((loop) => new LoopRun(loop))
    this.outputs = new Map(Object.entries(plan.outputs).map(([name, task]) => [name, this.#output(name, plan.tasks[task]!)]))
    const outputOf = new Map(Object.entries(plan.outputs).map(([name, task]) => [task, this.outputs.get(name)!]))
    this.#tasks = plan.tasks.map((task) => ({ plan: task, task: this.#make(task, outputOf.get(task.id)) }))
    for (const loop of this.#loops) loop.watch(plan, this.#tasks.map(({ task }) => task), edges)
    this.#counted = { plan, tasks: this.#tasks, edges, outputs: this.outputs }
    this.#live = this.#tasks.length
    this.#letterTasks = readersOfLetters(plan)
    this.deadLetters = observable((subscriber) => {
      const listen = (letter: DeadLetter): void => {
        subscriber.next(letter)
      }
      this.#listeners.add(listen)
      this.done.then(() => { subscriber.complete() }, () => { subscriber.complete() }) // `done` tells of a failure
      return () => this.#listeners.delete(listen)
    })
    this.#asInner = around?.begun(() => {
      void this.drain()
    })
    for (const { stage, why } of plan.stays) staysOnLoop(stage, why)
    unboundedState(plan.unbounded.filter(({ answer }) => !answer))
    this.done = this.#run(signal)
  }

  #output(name: string, task: TaskPlan): Output {
    const { args, kind } = task.stages[0]!.spec
    return new Output(name, kind === OBSERVE, (args['capacity'] as number | undefined) ?? 1, (args['overflow'] as Overflow | undefined) ?? 'wait', () => {
      this.#tells()
    })
  }

  /** A failure will be told otherwise than by `done`, or was asked for; without that, nobody awaiting it is an unhandled rejection. */
  #tells(): void {
    this.done.catch(() => undefined)
  }

  #make(plan: TaskPlan, output: Output | undefined): Task {
    const sky = this.#weather
    const { name } = plan.stages[0]!
    const inlets = plan.inlets.map((id) => this.#edges[id]!)
    if (sky !== undefined) for (const edge of inlets) edge.turn = () => sky.turn(name, 'looks for input')
    const around = this.#loops.filter(({ plan: loop }) => loop.exit === plan.id || loop.body.has(plan.id))
    const rested = around.length === 0 ? undefined : () => { for (const loop of around) loop.look() }
    if (rested !== undefined) for (const edge of inlets) edge.onWait = rested
    const context: TaskContext = {
      plan,
      loop: this.#loops.find(({ plan: loop }) => loop.entry === plan.id || loop.exit === plan.id),
      rested,
      inlets,
      loops: new Set(plan.outlets.flatMap((ids, outlet) => (ids.every((id) => this.#isLoop(id)) ? [outlet] : []))),
      outlets: new Outlets(this.#links[plan.id]!, sky && ((count) => sky.turn(name, `sends ${count}`))),
      weather: sky,
      workers: this.#plan.workers,
      maxLatencyMs: this.#maxLatencyMs,
      carried: this.#carried,
      signal: this.#controller.signal,
      over: () => this.#failure !== undefined,
      cancelled: () => this.#failure!,
      draining: () => this.#draining,
      deadLetter: (letter) => this.#dead(letter, plan.id),
      stopped: (letter) => {
        const { stage, ...failed } = letter
        this.#counting.asideOf(stage).stopped ??= failed
        this.#asInner?.stopped(letter)
      },
      letters: this.#letterBox,
      fail: (error) => {
        this.#fail(error)
      },
      context: (stage) => this.#context(stage, plan.id)
    }
    if (plan.program !== undefined) return new ChainTask(context)
    if (output !== undefined) return new SinkTask(context, output)
    return new ProcessTask(context)
  }

  /** Whether a loop reads the channel. */
  #isLoop(channel: number): boolean {
    const { channels, tasks } = this.#plan
    return !channels[channel]!.text && tasks[channels[channel]!.to.task]!.program !== undefined
  }

  #context(stage: Pick<PlannedStage, 'name' | 'site'>, task: number): RunContext {
    const { name } = stage
    const aside = this.#counting.asideOf(name)
    return {
      signal: this.#controller.signal,
      stage: name,
      get site() { return stage.site },
      deadLetter: (item, cause, index, attempts = 1) => {
        aside.deadLetters++
        return this.#dead({ stage: name, position: { index }, cause, item, attempts, whole: true }, task)
      },
      gauges: (read) => {
        aside.gauges = read
      },
      skipped: (count) => {
        aside.skipped += count
      },
      dropped: (count) => {
        this.#counting.dropped(name, count)
      },
      around: this.#inside(name, aside, task)
    }
  }

  /** What runs that the stage starts have of this one: what they set aside is the stage's, by a name that says where. */
  #inside(name: string, aside: Aside, task: number): Around {
    const from = (letter: SetAside): DeadLetter => ({ ...(letter as DeadLetter), stage: `${name}.${letter.stage}` })
    return {
      workers: this.#plan.workers,
      maxLatencyMs: this.#maxLatencyMs,
      capacity: this.#capacity,
      draining: () => this.#draining,
      setAside: (letter) => {
        aside.deadLetters++
        return this.#dead(from(letter), task)
      },
      begun: (drain) => {
        this.#inner.add(drain)
        if (this.#draining) drain()
        return {
          stopped: (by) => {
            aside.stopped ??= from(by)
            this.#asInner?.stopped(from(by))
          },
          ended: (skipped, dropped) => {
            this.#inner.delete(drain)
            aside.skipped += skipped
            for (const [stage, count] of Object.entries(dropped)) this.#counting.dropped(`${name}.${stage}`, count)
          }
        }
      }
    }
  }

  /** A letter of the dead letters' own stages is counted and told, but not put before those stages again: it would go round for ever. */
  #dead(letter: DeadLetter, task: number): void | Promise<void> {
    this.#counting.letters++
    for (const listen of this.#listeners) listen(letter)
    if (this.#around !== undefined) return this.#around.setAside(letter)
    if (this.#letterTasks.size > 0 && !this.#letterTasks.has(task)) return this.#letterBox.put(letter)
  }

  async #run(signal: AbortSignal | undefined): Promise<Report> {
    const abort = (): void => {
      this.cancel(signal?.reason)
    }
    const listener = { aborted: () => undefined, left: abort } // all runs of a signal share one listener: many are no leak
    if (signal !== undefined) listen(signal, listener)
    const watch = this.#watch()
    try {
      await Promise.resolve() // subscribers of the outputs come first
      if (signal?.aborted === true) abort()
      const drives = this.#tasks.map(({ plan, task }) => ({ id: plan.id, driven: this.#drive(task) }))
      // The dead letters end when everything that may still make one has ended.
      await Promise.all(drives.filter(({ id }) => !this.#letterTasks.has(id)).map(({ driven }) => driven))
      this.#letterBox.end()
      await Promise.all(drives.map(({ driven }) => driven))
      await this.#conclude()
    } finally {
      clearInterval(watch)
      if (signal !== undefined) ignore(signal, listener)
    }
    const report = this.#counting.report(this.#counted)
    this.#asInner?.ended(report.stages.reduce((sum, { skipped }) => sum + skipped, 0), report.dropped)
    if (this.#failure !== undefined) {
      const failure = this.#failure.with({ errors: this.#more })
      for (const output of this.outputs.values()) output.fail(failure)
      throw failure
    }
    return report
  }

  /** Sinks show what they have written when all tasks have succeeded, and not before. */
  async #conclude(): Promise<void> {
    const sinks = this.#tasks.flatMap(({ task }) => (task instanceof SinkTask ? [task] : []))
    for (const sink of sinks) {
      if (this.#failure === undefined) await sink.commit().catch((error: unknown) => { this.#fail(error as Error) })
      if (this.#failure !== undefined) await sink.rollBack(this.#failure)
    }
  }

  async #drive(task: Task): Promise<void> {
    try {
      await task.drive()
    } catch (error) {
      this.#fail(error as Error)
    } finally {
      this.#live--
    }
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) {
      if (error !== this.#failure && this.#more.length < 16 && !this.#more.includes(error)) this.#more.push(error)
      return
    }
    this.#failure = error instanceof PipelineError ? error : PipelineError.from(error)
    this.#controller.abort(this.#failure)
    for (const edge of this.#edges) edge.cut(this.#failure)
    for (const { task } of this.#tasks) task.wake()
    this.#letterBox.end()
  }

  cancel(reason: unknown): void {
    this.#tells()
    if (this.#live > 0) this.#fail(cancelledBy(reason))
  }

  drain(): Promise<Report> {
    this.#draining = true
    for (const drain of this.#inner) drain()
    for (const { task } of this.#tasks) task.wake()
    return this.done
  }

  /** Notices a run in which every task waits for another one: a graph can be written that does. */
  #watch(): NodeJS.Timeout {
    let before = -1
    let still = 0
    return setInterval(() => {
      const moved = this.#edges.reduce((sum, edge) => sum + edge.moved, 0)
      const stuck = moved === before && this.#tasks.every(({ task, plan }) => task.stuck || plan.outlets.flat().concat(plan.inlets).every((id) => this.#edges[id]!.left))
      const full = this.#edges.some((edge) => edge.full)
      before = moved
      still = stuck && full ? still + 1 : 0
      if (still >= 4) this.#fail(deadlock(this.#plan.channels.filter((c) => this.#edges[c.id]!.full).map((c) => `${c.from.stage} -> ${c.to.stage}`)))
    }, WATCH_MS)
  }

  metrics(): Metrics {
    return this.#counting.metrics(this.#counted)
  }
}

/** The source of the dead letters, and what is downstream of it. Tasks come behind those that they read. */
const readersOfLetters = ({ tasks, channels }: Plan): ReadonlySet<number> => {
  const found = new Set<number>()
  for (const { id, head, inlets } of tasks) {
    if (head?.kind === DEAD_LETTERS || inlets.some((channel) => found.has(channels[channel]!.from.task))) found.add(id)
  }
  return found
}

/** Starts a plan. */
export const start = <O extends Outputs>(options: StartOptions): Run<O> => {
  const running = withContext(options.context, () => outside(() => new Running(options))) // a run is its own: the end of the task that started it does not end its waits
  const done = running.done as Promise<Report<O>>
  return {
    outputs: Object.fromEntries([...running.outputs].map(([name, output]) => [name, output.observable])) as Run<O>['outputs'],
    deadLetters: running.deadLetters,
    done,
    result: () =>
      done.then(
        (right) => ({ _tag: 'Right' as const, right }),
        (left: unknown) => ({ _tag: 'Left' as const, left: left as PipelineError })
      ),
    metrics: () => running.metrics(),
    cancel: (reason) => {
      running.cancel(reason)
    },
    drain: () => running.drain() as Promise<Report<O>>,
    [Symbol.asyncDispose]: async () => {
      running.cancel(new Error('the run was disposed of'))
      await running.done.catch(() => undefined)
    }
  }
}

/**
 * What a runtime shows of itself: counts, and lists of tasks and threads, as plain data. No logic but that. Called by runtime.ts.
 */
import type { WorkerMetrics } from '../pool/pool.ts'
import type { TaskLane } from '../task/task-cell.ts'
import type { Crew } from './crew.ts'
import type { Tasks } from './tasks.ts'

/** Which kind of runtime. */
export type Flavor = 'multiThread' | 'currentThread'

/** A task that has not ended, as `dump()` shows it. */
export interface TaskDump {
  readonly id: number
  readonly name: string | undefined
  readonly lane: TaskLane
  /** `'queued'`: a blocking job that no worker has begun. */
  readonly state: 'queued' | 'running'
  /** `file:line:column` of the spawn, with `trackSites`. */
  readonly site: string | undefined
  /** Since its spawn, in milliseconds. */
  readonly ageMs: number
}

export interface RuntimeDump {
  readonly id: number
  readonly name: string | undefined
  readonly flavor: Flavor
  readonly tasks: readonly TaskDump[]
  readonly workers: readonly WorkerMetrics[]
}

export interface RuntimeMetrics {
  /** Threads of the blocking lane when it runs. */
  readonly workers: number
  /** Tasks of both lanes that have not ended. */
  readonly aliveTasks: number
  /** Tasks so far. */
  readonly spawnedTasks: number
  /** Blocking jobs that no worker has begun, those in the injector included. */
  readonly blockingQueued: number
  readonly blockingRunning: number
  /** Morsels in the injector, of pipelines and jobs. */
  readonly injectorDepth: number
  /** Event loops of the async lane that are alive, and functions that they run. */
  readonly asyncWorkers: number
  readonly asyncCalls: number
  /** Threads that were started, and that have ended, so far; of both lanes. */
  readonly threadsStarted: number
  readonly threadsEnded: number
  /** One row per thread of the blocking lane; empty while it does not run. */
  readonly threads: readonly WorkerMetrics[]
}

/** `crew`: its threads, if there are any by now. */
export const metricsOf = (workers: number, tasks: Tasks, crew: Crew | undefined): RuntimeMetrics => {
  const threads = crew?.metrics()
  return {
    workers,
    aliveTasks: tasks.alive,
    spawnedTasks: tasks.spawned,
    blockingQueued: crew?.jobs.queued ?? 0,
    blockingRunning: crew?.jobs.running ?? 0,
    injectorDepth: threads?.queued ?? 0,
    asyncWorkers: threads?.asyncWorkers ?? 0,
    asyncCalls: threads?.asyncCalls ?? 0,
    threadsStarted: threads?.started ?? 0,
    threadsEnded: threads?.ended ?? 0,
    threads: threads?.blocking ?? []
  }
}

export const dumpOf = ({ id, name, flavor }: Pick<RuntimeDump, 'id' | 'name' | 'flavor'>, tasks: Tasks, crew: Crew | undefined): RuntimeDump => {
  const now = performance.now()
  const all = tasks.all().map((task): TaskDump => ({
    id: task.id, name: task.name, lane: task.lane, state: task.isQueued ? 'queued' : 'running', site: task.site, ageMs: now - task.since
  }))
  return { id, name, flavor, tasks: all, workers: crew?.metrics().blocking ?? [] }
}

/**
 * A task as a worker knows it: its functions, found and compiled, its loops with their states, and what it counts.
 *
 *   registration ──▶ taskOf: functions, checkers ──▶ makeLoop: the generated loop ──▶ busy with one morsel ⇄ free
 *
 * What a stage's policy says of an item that fails is carried out here, by the hooks of the loops; a failure that ends the run is a
 * {@link Fatal}, which the driver of the morsel tells. Called by remote.ts, which drives morsels.
 */
import type { ItemBatch, SplitReader } from '../../graph/spec.ts'
import type { Hint } from '../../frame/hint.ts'
import { instantiate, type Instance } from '../../operator/loop/compile.ts'
import type { Kernel } from '../../operator/loop/kernel.ts'
import { stopsOnFailure, type Binding, type Program } from '../../plan/program.ts'
import { resolveChecker, resolveFn } from '../../ship/resolve.ts'
import { hintFor } from '../codec-columns.ts'
import { COUNTS_PER_NODE, COUNT_DEAD, COUNT_FAILED, COUNT_IN, COUNT_SKIPPED, type Registration, type Told } from '../protocol.ts'
import type { Fills } from './results.ts'
import { tell } from '../told.ts'
import { Places, producersOf, type Producer } from '../uncloneable.ts'

export type Kernels = Readonly<Record<string, Kernel>>
export type Readers = Readonly<Record<string, SplitReader>>

/** What a worker has of the machine that it runs on: a thread of its own, or, in a test, a place on the caller's loop. */
export interface Machine {
  /** Milliseconds. */
  readonly now: () => number
  /** Waits so many milliseconds: blocks, or answers when to go on. */
  readonly sleep: (ms: number) => void | Promise<unknown>
  /** The function to call instead of a user's. */
  readonly fn: (stage: string, fn: UserFn) => UserFn
  /** Nothing is done for the time that it has taken. */
  readonly steady: boolean
}

type UserFn = (...args: never[]) => unknown

/** Thrown by the hooks to end a morsel: the run has failed. */
export class Fatal extends Error {
  readonly told: Told
  constructor(told: Told) {
    super('the run has failed')
    this.told = told
  }
}

export interface RemoteLoop {
  readonly instance: Instance
  /** The batch being run and the index of its first item in the morsel; for positions. */
  batch: Pick<ItemBatch, 'origin'>
  base: number
  /** Items of the next slice. */
  slice: number
  /** Since when the outlets hold results, at the latest; in milliseconds. */
  since: number
  readonly places: Places
  dead: Told[]
  /** Failures that have stopped stages, to be told. */
  stops: Told[]
  readonly fills: Fills
  busy: boolean
}

export interface RemoteTask {
  readonly registration: Registration
  readonly binding: Binding
  readonly loops: RemoteLoop[]
  /** What the caller's loop reads: as of the last morsel that was finished, so that a worker's death leaves nothing half counted. */
  readonly counters: Float64Array
  /** What is being counted. */
  readonly tally: Float64Array
  /** What a worker had counted that died, and whose place this one has taken. */
  readonly before: Float64Array
  readonly stop: Int32Array
  /** A failure may stop one of its stages. */
  readonly stops: boolean
  readonly reader: SplitReader | undefined
  /** How long an instance runs before it pauses, in milliseconds. */
  readonly pauseMs: number
  /** By outlet: what is known of its items in advance. */
  readonly hints: readonly (Hint | undefined)[]
  readonly producers: readonly Producer[]
  /** Morsels of a serial task that wait for the one before them. */
  readonly behind: (() => void)[]
  /** How many they are, with the one whose turn has come but that has not begun. */
  waiting: number
}

/** Items of the first slice of a loop. */
const FIRST_SLICE = 64

/** How long a slice should take, in milliseconds. */
export const paceOf = ({ registration: { maxLatencyMs } }: Pick<RemoteTask, 'registration'>): number => maxLatencyMs / 2

/** What a registration describes, with everything found that it names. Rejects with what cannot be found or compiled. */
export const taskOf = async (registration: Registration, worker: number, readers: Readers, machine: Machine): Promise<RemoteTask> => {
  const { program } = registration
  const fns = await Promise.all(
    registration.fns.map(async (refs, node) =>
      Object.fromEntries(await Promise.all(Object.entries(refs).map(async ([name, ref]) => [name, machine.fn(program.nodes[node]!.stage, await resolveFn(ref))] as const)))
    )
  )
  const checkers = await Promise.all(registration.codecs.map(async (codec) => (codec === undefined ? undefined : await resolveChecker(codec))))
  const nodes = program.nodes.length * COUNTS_PER_NODE
  const counters = new Float64Array(registration.counters, worker * nodes * 8, nodes)
  return {
    registration,
    binding: { fns, envs: registration.envs, checkers },
    loops: [],
    behind: [],
    waiting: 0,
    counters,
    tally: counters.slice(),
    before: counters.slice(),
    stop: new Int32Array(registration.stop),
    stops: stopsOnFailure(program),
    producers: producersOf(program),
    pauseMs: machine.steady ? Infinity : paceOf({ registration }),
    hints: program.outlets.map(({ columns }) => hintFor(columns)),
    reader: registration.reader === undefined ? undefined : readers[registration.reader.kind]
  }
}

/** Outlets that leave in frames of items: numbers gather there as they are laid out. */
const numbersBy = ({ outlets }: Program): ReadonlySet<number> => new Set(outlets.flatMap(({ text }, outlet) => (text ? [] : [outlet])))

/** A loop of its own, fresh or with the state of another one. Compiles: what cannot be compiled is found here. */
export const makeLoop = (task: RemoteTask, kernels: Kernels, states?: readonly object[]): RemoteLoop => {
  const { program } = task.registration
  const count = (node: number, which: number): void => {
    task.tally[node * COUNTS_PER_NODE + which]!++
  }
  const told = (node: number, index: number, item: unknown, error: unknown, attempts?: number): Told =>
    tell(node, loop.batch, index, loop.base, item, error, attempts)
  const instance = instantiate(program, kernels, task.binding, {
    failed: (node, index, item, error, end) => {
      const { onError } = program.nodes[node]!
      const policy = end?.policy ?? (typeof onError === 'object' ? onError.then : onError)
      if (policy === 'skip') count(node, COUNT_SKIPPED)
      else if (policy === 'deadLetter') {
        count(node, COUNT_DEAD)
        loop.dead.push(told(node, index, item, error, end?.attempts))
      } else if (policy === 'stop') {
        loop.stops.push(told(node, index, item, error, end?.attempts)) // counted where it is known to be the first
        return policy
      } else {
        count(node, COUNT_FAILED)
        throw new Fatal(told(node, index, item, error))
      }
      return undefined
    },
    left: (node, index, item, cause) => {
      count(node, COUNT_DEAD)
      loop.dead.push(told(node, index, item, cause))
    },
    dropped: (node) => {
      count(node, COUNT_SKIPPED)
    }
  }, states, { pauseMs: task.pauseMs, columns: numbersBy(program), ahead: true })
  const loop: RemoteLoop = {
    instance, batch: {}, base: 0, slice: FIRST_SLICE, since: 0, places: new Places(task.producers), dead: [], stops: [], fills: new Map(), busy: false
  }
  return loop
}

/** A loop that no morsel at rest holds. */
export const freeLoop = (task: RemoteTask, kernels: Kernels): RemoteLoop => {
  let loop = task.loops.find((l) => !l.busy)
  if (loop === undefined) {
    loop = makeLoop(task, kernels)
    task.loops.push(loop)
  }
  loop.busy = true
  return loop
}

/** Shows what has been counted, after a morsel. */
export const publish = (task: RemoteTask): void => {
  const { counters, tally } = task
  const { nodes } = task.registration.program
  for (let node = 0; node < nodes.length; node++) {
    let entered = task.before[node * COUNTS_PER_NODE + COUNT_IN]!
    for (const loop of task.loops) entered += loop.instance.counts[node]!
    tally[node * COUNTS_PER_NODE + COUNT_IN] = entered
  }
  counters.set(tally)
}

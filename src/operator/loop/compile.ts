/**
 * From a program to a running instance: compiles the loop of all stages of a task, and gives it state.
 *
 *   run(items) ── for each item ── code of the stages, nested ── outs[k].push(result), or columns[k] while they are numbers
 *        │                               │
 *        │                               └ throws: hooks.failed(node, index, item, error) decides; the loop goes on behind it
 *        └ answers DONE; PAUSED: take `outs`, then resume(); WAIT: resume() after `waitMs`; CLOSED: no more input is wanted
 *
 * Invariants
 *   C1  every item that enters a node is counted there once (`counts[node]`), also when the node fails on it
 *   C2  an item that fails leaves no trace downstream but what was emitted before it failed
 *   C3  a stage that wants no more is not entered again, nor is what only feeds it; its siblings go on
 *   C4  after CLOSED `run` takes nothing; `end()` still lets go what stages behind the closed one hold
 *   C5  an error that a hook threw leaves `run`, `resume` or `end` as it is: no stage's policy is asked about it
 *   C6  an iterable that is left early, by whatever way, has its `return` called once
 *   C7  a stage that a failure has stopped is as at the end of its input: what it holds, and what stages behind it hold, `end()` lets go
 * A program with an expanding stage (flatMap) or with retries is compiled to a generator, so that it can stop in the
 * middle of an item; all others to a plain function.
 *
 * Runs on the main thread and in workers: imports nothing that takes time to load.
 */
import type { Decide, Retry } from '../../graph/options.ts'
import { afterFailure, GaveUp } from './decision.ts'
import { NumberColumn } from './column.ts'
import { DONE, FIRST_TURNS, generate, kernelOf, LEFT, natureOf, MOST_TURNS, PAUSED, WAIT, type HeadName, type Status } from './generate.ts'
import { hashKey } from './hash.ts'
import * as store from '../keyed/store.ts'
import { newKey } from '../keyed/keys.ts'
import { lastLine, linesOf } from './line-splitter.ts'
import type { Fns, Kernel } from './kernel.ts'
import { apartOf } from './apart.ts'
import { standInsOf } from './arithmetic.ts'
import { familyOf } from './makers.ts'
import { picked } from './picked.ts'
import type { Binding, Program, Target } from '../../plan/program.ts'
import { Progression, Rows, type Items, type Making } from '../../prelude/items.ts'
import { promised } from './promised.ts'
import { seen } from './recent.ts'
import { Walker } from './walker.ts'
import { bytesOf, checkWeight, tooManyBytes } from './weight.ts'

export { CLOSED, DONE, PAUSED, WAIT, type Status } from './generate.ts'

/** Results that gather before an expanding stage pauses. */
const PAUSE_AT = 1024
/** How long an expanding stage goes on without a pause, in milliseconds: what it holds may be waited for. */
const PAUSE_MS = 0.5
/** Numbers that an instance runs before others stand in for functions that only compute: what is looked at in a debugger are the first items. */
const STAND_IN_AFTER = 1 << 14

/** Loops of one instance that make records themselves, each in another way. */
const MOST_MAKINGS = 4

/** How a loop is driven: when an expanding stage pauses, and what gathers where. */
export interface Driving {
  readonly pauseAt?: number | undefined
  readonly pauseMs?: number | undefined
  /** Outlets whose driver takes numbers as columns: see {@link Instance.columns}. */
  readonly columns?: ReadonlySet<number> | undefined
  /** Compiles the loop for lists before any items come, for a driver whose first items had better not wait for it. */
  readonly ahead?: boolean | undefined
}

/** The decisions that the loop leaves to its driver. `index` is that of the item in the batch, -1 at the end of the input. */
export interface Hooks {
  /**
   * A user's function threw. Returning drops the item, and ends the node's input where it answers `'stop'`; throwing ends the run. `end`:
   * tries were made again, and so they ended.
   */
  failed(node: number, index: number, item: unknown, error: unknown, end?: GaveUp): 'stop' | void
  /** A stage answered `Left`. Returning drops the item; throwing ends the run. */
  left(node: number, index: number, item: unknown, cause: unknown): void
  /** A stage has dropped an item by a policy of its own, such as one that is late. */
  dropped(node: number): void
}

export interface Instance {
  /** What the outlets hold; the driver takes an array by putting a new one in its place, between calls. */
  readonly outs: unknown[][]
  /** By outlet, where its driver asked for it: numbers that come before what `outs` holds. Taken as those are. */
  readonly columns: readonly (NumberColumn | undefined)[]
  /** Items that entered each node, so far. */
  readonly counts: Float64Array
  /** Plain state by node, for snapshots between two calls that answered DONE. */
  readonly states: object[]
  /** After WAIT: how long. */
  readonly waitMs: number
  /** Runs the items from `from` to `to`, by default all of them. A column is read while it runs, and not afterwards. */
  run(items: Items, from?: number, to?: number): Status
  resume(): Status
  /** The input has ended. */
  end(): Status
  /** Nobody reads `outlet` any more; answers whether nobody reads any outlet. */
  closeOutlet(outlet: number): boolean
  /** Nodes that a failure has stopped, and outlets that were closed, are open again: for a batch that comes before the one that failed. */
  reopen(): void
  /** Gives up what PAUSED or WAIT left unfinished: iterables are closed. Without such, does nothing. */
  close(): void
}

/** A loop that is for some items only: records that it makes, or long runs of numbers, with others in the place of functions. */
interface Special {
  readonly making?: Making | undefined
  readonly others?: readonly Fns[] | undefined
}

interface Loop {
  run(items: Items, from: number, to: number): Status | typeof LEFT | Iterator<number, Status>
  end(): Status | Iterator<number, Status>
  /** The node is not to be entered any more. */
  skip(node: number): void
  /** No more input. */
  shut(): void
  /** All nodes may be entered. */
  open(): void
  /** What is thrown from now on, until the next batch, is nobody's to handle. */
  fatal(): void
}

/** How long to wait before try number `attempt` + 1 (0-based); deterministic but for the jitter. */
export const backoffMs = (retry: Retry, attempt: number, random: () => number): number => {
  const full = Math.min(retry.maxMs, retry.initialMs * retry.factor ** attempt)
  return full * (1 - retry.jitter) + full * retry.jitter * random()
}

/** The mark in a node's state that a failure has stopped it: a name that no kernel gives, and that survives a structured clone. */
const STOPPED = ' stopped'
type Marked = { [STOPPED]?: boolean }

type Fn = (...args: unknown[]) => unknown

/** A try that has failed. */
class Failed {
  readonly error: unknown
  constructor(error: unknown) {
    this.error = error
  }
}

/** The first try, which most items need no more than. */
const attempt = (fn: Fn, args: readonly unknown[]): unknown => {
  try {
    return fn(...args)
  } catch (error) {
    return new Failed(error)
  }
}

/** Calls `fn` again until it answers or is given up; yields the waits to the driver of the loop. */
function* retrying(fn: Fn, retry: Retry, args: readonly unknown[], first: Failed): Generator<number, unknown> {
  let answer: unknown = first
  for (let attempts = 1; answer instanceof Failed; attempts++) {
    const end = afterFailure(retry, answer.error, attempts)
    if (end !== undefined) return end
    yield backoffMs(retry, attempts - 1, Math.random)
    answer = attempt(fn, args)
  }
  return answer
}

/** Of the last try. What was given up is thrown with how it ended, and unwrapped where the hook is called. */
const answerOf = (answer: unknown): unknown => {
  if (answer instanceof GaveUp) throw answer
  return answer
}

interface Kinship {
  /** By node, and by outlet: the nodes above it, the nearest first. */
  readonly ofNodes: readonly (readonly number[])[]
  readonly ofOutlets: readonly (readonly number[])[]
}

const kinship = ({ nodes, roots, outlets }: Program): Kinship => {
  const ofNodes: (readonly number[])[] = nodes.map(() => [])
  const ofOutlets: (readonly number[])[] = outlets.map(() => [])
  const descend = (targets: readonly Target[], path: readonly number[]): void => {
    for (const t of targets) {
      if ('outlet' in t) {
        ofOutlets[t.outlet] = path
        continue
      }
      ofNodes[t.node] = path
      descend(nodes[t.node]!.targets.flat(), [t.node, ...path])
    }
  }
  descend(roots, [])
  return { ofNodes, ofOutlets }
}

/** The program with the functions that its kernels call: those of the user, or what a kernel makes of them. */
const bindAll = (program: Program, kernels: Readonly<Record<string, Kernel>>, { fns }: Binding): { program: Program, fns: readonly Fns[] } => {
  const bound = program.nodes.map((node, k) => kernelOf(kernels, node).bind?.(fns[k]!, node.args) ?? fns[k]!)
  const nodes = program.nodes.map((node, k) => (bound[k] === fns[k] ? node : { ...node, fns: Object.keys(bound[k]!) }))
  return { program: { ...program, nodes }, fns: bound }
}

const NO_COLUMNS: ReadonlySet<number> = new Set()

const headOf = (items: Items): HeadName => {
  if (items instanceof Progression) return items.step !== 1 ? 'steps' : items.start !== 0 ? 'follow' : 'count'
  if (items instanceof Rows) return 'rows'
  return items instanceof Float64Array ? 'floats' : items instanceof Int32Array ? 'ints' : 'list'
}

/** Compiles a program and gives it state: fresh, or taken over from another instance's snapshot. */
export const instantiate = (
  declared: Program,
  kernels: Readonly<Record<string, Kernel>>,
  binding: Binding,
  hooks: Hooks,
  snapshot?: readonly object[],
  { pauseAt = PAUSE_AT, pauseMs = PAUSE_MS, columns = NO_COLUMNS, ahead = false }: Driving = {}
): Instance => {
  const { program, fns } = bindAll(declared, kernels, binding)
  const family = familyOf(program, kernels, fns, [pauseAt, [...columns]], () => ({ ...natureOf(program, kernels), standIns: new Map<boolean, readonly Fns[] | undefined>() }))
  const { resumable, keeps, standIns } = family.known
  const above = kinship(program)
  const states = program.nodes.map((node, k) => snapshot?.[k] ?? kernels[node.kind]!.state?.(node.args) ?? {})
  const outs: unknown[][] = program.outlets.map(() => [])
  const counts = new Float64Array(program.nodes.length)
  const unread = new Set<number>()
  const skipped = new Set<number>()
  const isWanted = (targets: readonly Target[]): boolean => targets.some((t) => ('outlet' in t ? !unread.has(t.outlet) : !skipped.has(t.node)))
  /**
   * Nodes that feed nobody any more want no more; answers whether nobody wants more input. Whether a node is above that has stopped is
   * another question: what is held below it goes on to all who read it when the input ends.
   */
  const rest = (nodes: readonly number[]): boolean => {
    for (const k of nodes) {
      if (isWanted(program.nodes[k]!.targets.flat())) break
      skip(k)
    }
    return !isWanted(program.roots)
  }
  const stop = (node: number): boolean => {
    skip(node)
    const over = rest(above.ofNodes[node]!)
    if (over) shut()
    return over
  }
  const failed = (node: number, index: number, item: unknown, error: unknown): void => {
    const word = error instanceof GaveUp ? hooks.failed(node, index, item, error.error, error) : hooks.failed(node, index, item, error)
    if (word !== 'stop') return
    ;(states[node] as Marked)[STOPPED] = true
    stop(node)
  }
  const halted = (node: number): boolean => (states[node] as Marked)[STOPPED] === true
  const bound = {
    outs,
    counts,
    states,
    help: {
      failed, halted, left: hooks.left, dropped: hooks.dropped, promised, attempt, retry: retrying, Failed, answerOf, stop, newKey, picked,
      weight: checkWeight, bytes: bytesOf, tooManyBytes, seen, hashKey, store, linesOf, lastLine, walker: (): Walker => new Walker()
    },
    args: program.nodes.map((node) => node.args),
    policies: program.nodes.map(({ onError }, k) => {
      const decide = binding.fns[k]!['decide'] as Decide | undefined
      return typeof onError === 'object' && decide !== undefined ? { ...onError, decide } : onError
    }),
    pace: { turns: FIRST_TURNS, next: 0 },
    columns: outs.map((_, outlet) => (columns.has(outlet) ? new NumberColumn() : undefined)),
    ...binding,
    fns
  }
  /** One for each form in which items have come, of one state; what one of them is told all are told. */
  const loops = new Map<string, Loop>()
  let isShut = false
  const skip = (k: number): void => {
    skipped.add(k)
    for (const loop of loops.values()) loop.skip(k)
  }
  const shut = (): void => {
    isShut = true
    for (const loop of loops.values()) loop.shut()
  }
  let numeric = keeps.length > 0
  const isNumeric = (): boolean => numeric && keeps.every(({ node, field }) => typeof (states[node] as Record<string, unknown>)[field] === 'number')
  const apart = (): readonly ReadonlySet<string>[] => apartOf(program, program.nodes.map((node) => kernelOf(kernels, node)), fns, columns)
  /** How records come that loops make themselves: a loop for each. */
  const makings: Making[] = []
  /** Records as a loop takes them: a list where it may pause in the middle of one, and where they are laid out in ever other ways. */
  const taken = (items: Items): Items => {
    if (!(items instanceof Rows) || makings.includes(items.making)) return items
    if (resumable || makings.length === MOST_MAKINGS) return items.list()
    makings.push(items.making)
    return items
  }
  const loopOf = (head: HeadName, numeric: boolean, { making, others }: Special = {}): Loop => {
    const name = `${head}${numeric ? ' of numbers' : ''}${others === undefined ? '' : ' by others'}`
    const key = making === undefined ? name : `${name} ${makings.indexOf(making)}`
    let loop = loops.get(key)
    if (loop === undefined) {
      const form = making === undefined ? name : [name, making.before, making.item].join('\n') // makings are numbered here, not for the family
      const maker = family.maker(form, () => generate(program, kernels, { pauseAt, columns, apart: apart(), head, numeric, making }).source)
      loop = maker(others === undefined ? bound : { ...bound, fns: fns.map((of, k) => ({ ...of, ...others[k] })) }) as Loop
      for (const k of skipped) loop.skip(k)
      if (isShut) loop.shut()
      loops.set(key, loop)
    }
    return loop
  }
  const othersFor = (numeric: boolean): readonly Fns[] | undefined => {
    if (!standIns.has(numeric)) standIns.set(numeric, standInsOf(program, fns, numeric))
    return standIns.get(numeric)
  }
  let ran = 0
  const loopFor = (items: Items, count: number): Loop => {
    const [head, numeric] = [headOf(items), isNumeric()]
    if (items instanceof Rows) return loopOf(head, numeric, { making: items.making })
    const isLong = !resumable && head !== 'list' && (ran += count) > STAND_IN_AFTER
    return loopOf(head, numeric, { others: isLong ? othersFor(numeric) : undefined })
  }
  /** Every one of them has the same end. */
  const anyLoop = (): Loop => loops.values().next().value ?? loopOf('list', isNumeric())
  if (ahead) loopOf('list', isNumeric())
  const run = (items: Items, from: number, to: number): Status | Iterator<number, Status> => {
    const status = loopFor(items, to - from).run(items, from, to)
    if (status !== LEFT) return status
    numeric = false // for good: what was no number once may be none again
    return run(items, bound.pace.next, to)
  }
  const stopAgain = (): void => {
    program.nodes.forEach((node, k) => {
      if (halted(k) || kernelOf(kernels, node).stopped?.(states[k]!, node.args) === true) stop(k)
    })
  }
  stopAgain()
  let going: Iterator<number, Status> | undefined
  let waitMs = 0
  const step = (): Status => {
    if (going === undefined) return DONE
    let at: IteratorResult<number, Status>
    const began = performance.now()
    try {
      at = going.next()
    } catch (error) {
      going = undefined
      throw error
    }
    if (at.done === true) {
      going = undefined
      return at.value
    }
    if (at.value < 0) {
      const took = performance.now() - began
      const { pace } = bound
      if (took > pauseMs * 2) pace.turns = Math.max(1, pace.turns >> 1)
      else if (took < pauseMs / 2) pace.turns = Math.min(MOST_TURNS, pace.turns * 2)
      return PAUSED
    }
    waitMs = at.value
    return WAIT
  }
  const giveUp = (): void => {
    const left = going
    going = undefined
    if (left === undefined) return
    for (const loop of loops.values()) loop.fatal()
    try {
      left.return?.()
    } catch {
      // an iterable that fails while it is closed: its items are not wanted any more, and nobody is there to tell
    }
  }
  const start = (begin: () => Status | Iterator<number, Status>): Status => {
    giveUp()
    const begun = begin()
    if (!resumable) return begun as Status
    going = begun as Iterator<number, Status>
    return step()
  }
  return {
    outs,
    columns: bound.columns,
    counts,
    states,
    get waitMs() {
      return waitMs
    },
    run: (items, from = 0, to = items.length) => {
      for (const column of bound.columns) column?.room(to - from)
      const input = taken(items)
      return start(() => run(input, from, to))
    },
    resume: step,
    end: () => start(() => anyLoop().end()),
    closeOutlet: (outlet) => {
      unread.add(outlet)
      return rest(above.ofOutlets[outlet]!)
    },
    reopen: () => {
      giveUp()
      states.forEach((state, k) => {
        if (halted(k)) (state as Marked)[STOPPED] = false
      })
      unread.clear()
      skipped.clear()
      isShut = false
      for (const loop of loops.values()) loop.open()
      stopAgain()
    },
    close: giveUp
  }
}

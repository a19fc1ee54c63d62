/**
 * Runs fused kernels with no pool, no channel and no run around them: the program is made of the flows' specs, compiled, and
 * driven on the spot. What the loop leaves to its driver (dead letters, skipped items, waits, pauses) is written down.
 *
 * The program is made here and not by plan/, so that a spec of an operator does not hang on the planner.
 */
import { setTimeout as later } from 'node:timers/promises'
import type { Either } from 'fp-ts/lib/Either.js'
import { Source, sourceOf, type Flow } from '../../src/graph/source.ts'
import type { KernelSpec } from '../../src/graph/spec.ts'
import type { Port, Stage } from '../../src/graph/stage.ts'
import { CLOSED, DONE, instantiate, PAUSED, WAIT, type Instance, type Status } from '../../src/operator/loop/compile.ts'
import { kernels } from '../../src/operator/kernels.ts'
import type { Binding, Program, ProgramNode, Target } from '../../src/plan/program.ts'

export interface Refused {
  readonly kind: string
  /** Of the item in the whole input; -1 at its end. */
  readonly index: number
  readonly item: unknown
  readonly cause: unknown
}

/** What a program has done. */
export interface Outcome {
  /** By outlet: the items that left. */
  readonly outs: readonly unknown[][]
  readonly letters: readonly Refused[]
  readonly skipped: readonly Refused[]
  readonly stops: readonly Refused[]
  /** Items that stages dropped by policies of their own. */
  readonly dropped: number
  /** What ended the run. */
  readonly failure: Refused | undefined
  /** Items that entered each node. */
  readonly counts: readonly number[]
  /** It wanted no more input before the input had ended. */
  readonly closed: boolean
  /** Items of the input that were given to it. */
  readonly given: number
  readonly pauses: number
  /** Milliseconds that retries asked to wait. */
  readonly waits: readonly number[]
}

/** A source that is never opened: the place where a program's input comes from. */
export const input = <A>(): Source<A> => sourceOf<A>({ role: 'source', kind: 'input', args: {} })

export interface Compiled {
  readonly program: Program
  readonly binding: Binding
}

type Checker = (value: unknown) => Either<unknown, unknown>

/** The stages between `root` and the ends, inputs first; a stage of two halves as both of them, with what is between. */
const stagesOf = (ends: readonly Port[], root: Stage): readonly Stage[] => {
  const found = new Set<Stage>()
  const visit = (stage: Stage): void => {
    if (stage === root || found.has(stage)) return
    for (const port of stage.inputs) visit(port.stage)
    found.add(stage)
  }
  for (const port of ends) visit(port.stage)
  return [...found].sort((a, b) => a.id - b.id)
}

/** One program of all kernel stages between `from` and the ends; outlet k is read by the k-th end. */
export const compileStages = (from: Source<never>, ends: readonly Source<unknown>[], checkers: Readonly<Record<string, Checker>> = {}): Compiled => {
  const root = from.port.stage
  const specs: KernelSpec[] = []
  const targets: Target[][][] = []
  const roots: Target[] = []
  const last = new Map<Stage, number>() // the node that answers for a stage's outlets
  const add = (spec: KernelSpec): number => {
    specs.push(spec)
    targets.push(Array.from({ length: spec.outlets }, () => []))
    return specs.length - 1
  }
  const join = (port: Port, target: Target): void => {
    if (port.stage === root) roots.push(target)
    else targets[last.get(port.stage)!]![port.outlet]!.push(target)
  }
  for (const stage of stagesOf(ends.map((end) => end.port), root)) {
    if (stage.spec.role !== 'kernel') throw new Error(`run-kernel runs kernels only, not ${stage.spec.kind}`)
    const { halves } = stage.spec
    const first = add(halves === undefined ? stage.spec : halves.partial)
    join(stage.inputs[0]!, { node: first })
    if (halves === undefined) last.set(stage, first)
    else {
      let behind = first
      for (const spec of halves.combine === undefined ? [halves.merge] : [halves.combine, halves.merge]) {
        const node = add(spec)
        targets[behind]![0]!.push({ node })
        behind = node
      }
      last.set(stage, behind)
    }
  }
  ends.forEach((end, outlet) => {
    join(end.port, { outlet })
  })
  const nodes = specs.map(
    (spec, k): ProgramNode => ({
      kind: spec.kind,
      stage: spec.kind,
      site: undefined,
      args: spec.args,
      fns: Object.keys(spec.fns),
      hasEnv: spec.env !== undefined,
      hasCodec: spec.codec !== undefined,
      onError: spec.onError,
      targets: targets[k]!
    })
  )
  return {
    program: { nodes, roots, outlets: ends.map(() => ({ text: false })) },
    binding: {
      fns: specs.map((spec) => spec.fns),
      envs: specs.map((spec) => spec.env),
      checkers: specs.map((spec) => (spec.codec === undefined ? undefined : checkers[spec.kind]))
    }
  }
}

export interface DriveOptions {
  /** Results that gather before an expanding stage pauses. */
  readonly pauseAt?: number | undefined
  /** Between two batches the state is copied, and a new instance goes on with it. */
  readonly restore?: boolean | undefined
  /** Really wait when a retry says so; default: go on at once. */
  readonly sleep?: boolean | undefined
  /** The reader of this outlet leaves after it has taken so many items. */
  readonly leave?: { readonly outlet: number; readonly after: number } | undefined
  readonly checkers?: Readonly<Record<string, Checker>> | undefined
  /** Do not end the input. */
  readonly noEnd?: boolean | undefined
}

/** Ends the run; carries what failed. */
class Ended extends Error {
  readonly refused: Refused
  constructor(refused: Refused) {
    super('the run has failed')
    this.refused = refused
  }
}

/** Drives a compiled program over batches. */
export const drive = async ({ program, binding }: Compiled, batches: readonly (readonly unknown[])[], options: DriveOptions = {}): Promise<Outcome> => {
  const outs: unknown[][] = program.outlets.map(() => [])
  const letters: Refused[] = []
  const skipped: Refused[] = []
  const stops: Refused[] = []
  let dropped = 0
  const waits: number[] = []
  const counts = program.nodes.map(() => 0)
  let pauses = 0
  let given = 0
  let base = 0
  let gone = false
  const refusal = (node: number, index: number, item: unknown, cause: unknown): Refused => ({
    kind: program.nodes[node]!.kind, index: index < 0 ? -1 : base + index, item, cause
  })
  const make = (states?: readonly object[]): Instance =>
    instantiate(program, kernels, binding, {
      failed: (node, index, item, error, end) => {
        const refused = refusal(node, index, item, error)
        const { onError } = program.nodes[node]!
        const policy = end?.policy ?? (typeof onError === 'object' ? onError.then : onError)
        if (policy === 'fail') throw new Ended(refused)
        if (policy === 'stop') {
          stops.push(refused)
          return policy
        }
        ;(policy === 'skip' ? skipped : letters).push(refused)
        return undefined
      },
      left: (node, index, item, cause) => {
        letters.push(refusal(node, index, item, cause))
      },
      dropped: () => {
        dropped++
      }
    }, states, { pauseAt: options.pauseAt })

  let instance = make()
  const take = (): void => {
    instance.outs.forEach((held, outlet) => {
      instance.outs[outlet] = []
      outs[outlet]!.push(...held)
    })
    const { leave } = options
    if (leave === undefined || gone || outs[leave.outlet]!.length < leave.after) return
    gone = true
    instance.closeOutlet(leave.outlet)
  }
  const settle = async (begun: Status): Promise<Status> => {
    let status = begun
    while (status === PAUSED || status === WAIT) {
      if (status === PAUSED) pauses++
      else {
        waits.push(instance.waitMs)
        if (options.sleep === true) await later(instance.waitMs)
      }
      take()
      status = instance.resume()
    }
    take()
    return status
  }
  const count = (): void => {
    instance.counts.forEach((n, node) => {
      counts[node]! += n
    })
  }
  const outcome = (failure: Refused | undefined, closed: boolean): Outcome => ({ outs, letters, skipped, stops, dropped, failure, counts, closed, given, pauses, waits })

  let closed = false
  try {
    for (const batch of batches) {
      given += batch.length
      const status = await settle(instance.run(batch))
      base += batch.length
      if (status === CLOSED) {
        closed = true
        break
      }
      if (status !== DONE) throw new Error(`status ${status}`)
      if (options.restore === true) {
        count()
        instance = make(structuredClone(instance.states))
      }
    }
    if (options.noEnd !== true) await settle(instance.end())
  } catch (error) {
    if (!(error instanceof Ended)) throw error
    take() // what left before the failure; a run would throw it away
    count()
    return outcome(error.refused, closed)
  }
  count()
  return outcome(undefined, closed)
}

/** Runs one flow over batches of items; `outs[0]` is what left it. */
export const runFlow = <A, B>(flow: Flow<A, B>, batches: readonly (readonly A[])[], options: DriveOptions = {}): Promise<Outcome> => {
  const from = input<A>()
  return drive(compileStages(from as Source<never>, [from.pipe(flow)], options.checkers), batches, options)
}

/** Runs a graph of several ends over batches of items. */
export const runGraph = <A>(
  build: (source: Source<A>) => readonly Source<unknown>[],
  batches: readonly (readonly A[])[],
  options: DriveOptions = {}
): Promise<Outcome> => {
  const from = input<A>()
  return drive(compileStages(from as Source<never>, build(from), options.checkers), batches, options)
}

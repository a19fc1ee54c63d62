/**
 * An item that cannot cross threads: the error of the frame that was to hold it, with the stage that made the item and its place.
 *
 * A frame knows which of its items it was; which item of the morsel that came of is known where every stage on the way makes
 * one of one. Called by results.ts and leaving.ts in workers, by handout.ts on the caller's loop.
 */
import { PipelineError, type Position } from '../error/pipeline-error.ts'
import type { ItemBatch } from '../graph/spec.ts'
import type { Program, Target } from '../plan/program.ts'

/** The place of the item among those that were given to the frame, from 0; none for another error. */
export const placeOf = (error: unknown): number | undefined =>
  error instanceof PipelineError && error.code === 'ERR_MILLRACE_NOT_CLONEABLE' ? error.position?.index : undefined

/** The same error, at a place and for a stage. */
export const at = (error: unknown, position: Position, stage?: string): unknown =>
  error instanceof PipelineError ? error.with({ position, ...(stage === undefined ? {} : { stage }) }) : error

/** Which node fills an outlet, -1 for none; `exact`: the n-th item that leaves by it is the n-th that came. */
export interface Producer {
  readonly node: number
  readonly exact: boolean
}

/** Stages that make one item of one, as long as none is dropped. */
const ONE_OF_ONE: ReadonlySet<string> = new Set(['map', 'pick', 'scan', 'scanBy', 'tap', 'toJson', 'zipWithIndex'])

/** By outlet. */
export const producersOf = ({ nodes, roots, outlets }: Program): readonly Producer[] => {
  const found: Producer[] = outlets.map(() => ({ node: -1, exact: false }))
  const follow = (targets: readonly Target[], node: number, exact: boolean): void => {
    for (const target of targets) {
      if ('outlet' in target) found[target.outlet] = { node, exact }
      else {
        const { kind, onError, targets: behind } = nodes[target.node]!
        for (const each of behind) follow(each, target.node, exact && ONE_OF_ONE.has(kind) && onError === 'fail')
      }
    }
  }
  follow(roots, -1, true)
  return found
}

type Batch = Pick<ItemBatch, 'origin'>

/** Which items of a morsel its results came of: results are held until they fill a frame, over many batches of a split. */
export class Places {
  readonly #producers: readonly Producer[]
  /** By outlet: results of the morsel that have been sent. */
  readonly #gone: number[]
  /** The batches that results may still be held of, the newest last, with the index of their first items. */
  #batches: { readonly batch: Batch; readonly base: number }[] = []

  constructor(producers: readonly Producer[]) {
    this.#producers = producers
    this.#gone = producers.map(() => 0)
  }

  /** A morsel begins. */
  begin(): void {
    this.#gone.fill(0)
    this.#batches = []
  }

  /** A batch is about to be run. Those whose results have all been sent are forgotten. */
  came({ origin }: Batch, base: number): void {
    this.#batches.push({ batch: { origin }, base })
    const sent = Math.min(...this.#producers.map(({ exact }, outlet) => (exact ? this.#gone[outlet]! : Infinity)))
    while (this.#batches.length > 1 && this.#batches[1]!.base <= sent) this.#batches.shift()
  }

  /** So many results have been sent. */
  left(outlet: number, count: number): void {
    this.#gone[outlet]! += count
  }

  /** Of a result that is still held, by its place among those: who made it, and the batch and the place in it that it came of, or -1. */
  of(outlet: number, place: number): { readonly node: number; readonly batch: Batch | undefined; readonly base: number; readonly index: number } {
    const { node, exact } = this.#producers[outlet]!
    const nth = exact ? this.#gone[outlet]! + place : -1
    const found = this.#batches.findLast(({ base }) => base <= nth)
    return found === undefined ? { node, batch: undefined, base: 0, index: -1 } : { node, ...found, index: nth - found.base }
  }
}

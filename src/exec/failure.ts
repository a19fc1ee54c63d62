/**
 * From what a loop or a worker tells to the error or the dead letter that the user sees: with stage, place and cause.
 */
import { createReadStream } from 'node:fs'
import { PipelineError, type Position } from '../error/pipeline-error.ts'
import { stageFailed } from '../error/wording-run.ts'
import { decodeError } from '../error/wire.ts'
import type { TaskPlan } from '../plan/plan.ts'
import type { Told } from './protocol.ts'
import { at, placeOf } from './uncloneable.ts'

/** An item that a stage has failed on, and why. */
export interface FailedItem {
  /** Where the item was: its index at the task's inlet, and file and line when a reader knows. */
  readonly position: Position
  /** What was wrong. */
  readonly cause: unknown
  /** The item as it entered the stage; a text preview when it could not be cloned. */
  readonly item: unknown
  /** How often the stage tried: 1 without a `retry`. */
  readonly attempts: number
  /** Whether `item` is the item itself, and not a preview: only such letters can be replayed. */
  readonly whole: boolean
}

/**
 * An item that a stage refused or failed on, when its policy is `deadLetter`.
 */
export interface DeadLetter extends FailedItem {
  /** Name of the stage. */
  readonly stage: string
}

/** Lines before byte `end` of a plain file; for a position in a split whose predecessors are not finished. */
export const linesBefore = async (file: string, end: number): Promise<number> => {
  if (end === 0) return 0
  let lines = 0
  for await (const chunk of createReadStream(file, { end: end - 1, highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
  }
  return lines
}

export const positionOf = (told: Told, base: number, lineBase: number): Position => ({
  index: told.index < 0 || base < 0 ? -1 : base + told.index,
  ...(told.file === undefined ? {} : { file: told.file }),
  ...(told.line === undefined ? {} : { line: lineBase + told.line })
})

export const deadLetterOf = (task: TaskPlan, told: Told, base: number, lineBase: number): DeadLetter => ({
  stage: task.kernels[told.node]?.declared ?? task.stages[0]!.declared,
  position: positionOf(told, base, lineBase),
  cause: decodeError(told.error),
  item: told.item,
  attempts: told.attempts,
  whole: told.whole
})

/** What has stopped a stage, and which one, under the policy `stop`. */
export const stopOf = (task: TaskPlan, told: Told, base: number, lineBase: number): DeadLetter => deadLetterOf(task, told, base, lineBase)

/** The error that ends the run. A failure outside any stage's function (a reader's, a frame's) keeps its own code. */
export const failureOf = (
  task: TaskPlan,
  told: Told,
  base: number,
  lineBase: number,
  cause: unknown = decodeError(told.error)
): PipelineError => {
  const { declared, site } = task.kernels[told.node] ?? task.stages[0]!
  if (cause instanceof PipelineError && cause.stage !== undefined) return cause
  if (placeOf(cause) !== undefined) return at(cause, positionOf(told, base, lineBase), declared) as PipelineError
  if (cause instanceof PipelineError && told.node < 0) return cause.with({ stage: declared })
  return stageFailed(declared, site, positionOf(told, base, lineBase), cause)
}

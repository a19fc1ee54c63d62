/** Functions for the workers of the specs beside this file; imported by the package's name, as users do. */
import { threadId } from 'node:worker_threads'
import { currentContext, portable } from 'millrace/portable'

const factor = 3

export const triple = portable(import.meta, 'triple', (n: number): number => n * factor)

export const thread = portable(import.meta, 'thread', (_: number): number => threadId)

export const traced = portable(import.meta, 'traced', (_: number): unknown => [currentContext()?.['trace'], threadId > 0])

export const refuse = portable(import.meta, 'refuse', (n: number): number => {
  if (n === 700) throw new RangeError(`${n} is refused`)
  return n
})

export const dieAt = portable(import.meta, 'dieAt', (n: number): number => {
  if (n === 500) process.exit(3)
  return n
})

/** For `fromModule`. */
export const parts = (line: string): readonly string[] => line.split('-')

/** A dead letter as a record of its own: where the line stands, what is wrong with it, and the line. Imported by workers. */
import type { DeadLetter } from 'millrace'
import { portable } from 'millrace/portable'
import { toText } from './text.ts'

export interface Letter {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly reason: string
  readonly text: string
}

export const letterOf = portable(import.meta, 'letterOf', ({ position, cause, item }: DeadLetter): Letter => ({
  file: position.file ?? '<stdin>',
  line: position.line ?? position.index + 1,
  reason: String(cause),
  text: toText(String(item))
}))

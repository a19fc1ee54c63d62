/** A value on one line, for what locks say of themselves. */
import { inspect } from 'node:util'

export const display = (value: unknown): string => inspect(value, { depth: 1, breakLength: Infinity })

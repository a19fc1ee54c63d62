/** Checking a command line: what is wrong with it is a {@link UsageError}, exit code 2. Touches nothing; called by the examples. */
import { parseArgs, type ParseArgsConfig } from 'node:util'

/** What is wrong with the command line, for whoever wrote it. */
export class UsageError extends Error {}

/** A whole number within bounds, or undefined where the option is not given. */
export const wholeNumber = (option: string, text: string | undefined, least: number, most: number): number | undefined => {
  if (text === undefined) return undefined
  const n = /^\d+$/.test(text) ? Number(text) : NaN
  if (n >= least && n <= most) return n
  throw new UsageError(`--${option} takes a whole number from ${least} to ${most}; got '${text}'`)
}

/** `parseArgs` whose complaints are {@link UsageError}s; names of files and folders are not empty. */
export const parseWords = <O extends NonNullable<ParseArgsConfig['options']>>(words: readonly string[], options: O) => {
  const { values, positionals } = parsed(words, options)
  if (positionals.includes('')) throw new UsageError('a FILE is the empty string: name a file, a glob, or - for standard input')
  if (positionals.includes('-') && positionals.length > 1) {
    throw new UsageError('- (standard input) stands alone: leave the other FILEs out')
  }
  for (const [name, value] of Object.entries(values)) {
    if (value === '') throw new UsageError(`--${name} is the empty string: give it a value`)
  }
  return { values, files: positionals }
}

const parsed = <O extends NonNullable<ParseArgsConfig['options']>>(words: readonly string[], options: O) => {
  try {
    return parseArgs({ args: [...words], allowPositionals: true, options })
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error })
  }
}

/**
 * A uvu suite that cannot be forgotten, hang or leak: every test has a deadline and cleans up through `defer`, and `run` is
 * called here. uvu 0.5.6 by itself has no timeouts, passes a suite that was not run, and hides a throw in a hook.
 *
 * The runner (.ci/run-specs.mjs) still compares passed with total: the exit code of uvu is not to be believed. If
 * `MILLRACE_PASSED` names a file, every title is appended there when it is declared and again when its test has passed, as a
 * line of JSON: what .ci/semantics.mjs joins with the numbers of Tokio's behaviours.
 */
import { appendFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite as uvuSuite } from 'uvu'

export interface Scope {
  /** Runs after the test, last one first, also when it failed; a cleanup that throws fails the test. */
  readonly defer: (cleanup: () => unknown) => void
}

export type It = (title: string, test: (scope: Scope) => unknown) => void

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Tells the record of this run about tests, if one is kept. One write per call: files of specs run at the same time. */
const record = (titles: readonly string[], passed: boolean): void => {
  const path = process.env['MILLRACE_PASSED']
  if (path === undefined || path === '') return
  const file = relative(root, process.argv[1] ?? '')
  appendFileSync(path, titles.map((title) => `${JSON.stringify({ file, title, passed })}\n`).join(''))
}

const withDeadline = async (title: string, deadlineMs: number, test: (scope: Scope) => unknown): Promise<void> => {
  const cleanups: (() => unknown)[] = []
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`"${title}" has not settled after ${deadlineMs} ms`))
    }, deadlineMs)
  })
  try {
    await Promise.race([Promise.resolve().then(() => test({ defer: (cleanup) => void cleanups.push(cleanup) })), late])
  } catch (error) {
    // uvu reads properties of what was thrown; `undefined` would end the suite with exit code 0
    throw error instanceof Error ? error : new Error(`"${title}" threw ${String(error)}`, { cause: error })
  } finally {
    clearTimeout(timer)
    for (const cleanup of cleanups.reverse()) await cleanup()
  }
}

/** Declares and runs a suite. Times are in milliseconds; a test takes at most `deadlineMs` (default 5000). */
export const suite = (name: string, body: (it: It) => void, deadlineMs = 5_000): void => {
  const tests = uvuSuite(name)
  const titles: string[] = []
  body((title, test) => {
    titles.push(title)
    tests(title, async () => {
      await withDeadline(title, deadlineMs, test)
      record([title], true)
    })
  })
  record(titles, false)
  tests.run()
}

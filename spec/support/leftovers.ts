/**
 * What a run may leave behind, counted: threads, handles, temporary files. "Nothing is left" is an assertion here, not a hope.
 */
import { readdirSync } from 'node:fs'
import * as assert from 'uvu/assert'

/** Active resources of this process that keep it alive or would: without those of the test runner itself. */
const resources = (): readonly string[] => process.getActiveResourcesInfo().filter((name) => !['TTYWrap', 'PipeWrap', 'Immediate'].includes(name)).sort()

/**
 * Takes a note of what is open now; the answer asserts that nothing more is open than then.
 * Worker threads of the warm pool stay (they are unref'd): call it after the pool is warm, or with `workers: 0`.
 */
export const noteOpen = (): (() => Promise<void>) => {
  const before = resources()
  return async () => {
    // closing a handle takes a turn of the event loop
    for (let turn = 0; turn < 50 && resources().length > before.length; turn++) await new Promise((resolve) => setTimeout(resolve, 5))
    const after = resources()
    assert.ok(after.length <= before.length, `left open: ${after.join(', ')}; before: ${before.join(', ')}`)
  }
}

/** Names of files in a folder that are neither expected nor hidden from the user by being gone. */
export const filesIn = (folder: string): readonly string[] => readdirSync(folder).sort()

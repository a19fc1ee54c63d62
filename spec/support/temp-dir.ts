/** A directory of a test's own, removed after it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const tempDir = (defer: (cleanup: () => unknown) => void): string => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-spec-'))
  defer(() => {
    rmSync(dir, { recursive: true, force: true })
  })
  return dir
}

/**
 * Inputs that benchmarks make: written once below the system's folder for temporary files, with what is known about them beside, and
 * found there by the next run. The name says everything that the contents depend on.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const FLUSH_AT = 1 << 22

const folder = join(tmpdir(), 'millrace-bench-inputs')

export interface Input<F> {
  readonly path: string
  /** What whoever wrote it knows about it: the right answers. */
  readonly facts: F
}

/** The file of this name; `write` makes it by giving lines to `line`, and answers the facts. */
export const cached = <F>(name: string, write: (line: (text: string) => void) => F): Input<F> => {
  const path = join(folder, name)
  const besides = `${path}.facts.json`
  if (existsSync(path) && existsSync(besides)) return { path, facts: JSON.parse(readFileSync(besides, 'utf8')) as F }
  mkdirSync(folder, { recursive: true })
  const part = `${path}.${process.pid}`
  const out = openSync(part, 'w')
  const buffer = Buffer.allocUnsafe(FLUSH_AT + 4096)
  let used = 0
  const facts = write((text) => {
    used += buffer.write(text, used)
    buffer[used++] = 10
    if (used < FLUSH_AT) return
    writeSync(out, buffer, 0, used)
    used = 0
  })
  writeSync(out, buffer, 0, used)
  closeSync(out)
  writeFileSync(besides, JSON.stringify(facts))
  renameSync(part, path)
  return { path, facts }
}

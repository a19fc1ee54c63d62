/** Assertions on how examples end and on what they answer. */
import * as assert from 'uvu/assert'
import type { Answer } from '../../../examples/access-log/report.ts'
import type { Ended } from './example.ts'

/** It ended well. */
export const ok = ({ code, signal, stdout, stderr }: Ended): void => {
  assert.is(code, 0, `exit code ${String(code)} ${String(signal)}\n${stdout}${stderr}`)
}

/** What `--json` printed. */
export const answered = (ended: Ended): Answer => {
  ok(ended)
  return JSON.parse(ended.stdout) as Answer
}

/** The same as JSON; says the first difference, because both sides may be thousands of lines. */
export const same = (actual: unknown, expected: unknown, what: string): void => {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)]
  const at = [...a].findIndex((c, i) => c !== b[i])
  assert.ok(a === b, `${what}: ${a.slice(Math.max(0, at - 60), at + 60)}\n  is not ${b.slice(Math.max(0, at - 60), at + 60)}`)
}

const sorted = (answer: Answer): unknown => ({ ...answer, statuses: Object.entries(answer.statuses).sort(), statusClasses: Object.entries(answer.statusClasses).sort() })

export const sameAnswer = (actual: Answer, expected: Answer): void => {
  same(sorted(actual), sorted(expected), 'the answer')
}

/** Every operator that waits, and every one of several sources, with and without workers: the cases of every/cases.ts. */
import { suite } from '../support/suite.ts'
import { everyOperator } from './every/cases.ts'
import { several } from './every/several.ts'
import { waiting } from './every/waiting.ts'

for (const workers of [0, 2]) {
  suite(`every operator that waits, workers: ${workers}`, (it) => {
    everyOperator(it, { ...waiting, ...several }, workers)
  }, 20_000)
}

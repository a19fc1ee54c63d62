/** Every operator that travels, on the caller's loop: the cases of every/cases.ts. */
import { suite } from '../support/suite.ts'
import { everyOperator } from './every/cases.ts'
import { kernels } from './every/kernels.ts'

suite('every operator that travels', (it) => {
  everyOperator(it, kernels, 0)
}, 20_000)

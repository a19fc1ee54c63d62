/** Every operator that travels, on two workers: the cases of every/cases.ts. */
import { suite } from '../support/suite.ts'
import { everyOperator } from './every/cases.ts'
import { kernels } from './every/kernels.ts'

suite('every operator that travels, on workers', (it) => {
  everyOperator(it, kernels, 2)
}, 20_000)

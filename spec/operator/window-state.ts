/** How much a flow's one kernel remembers after it has run over items: members of the collections in its state. For window.spec.ts. */
import type { Flow } from '../../src/graph/source.ts'
import { instantiate } from '../../src/operator/loop/compile.ts'
import { kernels } from '../../src/operator/kernels.ts'
import { compileStages, input } from '../support/run-kernel.ts'

const sizeOf = (value: unknown): number => {
  if (value instanceof Map) return [...(value as Map<unknown, unknown>).values()].reduce<number>((n, one) => n + 1 + sizeOf(one), 0)
  if (value instanceof Set) return value.size
  if (Array.isArray(value)) return value.length
  return 0
}

export const instanceState = <A>(flow: Flow<A, unknown>, items: readonly A[]): number => {
  const from = input<A>()
  const { program, binding } = compileStages(from as Source, [from.pipe(flow)])
  const fail = (_k: number, _i: number, _x: unknown, e: unknown): void => { throw e }
  const instance = instantiate(program, kernels, binding, { failed: fail, left: fail, dropped: () => undefined })
  for (let i = 0; i < items.length; i += 100) {
    instance.run(items.slice(i, i + 100))
    while (instance.resume() !== 0) instance.outs.forEach((_, k) => { instance.outs[k] = [] })
    instance.outs.forEach((_, k) => { instance.outs[k] = [] })
  }
  return Object.values(instance.states[0]!).reduce<number>((n, value) => n + sizeOf(value), 0)
}

type Source = Parameters<typeof compileStages>[0]

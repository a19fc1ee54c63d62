/**
 * Sends each item to the partition of its key: the stage that the planner puts before one that keeps a state per key.
 *
 *     in  a--b--a--c--|   spread(letter)    partition 0  a-----a-----|
 *     lane blocking       state none        partition 1  ---b-----c--|     fuses with what is before it
 *
 * No user declares one: see keyed/stages.ts. Which partition a key has does not depend on the thread or the run: hash.ts.
 */
import type { Kernel } from '../loop/kernel.ts'
import { keyOf } from './keys.ts'

export const kernel: Kernel = {
  kind: 'spread',
  each: (g, item) => {
    const [key, to] = [g.fresh('key'), g.fresh('to')]
    const from = (outlet: number): string =>
      outlet === g.outlets - 1 ? g.emit(item, outlet) : `if (${to} === ${outlet}) { ${g.emit(item, outlet)} } else { ${from(outlet + 1)} }`
    return `${key} = ${keyOf(g, item)}; ${g.refusePromise(key)} ${to} = ${g.help}.hashKey(${key}) % ${g.outlets}; ${from(0)}`
  }
}

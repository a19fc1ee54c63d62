/**
 * Sends each item to the partition of its key, and to all partitions what time it is: the stage that the planner puts before one that goes
 * by the time of its items, and runs side by side.
 *
 *     in  a 1--b 9--a 3--|   spread.timed(letter, number)    partition 0  { before: -∞, a 1 }--{ before: 9, a 3 }-----------|
 *     lane blocking                                          partition 1  { before: 1, b 9 }
 *
 * Every partition must see time go on, also while its keys get no items, and exactly as far as a stage that sees all items would:
 * so an item carries the latest instant before it, and the end of a batch tells it to the partitions that do not know yet. It is
 * enough to look at one batch at a time, since batches come to each partition in order, and time never goes back there; that is why
 * this stage needs no state, and runs on all workers. Why so: docs/decisions/0024. No user declares one: see keyed/stages.ts.
 */
import { checkInstant } from '../instant.ts'
import type { Emitter, Fns, Kernel } from '../loop/kernel.ts'
import { keyOf } from './keys.ts'

type At = (item: unknown, env: unknown) => unknown

const toOutlet = (g: Emitter, to: string, value: string): string => {
  const from = (outlet: number): string =>
    outlet === g.outlets - 1 ? g.emit(value, outlet) : `if (${to} === ${outlet}) { ${g.emit(value, outlet)} } else { ${from(outlet + 1)} }`
  return from(0)
}

export const kernel: Kernel = {
  kind: 'spread.timed',
  bind: (fns: Fns, { operator }) => {
    const at = fns['at'] as At
    return { ...fns, at: (item: unknown, env: unknown) => checkInstant(operator as string, at(item, env)) }
  },
  // of a batch: the latest instant so far, and by partition the latest that it has been told of
  state: () => ({ latest: -Infinity, told: [] }),
  each: (g, item) => {
    const [key, at, to, out, s] = [g.fresh('key'), g.fresh('at'), g.fresh('to'), g.fresh('out'), g.state]
    return `${key} = ${keyOf(g, item)}; ${g.refusePromise(key)} ${at} = ${g.call('at', item)};
      ${to} = ${g.help}.hashKey(${key}) % ${g.outlets};
      ${out} = { before: ${s}.latest, item: ${item} };
      if (${at} > ${s}.latest) ${s}.latest = ${at};
      ${s}.told[${to}] = ${s}.latest;
      ${toOutlet(g, to, out)}`
  },
  batchEnd: (g) => {
    const [latest, told, to, out] = [g.fresh('latest'), g.fresh('told'), g.fresh('to'), g.fresh('out')]
    return `${latest} = ${g.state}.latest; ${told} = ${g.state}.told; ${g.state}.latest = -Infinity; ${g.state}.told = [];
      if (${latest} > -Infinity) for (${to} = 0; ${to} < ${g.outlets}; ${to}++) {
        if (${told}[${to}] === ${latest}) continue;
        ${out} = { before: ${latest} };
        ${toOutlet(g, to, out)}
      }`
  }
}

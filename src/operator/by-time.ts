/**
 * The kernel of a stage that goes by the time of its items: windows, keyedProcess.
 *
 *     item ──▶ put ──▶ undefined, late, or what comes out            alone in its stage
 *     { before, item } ──▶ reach(before), then put(item)             one of several partitions: spread-timed.ts says what time it is
 *
 * Loaded by workers.
 */
import type { Emitter, Fns, Kernel } from './loop/kernel.ts'
import { isUnfinished, type ByTime } from './windows/engine.ts'

const emitEach = (g: Emitter, results: string): string => {
  const one = g.fresh('one')
  return `for (${one} of ${results}) {
      if (${g.call('isUnfinished', one)}) { ${g.failed(`${one}.item`, `${one}.error`)} } else { ${g.emitOne(one)} }
      ${g.pause}
    }`
}

const lateItem = (g: Emitter, item: string): string =>
  g.outlets === 2
    ? g.emit(item, 1)
    : `if (${g.args}.late === 'deadLetter') { ${g.left(item, g.call('lateness', g.state, item))} } else { ${g.drop} }`

const each = (g: Emitter, item: string): string => {
  const [results, isItem] = [g.fresh('results'), g.fresh('isItem')]
  return `${isItem} = true;
    if (${g.args}.marked) {
      if (${item}.before > -Infinity) {
        ${results} = ${g.call('reach', g.state, `${item}.before`)};
        if (${results} !== undefined) { ${emitEach(g, results)} }
      }
      ${isItem} = 'item' in ${item};
      if (${isItem}) ${item} = ${item}.item; else { ${g.uncount} }
    }
    if (${isItem}) {
      ${results} = ${g.call('put', g.state, item)};
      if (${results} === false) { ${lateItem(g, item)} } else if (${results} !== undefined) { ${emitEach(g, results)} }
    }`
}

/** `make` binds a stage's arguments to its functions; to make a state the functions are not needed. */
export const byTimeKernel = <S extends object>(kind: string, make: (args: Readonly<Record<string, unknown>>, fns: Fns) => ByTime<S>): Kernel => ({
  kind,
  expands: true,
  bind: (fns, args) => {
    const engine = make(args, fns)
    return {
      // `env` goes behind what the loop gives: `put` has one parameter more, for the clock
      put: (state: S, item: unknown, env: unknown) => engine.put(state, item, env),
      reach: (state: S, at: number, env: unknown) => engine.reach(state, at, env),
      end: (state: S, env: unknown) => engine.end(state, env),
      lateness: (state: S, item: unknown, env: unknown) => engine.lateness(state, item, env),
      isUnfinished
    }
  },
  state: (args) => make(args, {}).create(),
  each,
  end: (g) => emitEach(g, g.call('end', g.state))
})

/**
 * Writes the `add` of an aggregate: one function for one shape, in which each part has places of its own to be called from.
 *
 *     combined({ n: count(), bytes: sum(by) })   ──▶   const r1 = C1.check(F1(item, env), A1)            all parts read the item …
 *                                                       s[0] = C0.add(s[0], r0, item, A0), s[1] = …       … before it is added to any
 *
 * So an item that a function throws on leaves no trace, but where a part may refuse it while adding (`refuses`): those come first.
 * As closures made of closures all aggregates of a thread would share what V8 learns of them, and none would be inlined: a sum took
 * 25 ns an item more, three aggregates together 100.
 * The names in it make its text another one for another aggregate: loops are shared by the texts of what they call (makers.ts).
 * Called by gather.ts; loaded by workers.
 */
import { mayLoop } from '../loop/apart.ts'
import { hashKey } from '../loop/hash.ts'
import type { Fns } from '../loop/kernel.ts'
import { makerOf, textOf } from '../loop/makers.ts'
import { settled } from '../loop/promised.ts'
import type { Args, Core, Shape } from './core.ts'

export type Add = (state: unknown, item: unknown, env?: unknown) => unknown

/** One aggregate that is not `combined`: what its code calls, and with what. */
interface Leaf {
  readonly core: Core | undefined
  readonly args: Args | undefined
  /** The user's: what is read of an item, or of an aggregate of the user's own its `add`. */
  readonly fn: unknown
}

/** A part as it is being written: statements that read the item, those that add what was read to `state`, and the state after that. */
interface Text {
  readonly reads: string
  readonly puts: (state: string) => string
  readonly after: (state: string) => string
  /** Adding may refuse the item after all. */
  readonly refuses: boolean
}

/** A call of the user's function. By its bare name only if it may have a loop, which is what apart.ts looks for. */
const call = (k: number, { fn }: Leaf, args: string): string => `${mayLoop(fn) ? `F${k}` : `(0, L${k}.fn)`}(${args})`

const ofCore = (core: Core, k: number, leaf: Leaf): Text => {
  const value = leaf.fn === undefined ? 'item' : call(k, leaf, 'item, env')
  return {
    reads: `const r${k} = ${core.check === undefined ? `H.settled(${value})` : `C${k}.check(${value}, A${k})`};`,
    puts: () => '',
    after: (state) => `C${k}.add(${state}, r${k}, item, A${k})`,
    refuses: core.refuses === true
  }
}

const ofOwn = (k: number, leaf: Leaf): Text => ({
  reads: '',
  puts: () => '',
  after: (state) => `H.settled(${call(k, leaf, `${state}, item, env`)})`,
  refuses: true
})

/** States of parts are elements of one array, which stays the same. */
const ofParts = (parts: readonly Text[], name: string): Text => {
  const order = [...parts.keys()].sort((a, b) => Number(parts[b]!.refuses) - Number(parts[a]!.refuses))
  const put = (i: number): string => `${parts[i]!.puts(`${name}[${i}]`)} ${name}[${i}] = ${parts[i]!.after(`${name}[${i}]`)};`
  return {
    reads: parts.map(({ reads }) => reads).join('\n'),
    puts: (state) => `const ${name} = ${state};\n${order.map(put).join('\n')}`,
    after: () => name,
    refuses: parts.some(({ refuses }) => refuses)
  }
}

/** The shape's `add`. `coreOf` finds a core by its name. */
export const writtenAdd = (shape: Shape, fns: Fns, coreOf: (name: string) => Core): Add => {
  const leaves: Leaf[] = []
  let groups = 0
  const write = (of: Shape): Text => {
    if (of.kind === 'combined') return ofParts(of.parts.map(([, part]) => write(part)), `s${groups++}`)
    const k = leaves.length
    const core = of.kind === 'core' ? coreOf(of.name) : undefined
    const name = of.kind === 'core' ? of.by : of.fns['add']
    const leaf: Leaf = { core, args: of.kind === 'core' ? of.args : undefined, fn: name === undefined ? undefined : fns[name] }
    leaves.push(leaf)
    return core === undefined ? ofOwn(k, leaf) : ofCore(core, k, leaf)
  }
  const { reads, puts, after } = write(shape)
  const names = leaves.map((_, k) => `const L${k} = bound.leaves[${k}], { core: C${k}, args: A${k}, fn: F${k} } = L${k};`)
  const source = `'use strict';
const H = bound;
${names.join('\n')}
return (state, item, env) => { // ${leaves.map(({ core, fn }) => `${core?.name} ${hashKey(textOf(fn))}`).join(', ')}
${reads}
${puts('state')}
return ${after('state')};
};`
  return makerOf(source, leaves.map(({ fn }) => fn))({ leaves, settled }) as Add
}

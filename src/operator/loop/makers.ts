/**
 * From the text of a loop to what makes loops of it, once for each program and the functions that it calls.
 *
 *     program, functions ──▶ family ──▶ maker of each form in which items come: written and compiled when such items come
 *
 * Called by compile.ts, and for the functions of aggregates by aggregates/written.ts, on every thread. The only state are two tables, of
 * bounded size; losing an entry costs time only.
 */
import { evaluate } from '../../prelude/evaluate.ts'
import type { Fns, Kernel } from './kernel.ts'
import type { Program } from '../../plan/program.ts'

/** Gives a loop what belongs to one instance: its state, its functions. */
export type Maker = (bound: unknown) => unknown

/** The loops of one program. */
export interface Family<A> {
  /** What its user has found out about the program. */
  readonly known: A
  /** What makes loops of the text called `name`, which is written the first time. */
  maker(name: string, write: () => string): Maker
}

/** What is remembered by a key; the oldest makes room. */
const MOST = 128
const remembered = <V>(table: Map<string, V>, key: string, make: () => V): V => {
  let value = table.get(key)
  if (value === undefined) {
    if (table.size >= MOST) table.delete(table.keys().next().value!)
    table.set(key, (value = make()))
  }
  return value
}

const families = new Map<string, Family<unknown>>()
const makers = new Map<string, Maker>()
/** How many texts have been compiled, so far. */
let made = 0
/** V8 itself knows texts that it has compiled: this one is to be another. */
const compiled = (text: string): Maker => evaluate(['bound'], `${text}\n// ${made++}`, 'task')

/** Of whatever can be called, without calling anything of the user's. */
export const textOf = (fn: unknown): string => (typeof fn === 'function' ? Function.prototype.toString.call(fn) : '')

const create = <A>(known: A): Family<A> => {
  const forms = new Map<string, Maker>()
  return {
    known,
    maker: (name, write) => remembered(forms, name, () => compiled(write()))
  }
}

/** Kernels of the same kind may be others in a test. */
const records = new WeakMap<object, number>()
let recordsSeen = 0
const numberOf = (kernels: object): number => {
  let number = records.get(kernels)
  if (number === undefined) records.set(kernels, (number = recordsSeen++))
  return number
}

/** All that the text of a program's loop depends on; the arguments of a stage are not in it. */
const formOf = ({ nodes, roots, outlets }: Program): unknown[] => [
  roots, outlets.length, nodes.map(({ kind, fns, hasEnv, hasCodec, onError, targets }) => [kind, fns, hasEnv, hasCodec, onError, targets])
]

/**
 * Loops of one text share what V8 learns of them, and what it compiles: a pipeline that is run again begins at full speed, and without
 * writing anything. With other functions they would spoil it for each other (a call site that sees several is never inlined), so that the
 * texts of those are part of the key. `wanted` is what else the texts depend on, `know` finds what is known of the program.
 */
export const familyOf = <A>(
  program: Program, kernels: Readonly<Record<string, Kernel>>, fns: readonly Fns[], wanted: readonly unknown[], know: () => A
): Family<A> => {
  const key = [JSON.stringify([numberOf(kernels), formOf(program), wanted]), ...fns.flatMap((of) => Object.values(of).map(textOf))].join('\n')
  return remembered(families, key, () => create<unknown>(know())) as Family<A>
}

/** Of a text that belongs to no program, as the loops are: once for each text and the functions that it calls. */
export const makerOf = (source: string, fns: readonly unknown[]): Maker =>
  remembered(makers, [source, ...fns.map(textOf)].join('\n'), () => compiled(source))

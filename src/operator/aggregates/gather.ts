/**
 * From the shape of an aggregate to functions: those known by name here, joined to the user's that came along.
 *
 *     { kind: 'combined', parts: [['bytes', sum by f0], ['n', count]] } + { f0 }   ──▶   create, add, combine, finish …
 *
 * Made once per instance of a stage, so that the loop calls closures and looks nothing up. An item is read by all parts before
 * it is added to any: one that a function throws on leaves no trace.
 * Loaded by workers.
 */
import { settled } from '../promised.ts'
import type { Fns } from '../kernel.ts'
import type { Core, Shape } from './core.ts'

/** The functions of an aggregate, for one instance of a stage. */
export interface Gather {
  readonly create: (env?: unknown) => unknown
  readonly add: (state: unknown, item: unknown, env?: unknown) => unknown
  readonly combine: (a: unknown, b: unknown, env?: unknown) => unknown
  readonly finish: (state: unknown, env?: unknown) => unknown
  readonly deduct: ((a: unknown, b: unknown, env?: unknown) => unknown) | undefined
  readonly size: ((state: unknown, env?: unknown) => number) | undefined
  /** The answer depends on the order of the items. */
  readonly ordered: boolean
  /** Functions of the user's are in it: what they answer may share parts with what they were given. */
  readonly shares: boolean
}

/** A part before it is joined to others: `add` in two steps, of which only the first may refuse an item. */
interface Part extends Omit<Gather, 'add'> {
  readonly read: (item: unknown, env: unknown) => unknown
  readonly put: (state: unknown, value: unknown, item: unknown, env: unknown) => unknown
  /** `put` may refuse an item after all. */
  readonly refuses: boolean
}

type Fn = (...args: unknown[]) => unknown

/** Cores by name. */
export type Cores = Readonly<Record<string, Core>>

const coreOf = (name: string, cores: Cores): Core => {
  const core = cores[name]
  if (core === undefined) throw new Error(`millrace: no aggregate '${name}' in this thread`)
  return core
}

const ofCore = ({ name, args, by }: Shape & { readonly kind: 'core' }, fns: Fns, cores: Cores): Part => {
  const core = coreOf(name, cores)
  const value = by === undefined ? (item: unknown): unknown => item : (fns[by] as (item: unknown, env: unknown) => unknown)
  const { deduct, size } = core
  return {
    create: () => core.create(args),
    read: core.check === undefined
      ? (item, env) => settled(value(item, env))
      : (item, env) => core.check!(value(item, env), args),
    put: (state, read, item) => core.add(state, read, item, args),
    combine: (a, b) => core.combine(a, b, args),
    finish: (state) => core.finish(state, args),
    deduct: deduct && ((a, b) => deduct.call(core, a, b, args)),
    size: size && ((state) => size.call(core, state)),
    ordered: core.ordered === true,
    shares: false,
    refuses: core.refuses === true
  }
}

const ofOwn = ({ fns: names, ordered }: Shape & { readonly kind: 'own' }, fns: Fns): Part => {
  const own = (name: string): Fn | undefined => {
    const fn = names[name] === undefined ? undefined : (fns[names[name]] as Fn)
    return fn && ((...args) => settled(fn(...args)))
  }
  const add = own('add')!
  return {
    create: own('create')!,
    read: () => undefined,
    put: (state, _, item, env) => add(state, item, env),
    combine: own('combine')!,
    finish: own('finish') ?? ((state) => state),
    deduct: own('deduct'),
    size: own('size') as Gather['size'],
    ordered,
    shares: true,
    refuses: true
  }
}

type States = unknown[]

const ofParts = (shape: Shape & { readonly kind: 'combined' }, fns: Fns, cores: Cores): Part => {
  const parts = shape.parts.map(([, part]) => partOf(part, fns, cores))
  const names = shape.parts.map(([name]) => name)
  // those that may refuse an item first: then nothing has been added yet, but to others like them
  const order = [...parts.keys()].sort((a, b) => Number(parts[b]!.refuses) - Number(parts[a]!.refuses))
  const each = (step: (part: Part, i: number) => unknown): States => parts.map(step)
  const sized = parts.filter((part) => part.size !== undefined)
  return {
    create: (env) => each((part) => part.create(env)),
    read: (item, env) => {
      const values: unknown[] = []
      for (const part of parts) values.push(part.read(item, env))
      return values
    },
    put: (state, values, item, env) => {
      const states = state as States
      for (const i of order) states[i] = parts[i]!.put(states[i], (values as unknown[])[i], item, env)
      return states
    },
    combine: (a, b, env) => each((part, i) => part.combine((a as States)[i], (b as States)[i], env)),
    finish: (state, env) => Object.fromEntries(names.map((name, i) => [name, parts[i]!.finish((state as States)[i], env)])),
    deduct: parts.every((part) => part.deduct !== undefined)
      ? (a, b, env) => each((part, i) => part.deduct!((a as States)[i], (b as States)[i], env))
      : undefined,
    size: sized.length === 0
      ? undefined
      : (state, env) => parts.reduce((sum, part, i) => sum + (part.size?.((state as States)[i], env) ?? 0), 0),
    ordered: parts.some((part) => part.ordered),
    shares: parts.some((part) => part.shares),
    refuses: parts.some((part) => part.refuses)
  }
}

const partOf = (shape: Shape, fns: Fns, cores: Cores): Part => {
  switch (shape.kind) {
    case 'core': return ofCore(shape, fns, cores)
    case 'own': return ofOwn(shape, fns)
    case 'combined': return ofParts(shape, fns, cores)
  }
}

export const gather = (shape: Shape, fns: Fns, cores: Cores): Gather => {
  const { read, put, refuses: _, ...rest } = partOf(shape, fns, cores)
  return { ...rest, add: (state, item, env) => put(state, read(item, env), item, env) }
}

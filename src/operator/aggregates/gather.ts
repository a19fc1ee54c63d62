/**
 * From the shape of an aggregate to functions: those known by name here, joined to the user's that came along.
 *
 *     { kind: 'combined', parts: [['bytes', sum by f0], ['n', count]] } + { f0 }   ──▶   create, add, combine, finish …
 *
 * Made once per instance of a stage, so that the loop calls functions and looks nothing up. `add` is written as one function
 * (written.ts), since it is called for every item; the others are closures, called once per state.
 * Loaded by workers.
 */
import { settled } from '../loop/promised.ts'
import type { Fns } from '../loop/kernel.ts'
import type { Core, Shape } from './core.ts'
import { writtenAdd, type Add } from './written.ts'

/** The functions of an aggregate, for one instance of a stage. */
export interface Gather {
  readonly create: (env?: unknown) => unknown
  readonly add: Add
  readonly combine: (a: unknown, b: unknown, env?: unknown) => unknown
  readonly finish: (state: unknown, env?: unknown) => unknown
  readonly deduct: ((a: unknown, b: unknown, env?: unknown) => unknown) | undefined
  readonly size: ((state: unknown, env?: unknown) => number) | undefined
  /** The answer depends on the order of the items. */
  readonly ordered: boolean
  /** Functions of the user's are in it: what they answer may share parts with what they were given. */
  readonly shares: boolean
}

/** An aggregate, but for its `add`. */
type Part = Omit<Gather, 'add'>

type Fn = (...args: unknown[]) => unknown

/** Cores by name. */
export type Cores = Readonly<Record<string, Core>>

const coreOf = (name: string, cores: Cores): Core => {
  const core = cores[name]
  if (core === undefined) throw new Error(`millrace: no aggregate '${name}' in this thread`)
  return core
}

const ofCore = ({ name, args }: Shape & { readonly kind: 'core' }, cores: Cores): Part => {
  const core = coreOf(name, cores)
  const { deduct, size } = core
  return {
    create: () => core.create(args),
    combine: (a, b) => core.combine(a, b, args),
    finish: (state) => core.finish(state, args),
    deduct: deduct && ((a, b) => deduct.call(core, a, b, args)),
    size: size && ((state) => size.call(core, state)),
    ordered: core.ordered === true,
    shares: false
  }
}

const ofOwn = ({ fns: names, ordered }: Shape & { readonly kind: 'own' }, fns: Fns): Part => {
  const own = (name: string): Fn | undefined => {
    const fn = names[name] === undefined ? undefined : (fns[names[name]] as Fn)
    return fn && ((...args) => settled(fn(...args)))
  }
  return {
    create: own('create')!,
    combine: own('combine')!,
    finish: own('finish') ?? ((state) => state),
    deduct: own('deduct'),
    size: own('size') as Gather['size'],
    ordered,
    shares: true
  }
}

type States = unknown[]

const ofParts = (shape: Shape & { readonly kind: 'combined' }, fns: Fns, cores: Cores): Part => {
  const parts = shape.parts.map(([, part]) => partOf(part, fns, cores))
  const names = shape.parts.map(([name]) => name)
  const each = (step: (part: Part, i: number) => unknown): States => parts.map(step)
  const sized = parts.filter((part) => part.size !== undefined)
  return {
    create: (env) => each((part) => part.create(env)),
    combine: (a, b, env) => each((part, i) => part.combine((a as States)[i], (b as States)[i], env)),
    finish: (state, env) => Object.fromEntries(names.map((name, i) => [name, parts[i]!.finish((state as States)[i], env)])),
    deduct: parts.every((part) => part.deduct !== undefined)
      ? (a, b, env) => each((part, i) => part.deduct!((a as States)[i], (b as States)[i], env))
      : undefined,
    size: sized.length === 0
      ? undefined
      : (state, env) => parts.reduce((sum, part, i) => sum + (part.size?.((state as States)[i], env) ?? 0), 0),
    ordered: parts.some((part) => part.ordered),
    shares: parts.some((part) => part.shares)
  }
}

const partOf = (shape: Shape, fns: Fns, cores: Cores): Part => {
  switch (shape.kind) {
    case 'core': return ofCore(shape, cores)
    case 'own': return ofOwn(shape, fns)
    case 'combined': return ofParts(shape, fns, cores)
  }
}

export const gather = (shape: Shape, fns: Fns, cores: Cores): Gather => ({
  ...partOf(shape, fns, cores),
  add: writtenAdd(shape, fns, (name) => coreOf(name, cores))
})

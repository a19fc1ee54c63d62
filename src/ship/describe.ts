/**
 * How a function or a codec travels to a worker, or why it cannot and what to do about it.
 *
 *     function   address (portable, fromModule) ▸ native expression ▸ source that needs nothing from around it
 *     codec      address ▸ description of its structure
 *
 * Found out once per function and codec, so that planning a pipeline again costs nothing. Called by plan/lane.ts and
 * exec/, on the main thread. Answers are plain Eithers; fp-ts is not loaded.
 */
import type { Either } from 'fp-ts/lib/Either.js'
import { addressOf, type FnRef } from './address.ts'
import { uncloneable } from './cloneable.ts'
import type { Bound, FreeVariable } from './free-variables.ts'
import { knownGlobals } from './globals.ts'
import { helperOf } from './helpers.ts'
import { nativeExpression } from './native.ts'
import { shapeOf } from './shape-of.ts'
import type { Shape } from './shape.ts'
import { shims } from './shims.ts'
import { readSource } from './source.ts'

/** Why something cannot travel, as the end of a sentence, and what to do, as a sentence. */
export interface NotPortable {
  readonly reason: string
  readonly remedy: string
}

/** How a codec reaches a worker; plain data. */
export type CodecRef = { readonly shape: Shape } | { readonly ref: FnRef }

type Found<A> = Either<NotPortable, A>

const right = <A>(value: A): Found<A> => ({ _tag: 'Right', right: value })
const left = (reason: string, remedy: string): Found<never> => ({ _tag: 'Left', left: { reason, remedy } })

const BY_PORTABLE = "eclare it at the top level of a module with portable(import.meta, 'name', fn)"
const PORTABLE = `D${BY_PORTABLE}`
const orPortable = (remedy: string): string => `${remedy}, or d${BY_PORTABLE}`

const CODEC_PORTABLE = "Declare the whole codec at the top level of a module with portable(import.meta, 'Name', codec)"

/** Names in a reason; the rest is counted. */
const SHOWN = 4

const quoted = (names: readonly string[]): string => {
  const shown = names.slice(0, SHOWN).map((name) => `'${name}'`)
  return names.length > SHOWN ? `${shown.join(', ')} and ${names.length - SHOWN} more` : shown.join(', ')
}

const onLine = (line: number): string => (line > 1 ? ` (line ${line} of it)` : '')

const BOUND: Readonly<Record<Bound['what'], readonly [why: string, remedy: string]>> = {
  this: ['the object it belongs to does not travel', orPortable('Pass what it needs by env, or call the method in a function of its own')],
  super: ['the class it belongs to does not travel', PORTABLE],
  'new.target': ['nobody calls it with new', 'Leave it out'],
  'import.meta': ['its module is not there', PORTABLE],
  'import()': ['the specifier is looked up from its module', PORTABLE],
  eval: ['what the text names cannot be known', PORTABLE]
}

const isKnown = (name: string): boolean => {
  if (name === 'globalThis' || name === 'global' || name === 'eval') return false
  const member = /^(?:globalThis|global)\.(.+)$/.exec(name)?.[1]
  return Object.hasOwn(shims, name) || knownGlobals().has(member ?? name)
}

const refuseAssigned = (names: readonly string[], line: number): Found<never> =>
  left(
    `it assigns ${quoted(names)}${onLine(line)}, declared outside of it: every worker would have its own`,
    "Return the value instead, or use reduce, scan or aggregate; lane: 'async' keeps the stage where the variable is"
  )

const refuseFree = (free: readonly FreeVariable[]): Found<never> => {
  const assigned = free.filter((variable) => variable.assigned)
  if (assigned.length > 0) return refuseAssigned(assigned.map(({ name }) => name), assigned[0]!.line)
  const [first] = free
  for (const { name, line } of free) {
    const helper = helperOf(name)
    if (helper === undefined) continue
    const reason = `it names '${name}'${onLine(line)}, ${helper.what}, which is not there in a worker`
    return left(reason, helper.remedy === '' ? PORTABLE : orPortable(helper.remedy))
  }
  const names = free.map(({ name }) => name)
  if (names.includes('arguments')) return left("it names 'arguments' of the function around it", orPortable('Name its parameters'))
  const globals = names.filter((name) => /^global(This)?\b/.test(name))
  if (globals.length > 0) {
    const reason = `it uses ${quoted(globals)}${onLine(first!.line)}, and what the program has put there a worker does not have`
    return left(reason, orPortable('Name the global itself'))
  }
  const keys = names.filter((name) => /^[A-Za-z_$][\w$]*$/.test(name)).slice(0, SHOWN).join(', ')
  return left(
    `it names ${quoted(names)}${onLine(first!.line)}, which ${names.length === 1 ? 'is' : 'are'} neither its own nor global`,
    orPortable(`Pass values by env: { ${keys} } and take them from the last parameter`)
  )
}

const describeNative = (fn: object, name: string): Found<FnRef> => {
  const text = nativeExpression(fn)
  if (text !== undefined) return right({ type: 'source', text, name: text })
  if (name.startsWith('bound ')) {
    return left('it is a bound function, whose object does not travel', orPortable('Call the method in a function of its own'))
  }
  return left('it is a native function or a proxy, which has no source to send', orPortable('Call it in a function of its own'))
}

const describeSource = (fn: object): Found<FnRef> => {
  const name = String((fn as { name?: unknown }).name)
  const read = readSource(fn)
  if ('unreadable' in read) {
    switch (read.unreadable) {
      case 'native':
        return describeNative(fn, name)
      case 'class':
        return left(
          'it is a class, which is not called but constructed',
          orPortable(`Construct in a function: (item) => new ${name === '' ? 'It' : name}(item)`)
        )
      case 'no parser':
        return left(
          `its source cannot be checked, because acorn cannot be loaded (${read.detail})`,
          orPortable('Install acorn beside the program')
        )
      case 'not understood':
        return left(`its source cannot be read as strict code (${read.detail})`, PORTABLE)
    }
  }
  const [bound] = read.needs.bound
  if (bound !== undefined) {
    const [why, remedy] = BOUND[bound.what]
    return left(`it uses ${bound.what}${onLine(bound.line)}: ${why}`, remedy)
  }
  const free = read.needs.free.filter((variable) => variable.assigned || !isKnown(variable.name))
  return free.length > 0 ? refuseFree(free) : right({ type: 'source', text: read.expression, name })
}

const functions = new WeakMap<object, Found<FnRef>>()
const codecs = new WeakMap<object, Found<CodecRef>>()
/** Values of env that have been found to travel. A part put into one later is refused when it is sent. */
const travelling = new WeakSet<object>()

const refuseEnv = (env: unknown): Found<never> | undefined => {
  const object = typeof env === 'object' && env !== null
  if (object && travelling.has(env)) return undefined
  const found = uncloneable(env, 'env')
  if (found !== undefined) {
    return left(`${found.path} is ${found.what}`, 'Give env plain data, and make the rest in the function or in a portable module')
  }
  if (object) travelling.add(env)
  return undefined
}

/** How `fn` travels, with `env` beside it if the stage has one. */
export const describeFn = (fn: (...args: never[]) => unknown, options: { readonly env?: unknown } = {}): Either<NotPortable, FnRef> => {
  const address = addressOf(fn)
  let found: Found<FnRef> | undefined = address === undefined ? functions.get(fn) : right(address)
  if (found === undefined) functions.set(fn, (found = describeSource(fn)))
  return found._tag === 'Left' ? found : (refuseEnv(options.env) ?? found)
}

/** How `codec` travels. */
export const describeCodec = (codec: object): Either<NotPortable, CodecRef> => {
  const address = addressOf(codec)
  if (address !== undefined) return right({ ref: address })
  let found = codecs.get(codec)
  if (found === undefined) {
    const shape = shapeOf(codec)
    found = 'nodes' in shape ? right({ shape }) : left(shape.reason, CODEC_PORTABLE)
    codecs.set(codec, found)
  }
  return found
}

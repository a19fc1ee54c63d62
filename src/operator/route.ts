/**
 * Sends each item one of several ways: that of the first predicate that holds.
 *
 *     in  5--404--200--|   route({ bad: >= 400, tiny: < 10 })    bad        ---404-----|
 *     lane blocking                                              tiny       5----------|
 *     state none                                                 otherwise  ------200--|     fuses yes
 */
import { argumentError } from '../error/pipeline-error.ts'
import type { CpuOptions } from '../graph/options.ts'
import { Source } from '../graph/source.ts'
import { makeStage } from '../graph/stage.ts'
import { sources } from './check.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

/** The predicates by the names of their routes. */
export type Routes<A, E = undefined> = Readonly<Record<string, (item: A, env: E) => boolean>>

/** One source per route, narrowed where its predicate is a type guard, and one for the rest. */
export type Routed<A, R> = {
  readonly [K in keyof R]: Source<R[K] extends (item: A, ...rest: never[]) => item is (infer B extends A) ? B : A>
} & { readonly otherwise: Source<A> }

export const kernel: Kernel = {
  kind: 'route',
  each: (g, item) => {
    const ok = g.fresh('ok')
    // The last outlet is `otherwise`.
    const from = (outlet: number): string => {
      if (outlet === g.outlets - 1) return g.emit(item, outlet)
      const asked = `${ok} = ${g.call(`route${outlet}`, item)}; ${g.refusePromise(ok)}`
      return `${asked} if (${ok}) { ${g.emit(item, outlet)} } else { ${from(outlet + 1)} }`
    }
    return from(0)
  }
}

/** Routes are tried in the order of the object's keys, which is that of writing but for keys that are whole numbers. */
const INDEX = /^(0|[1-9]\d*)$/

const checkNames = (names: readonly string[]): void => {
  if (names.length === 0) {
    throw argumentError(
      'range',
      'route: it takes at least one route',
      'got none',
      'pass { name: predicate }'
    )
  }
  if (names.includes('otherwise')) {
    throw argumentError(
      'range',
      "route: no route may be called 'otherwise'",
      'it is the name of the outlet for the rest',
      'choose another name'
    )
  }
  const index = names.find((name) => INDEX.test(name))
  if (index !== undefined) {
    throw argumentError(
      'range',
      'route: a name must not be a whole number',
      `got ${index}, which has no place in the order of an object's keys`,
      `call it r${index}`
    )
  }
}

/**
 * One source per predicate, by name: an item goes to the first whose predicate answers true, in the order of writing, or to
 * `otherwise`. Every item goes one way; a route that nobody uses is thrown away.
 *
 * **Order**   kept on each route
 * **Errors**  an item that a predicate throws on is handled by `onError` and goes nowhere
 * @example
 * const { errors, slow, otherwise } = route(requests, { errors: (r) => r.status >= 500, slow: (r) => r.ms > 1000 })
 */
export const route = <A, R extends Routes<A, E>, E = undefined>(
  source: Source<A>,
  routes: R,
  options: CpuOptions<E> = {}
): Routed<A, R> => {
  sources('route', [source], 1, 1)
  if (typeof routes !== 'object' || (routes as unknown) === null) {
    throw argumentError('type', 'route: routes must be an object', `got ${typeof routes}`, 'pass { name: predicate }')
  }
  const names = Object.keys(routes)
  checkNames(names)
  names.forEach((name) => {
    if (typeof routes[name] !== 'function') {
      throw argumentError(
        'type',
        `route: the predicate of '${name}' must be a function`,
        `got ${typeof routes[name]}`,
        'pass a function'
      )
    }
  })
  const fns = Object.fromEntries(names.map((name, i) => [`route${i}`, routes[name]]))
  const spec = cpu('route', fns, options, { outlets: names.length + 1, args: { routes: names }, passes: 'items' })
  const stage = makeStage(spec, [source.port], options.name)
  const ways = [...names, 'otherwise'].map((name, outlet) => [name, new Source<A>({ stage, outlet })] as const)
  return Object.fromEntries(ways) as unknown as Routed<A, R>
}

/**
 * Leaves out items that have come before, as far as it remembers: so many keys, and for so long.
 *
 *     in  a--b--a--c--d--a--|   dedupe({ maxKeys: 2 })    out  a--b-----c--d--a--|
 *     lane blocking             state the keys seen last      fuses with serial neighbours
 *
 * With `withinMs` the clock takes part, so the stage runs on the event loop.
 */
import { argumentError } from '../error/pipeline-error.ts'
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import type { ProcessContext } from '../graph/spec.ts'
import { clock } from '../prelude/clock.ts'
import { stageOptions, callable, milliseconds, wholeNumber } from './check.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'
import type { Key } from './keyed/keys.ts'
import { processSpec } from './process.ts'
import { find, put, recent } from './loop/recent.ts'
import { plainPolicy, Refusals, type PlainPolicy } from './refusals.ts'

export interface DedupeOptions<A, E = undefined> extends CpuOptions<E> {
  /** Keys that are remembered; a new one takes the place of the one that was seen longest ago. A whole number >= 1. */
  readonly maxKeys: number
  /** What is compared. Default: the item itself. */
  readonly key?: ((item: A, env: E) => Key) | undefined
  /** How long a key holds others like it back, from the item that was let through, in milliseconds. Default: as long as it is remembered. */
  readonly withinMs?: number | undefined
}

export const kernel: Kernel = {
  kind: 'dedupe',
  state: recent,
  each: (g, item) => {
    const key = g.fresh('key')
    return `${key} = ${g.call('key', item)}; ${g.refusePromise(key)} if (!${g.help}.seen(${g.state}, ${g.args}.maxKeys, ${key})) { ${g.emit(item)} }`
  }
}

interface Timed {
  readonly key: (item: unknown, env: unknown) => unknown
  readonly env: unknown
  readonly maxKeys: number
  readonly withinMs: number
  readonly onError: PlainPolicy
}

const timed =
  ({ key, env, maxKeys, withinMs, onError }: Timed) =>
  async (context: ProcessContext): Promise<void> => {
    const { inlets, outlets } = context
    const refusals = new Refusals(context, onError)
    const time = clock()
    const list = recent()
    const since: number[] = [] // by slot: when the item was let through
    let index = 0

    const passes = (item: unknown, now: number): boolean => {
      const k = key(item, env)
      const known = find(list, k)
      if (known !== undefined && now - since[known]! < withinMs) return false
      since[known ?? put(list, maxKeys, k)] = now
      return true
    }

    for (;;) {
      const batch = await inlets[0]!.pull()
      if (batch === undefined) return
      const now = time.now()
      const out: unknown[] = []
      for (const item of batch.items) {
        try {
          if (passes(item, now)) out.push(item)
        } catch (error) {
          refusals.refuse(item, index, error)
          if (refusals.stopped) break
          if (refusals.letter !== undefined) await refusals.taken()
        }
        index++
      }
      if (out.length > 0 && !(await outlets[0]!.push(out))) return
    }
  }

const heldKeys = (maxKeys: number): string => `the keys seen last, at most ${maxKeys}`

const itself = (item: unknown): unknown => item

/**
 * Lets an item through whose key is not among the `maxKeys` that were seen last, or, with `withinMs`, whose key was let through so
 * long ago. Keys are compared like those of a `Map`: texts, numbers, booleans, bigints, `null` and `undefined`; an object is refused.
 *
 * **Order**   of the input. Serial: all items pass one place
 * **Cost**    one look-up per item; with `withinMs` the items cross to the event loop
 * **Errors**  an item that `key` throws on, or whose key is an object, is handled by `onError`
 * **Memory**  `maxKeys` keys
 * **Source**  Vector `dedupe`; a list in the order of use (LRU)
 * @example
 * await from([1, 2, 1, 3, 1]).pipe(dedupe({ maxKeys: 2 })).toArray() // => [1, 2, 3]
 */
export function dedupe<A extends Key>(options: DedupeOptions<A> & { readonly key?: undefined }): Flow<A, A>
export function dedupe<A, E = undefined>(options: DedupeOptions<A, E> & { readonly key: (item: A, env: E) => Key }): Flow<A, A>
export function dedupe<A, E>(options: DedupeOptions<A, E>): Flow<A, A> {
  stageOptions('dedupe', options)
  const { key = itself, withinMs } = options
  callable('dedupe', 'key', key)
  const maxKeys = wholeNumber('dedupe', 'maxKeys', options.maxKeys, 1)
  if (withinMs === undefined) return flowOf(cpu('dedupe', { key }, options, { parallelism: 'serial', args: { maxKeys }, passes: 'items', holds: heldKeys(maxKeys) }), options.name)
  milliseconds('dedupe', 'withinMs', withinMs, 0)
  if (options.lane === 'blocking') {
    throw argumentError(
      'type',
      "dedupe: with withinMs the lane cannot be 'blocking'",
      'got both',
      'leave the lane out: a clock needs the event loop'
    )
  }
  const plan: Timed = { key: key as Timed['key'], env: options.env, maxKeys, withinMs, onError: plainPolicy('dedupe', options.onError) }
  return flowOf({ ...processSpec('dedupe', timed(plan), { name: options.name }, { maxKeys, withinMs }), holds: heldKeys(maxKeys) }, options.name)
}

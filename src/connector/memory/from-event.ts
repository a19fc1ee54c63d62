/**
 * The events of an EventEmitter or an EventTarget as a source.
 *
 *     emit('data', a) --- emit('data', b) --- abort        out  a---b---|
 *
 * A listener cannot be told to wait, so events are held under a policy (operator/held.ts).
 */
import type { Subscribable, Unsubscribable } from 'rxjs'
import { argumentError } from '../../error/pipeline-error.ts'
import type { OptionNames } from '../../error/known-options.ts'
import type { StageOptions } from '../../graph/options.ts'
import { sourceOf, type Source } from '../../graph/source.ts'
import type { RunContext, SourceCursor } from '../../graph/spec.ts'
import { callable, stageOptions } from '../../operator/check.ts'
import { boundOf, type HoldOptions } from '../../operator/held.ts'
import { HOLD } from '../option-names.ts'
import { Hold } from './hold.ts'

/** What `fromEvent` needs of an EventEmitter. */
export interface EmitterLike {
  on(name: string | symbol, listener: (...args: unknown[]) => void): unknown
  off(name: string | symbol, listener: (...args: unknown[]) => void): unknown
}

/** What `fromEvent` needs of an EventTarget. */
export interface TargetLike {
  addEventListener(name: string, listener: (event: Event) => void): void
  removeEventListener(name: string, listener: (event: Event) => void): void
}

export interface FromEventOptions<A> extends StageOptions, HoldOptions {
  /** Makes the item of what the event comes with. Default: its first argument (of an EventTarget: the event). */
  readonly select?: ((...args: never[]) => A) | undefined
  /** Events at which the source ends, such as `'close'`. Default: none. */
  readonly endOn?: string | readonly string[] | undefined
  /** Ends the source when it is aborted. */
  readonly signal?: AbortSignal | undefined
}

const NAMES: OptionNames<FromEventOptions<never>> = { ...HOLD, select: 1, endOn: 1, signal: 1 }

type Listener = (...args: unknown[]) => void

interface Ear {
  readonly add: (name: string | symbol, listener: Listener) => void
  readonly remove: (name: string | symbol, listener: Listener) => void
  /** An `'error'` that nobody hears is thrown by an EventEmitter: here it ends the run. */
  readonly fails: boolean
}

/** By shape, not by class; what is both (a MessagePort of Node) is taken as an emitter, which hands over plain values. */
const earOf = (target: unknown): Ear => {
  const shape = (target ?? {}) as { on?: unknown; off?: unknown; addEventListener?: unknown; removeEventListener?: unknown }
  if (typeof shape.on === 'function' && typeof shape.off === 'function') {
    const emitter = target as EmitterLike
    return { add: (name, listener) => void emitter.on(name, listener), remove: (name, listener) => void emitter.off(name, listener), fails: true }
  }
  if (typeof shape.addEventListener === 'function' && typeof shape.removeEventListener === 'function') {
    const events = target as TargetLike
    return {
      add: (name, listener) => { events.addEventListener(name as string, listener) },
      remove: (name, listener) => { events.removeEventListener(name as string, listener) },
      fails: false
    }
  }
  throw argumentError('type', 'fromEvent: the first argument must be an EventEmitter or an EventTarget', 'it has neither on and off nor addEventListener', 'pass the object that emits')
}

interface Wish {
  readonly name: string | symbol
  readonly select: (...args: unknown[]) => unknown
  readonly endOn: readonly string[]
  readonly signal: AbortSignal | undefined
}

const listening = (ear: Ear, { name, select, endOn, signal }: Wish): Subscribable<unknown> => ({
  subscribe: (observer): Unsubscribable => {
    const listeners: [string | symbol, Listener][] = []
    const listen = (event: string | symbol, listener: Listener): void => {
      listeners.push([event, listener])
      ear.add(event, listener)
    }
    const end = (): void => {
      observer.complete?.()
      leave()
    }
    const fail = (error: unknown): void => {
      observer.error?.(error)
      leave()
    }
    const leave = (): void => {
      for (const [event, listener] of listeners.splice(0)) ear.remove(event, listener)
      signal?.removeEventListener('abort', end)
    }
    listen(name, (...args) => {
      let item: unknown
      try {
        item = select(...args)
      } catch (error) {
        fail(error) // thrown here it would end the program of the one who emits
        return
      }
      observer.next?.(item)
    })
    for (const event of endOn) listen(event, end)
    if (ear.fails && name !== 'error' && !endOn.includes('error')) listen('error', fail)
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted === true) end()
    return { unsubscribe: leave }
  }
})

/**
 * A source of the events `name` of an EventEmitter or an EventTarget: each is one item, what `select` makes of it, or its first
 * argument. Every run listens anew, from when its source is opened, and takes its listeners off when it ends. Endless, unless `endOn` or
 * `signal` ends it: events that are held then still come.
 *
 * **Order**   that of the events
 * **Cost**    one call of a listener per event, on the event loop
 * **Errors**  an `'error'` event of an EventEmitter, and what `select` throws, ends the run after the events before it;
 *             ERR_MILLRACE_BUFFER_OVERFLOW under `overflow: 'fail'`
 * **Memory**  `capacity` events
 * **Source**  RxJS `fromEvent`, Node `events.on`
 * @example
 * import { EventEmitter } from 'node:events'
 * const emitter = new EventEmitter()
 * const run = fromEvent<number>(emitter, 'tick', { endOn: 'close' }).toArray()
 * setTimeout(() => {
 *   emitter.emit('tick', 1)
 *   emitter.emit('tick', 2)
 *   emitter.emit('close')
 * }, 5)
 * await run // => [1, 2]
 */
export function fromEvent<A = unknown>(emitter: EmitterLike, name: string | symbol, options?: FromEventOptions<A>): Source<A>
export function fromEvent<A = Event>(target: TargetLike, name: string, options?: FromEventOptions<A>): Source<A>
export function fromEvent(target: EmitterLike | TargetLike, name: string | symbol, options: FromEventOptions<unknown> = {}): Source<unknown> {
  const ear = earOf(target)
  if (name === '' || (typeof name !== 'string' && typeof name !== 'symbol')) {
    throw argumentError('type', 'fromEvent: the name of the event must be a text or a symbol', `got ${name === '' ? 'an empty one' : typeof name}`, 'pass the name')
  }
  stageOptions('fromEvent', options, NAMES)
  if (options.select !== undefined) callable('fromEvent', 'select', options.select)
  const bound = boundOf('fromEvent', options)
  const { endOn = [], signal } = options
  const select = (options.select ?? ((first: unknown) => first)) as (...args: unknown[]) => unknown
  const events = listening(ear, { name, select, endOn: typeof endOn === 'string' ? [endOn] : endOn, signal })
  const open = (context: RunContext): SourceCursor => new Hold(events, bound, context)
  return sourceOf<unknown>({ role: 'source', kind: 'fromEvent', args: { event: String(name), ...bound }, open }, options.name)
}

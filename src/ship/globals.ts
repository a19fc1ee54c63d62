/**
 * The names that mean the same in every thread: the language's own and Node's.
 *
 * Not simply what `globalThis` holds: the program may have put things there, which a worker would miss. The language's
 * names are taken from a fresh context, so they are those of the engine that runs, without anything of the program's.
 * Node's have no such source, so they are listed, with the version that brought them to worker threads; a name that came
 * later than the running Node is a polyfill of the program's and does not count.
 * Called by describe.ts and native.ts on the main thread, when the first inline function is described.
 */
import { runInNewContext } from 'node:vm'

/** Seen in worker threads of Node 20, 22, 24 and 26; `require`, `module` and the like are not global in a module. */
const NODE: Readonly<Record<number, string>> = {
  20: `AbortController AbortSignal Blob BroadcastChannel Buffer ByteLengthQueuingStrategy CompressionStream
    CountQueuingStrategy Crypto CryptoKey CustomEvent DOMException DecompressionStream Event EventTarget File FormData
    Headers MessageChannel MessageEvent MessagePort Performance PerformanceEntry PerformanceMark PerformanceMeasure
    PerformanceObserver PerformanceObserverEntryList PerformanceResourceTiming ReadableByteStreamController ReadableStream
    ReadableStreamBYOBReader ReadableStreamBYOBRequest ReadableStreamDefaultController ReadableStreamDefaultReader Request
    Response SubtleCrypto TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream
    TransformStreamDefaultController URL URLSearchParams WritableStream WritableStreamDefaultController
    WritableStreamDefaultWriter atob btoa clearImmediate clearInterval clearTimeout crypto fetch global performance process
    queueMicrotask setImmediate setInterval setTimeout structuredClone`,
  22: 'Navigator WebSocket navigator',
  24: 'CloseEvent URLPattern',
  26: 'ErrorEvent QuotaExceededError'
}

let known: ReadonlySet<string> | undefined

/** All names that may stand free in a function that travels as source. */
export const knownGlobals = (): ReadonlySet<string> => {
  if (known !== undefined) return known
  const major = Number(process.versions.node.split('.')[0])
  const language = runInNewContext('Object.getOwnPropertyNames(globalThis)') as string[]
  const node = Object.entries(NODE).flatMap(([since, names]) => (Number(since) <= major ? names.split(/\s+/) : []))
  return (known = new Set([...language, ...node]))
}

/**
 * What is put together is looked at where it is put together: a function, or a sink, in the place of a flow would otherwise be told
 * somewhere else, as something else. Called by source.ts and flow.ts.
 */
import { argumentError } from '../error/pipeline-error.ts'

/** What a value is, as far as its author may have mistaken it. */
const kindOf = (value: unknown): string => {
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  if ('closed' in value) return 'an output, which is closed'
  if (typeof (value as { attach?: unknown }).attach === 'function') return 'a sink'
  if ('port' in value) return 'a source'
  if (typeof (value as { apply?: unknown }).apply === 'function') return 'a flow'
  return Array.isArray(value) ? 'an array' : `an object of ${(value as { constructor?: { name?: string } }).constructor?.name ?? 'no class'}`
}

const remedyFor = (value: unknown): string => {
  switch (kindOf(value)) {
    case 'a function': return 'put it in map(…), filter(…) or mapAsync(…), or call it, if it makes a flow'
    case 'a sink': return 'end the source with .to(sink)'
    case 'a source': return 'merge(a, b), concat(a, b) and others take several sources'
    default: return 'give what map(…), filter(…) and other operators make'
  }
}

/** Refuses what is no flow; `call` and the place of the argument say where. */
export const checkFlows = (call: string, flows: readonly unknown[]): void => {
  flows.forEach((flow, i) => {
    if (typeof flow === 'object' && flow !== null && typeof (flow as { apply?: unknown }).apply === 'function') return
    throw argumentError('type', `${call}: argument ${i + 1} must be a flow`, `got ${kindOf(flow)}`, remedyFor(flow))
  })
}

export const checkSink = (call: string, sink: unknown): void => {
  if (typeof sink === 'object' && sink !== null && typeof (sink as { attach?: unknown }).attach === 'function') return
  const remedy = typeof sink === 'function' ? 'put it in forEach(…), or call it, if it makes a sink' : kindOf(sink) === 'a flow' ? 'use .pipe(flow)' : 'give forEach(…), toArray() or another sink'
  throw argumentError('type', `${call}: it takes a sink`, `got ${kindOf(sink)}`, remedy)
}

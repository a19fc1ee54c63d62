/** Opening the source or the sink of a graph value without an engine, with a context that records. */
import type { Sink, Source } from '../../src/graph/source.ts'
import { sourceOf } from '../../src/graph/source.ts'
import type { RunContext, SinkSpec, SinkWriter, SourceCursor, SourceSpec } from '../../src/graph/spec.ts'

export interface Recorded {
  dropped: number
  readonly context: RunContext
}

export const recording = (): Recorded => {
  const recorded: Recorded = {
    dropped: 0,
    context: {
      signal: new AbortController().signal,
      stage: 'stage',
      deadLetter: () => undefined,
      skipped: () => undefined,
      dropped: (count) => {
        recorded.dropped += count
      }
    }
  }
  return recorded
}

/** The stage of the source itself, above whatever follows it in the same value. */
const headOf = (source: Source<unknown>): SourceSpec => {
  let { stage } = source.port
  while (stage.inputs.length > 0) stage = stage.inputs[0]!.stage
  if (stage.spec.role !== 'source') throw new Error(`no source at the head: ${stage.spec.role}`)
  return stage.spec
}

export const sourceSpecOf = (source: Source<unknown>): SourceSpec => headOf(source)

export const openSource = async (source: Source<unknown>, context = recording().context): Promise<SourceCursor> => headOf(source).open!(context)

/** Everything a source emits, by batches; the source is closed also when it fails. */
export const batchesOf = async (source: Source<unknown>, most = Infinity): Promise<(readonly unknown[])[]> => {
  const cursor = await openSource(source)
  const batches: (readonly unknown[])[] = []
  try {
    for (let items = 0; items < most; ) {
      const batch = await cursor.pull()
      if (batch === undefined) break
      batches.push(batch.items)
      items += batch.items.length
    }
  } finally {
    await cursor.close()
  }
  return batches
}

export const itemsOf = async (source: Source<unknown>, most = Infinity): Promise<unknown[]> => (await batchesOf(source, most)).flat()

export const sinkSpecOf = <A, R>(sink: Sink<A, R>): SinkSpec => {
  const nothing = sourceOf<A>({ role: 'source', kind: 'nothing', args: {}, open: () => ({ pull: () => undefined, close: () => undefined }) })
  const { spec } = sink.attach(nothing).port.stage
  if (spec.role !== 'sink') throw new Error(`no sink: ${spec.role}`)
  return spec
}

export const openSink = async <A, R>(sink: Sink<A, R>): Promise<SinkWriter<R>> => (await sinkSpecOf(sink).open(recording().context)) as SinkWriter<R>

/** Ends a sink as a run that has succeeded does. */
export const finishSink = async <R>(writer: SinkWriter<R>): Promise<R> => {
  const result = await writer.finish()
  await writer.commit?.()
  return result
}

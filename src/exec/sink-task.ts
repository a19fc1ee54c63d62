/**
 * A task that ends a branch: pulls from its channel and writes to a sink, then finishes it; its result is the output.
 *
 * Exactly one of the writer's `finish` and `abort` is called. Called by run.ts.
 */
import { PipelineError } from '../error/pipeline-error.ts'
import { sinkFailed } from '../error/wording-run.ts'
import type { SinkSpec, SinkWriter, Written } from '../graph/spec.ts'
import { OBSERVE } from '../graph/observe.ts'
import type { Batch } from './batch.ts'
import type { Output } from './output.ts'
import type { Task, TaskContext } from './task.ts'

export class SinkTask implements Task {
  itemsIn = 0
  readonly cpuMs = 0
  readonly #c: TaskContext
  readonly #output: Output
  #pulling = false

  constructor(context: TaskContext, output: Output) {
    this.#c = context
    this.#output = output
  }

  get stuck(): boolean {
    return this.#pulling
  }

  wake(): void {
    this.#output.wake()
  }

  async drive(): Promise<void> {
    const { plan, inlets, signal } = this.#c
    const [stage] = plan.stages
    const spec = stage!.spec as SinkSpec
    const edge = inlets[0]!
    let writer: SinkWriter<unknown> | undefined
    try {
      const leave = (): void => {
        edge.leave()
      }
      writer = spec.kind === OBSERVE ? this.#output.writer(leave) : await spec.open(this.#c.context(stage!.name))
      for (;;) {
        this.#pulling = true
        const batch = await edge.pull()
        this.#pulling = false
        if (batch === undefined) break
        let written: Written
        try {
          written = await write(writer, batch)
        } finally {
          batch.release()
        }
        if (written === 'closed') {
          edge.leave()
          break
        }
        this.itemsIn += batch.count
      }
      if (signal.aborted) throw this.#c.cancelled()
      this.#output.finish(await writer.finish())
    } catch (error) {
      this.#pulling = false
      const reason = signal.aborted ? this.#c.cancelled() : error
      await Promise.resolve(writer?.abort(reason)).catch(() => undefined)
      if (signal.aborted || error instanceof PipelineError) throw reason
      throw sinkFailed(stage!.name, stage!.site, this.itemsIn, error)
    } finally {
      edge.leave()
    }
  }
}

const write = (writer: SinkWriter<unknown>, batch: Batch): Written | Promise<Written> => {
  if (writer.writeText === undefined) return writer.write(batch.items())
  return batch.count === 0 ? undefined : writer.writeText(batch.bytes(), batch.count)
}

/**
 * A task that ends a branch: pulls from its channel and writes to a sink, then finishes it; its result is the output.
 *
 *   write … ── input ended ──▶ finish ── the whole run has succeeded ──▶ commit        abort: at any failure before
 *
 * Called by run.ts, which says when to commit.
 */
import { PipelineError } from '../error/pipeline-error.ts'
import { sinkFailed } from '../error/wording-run.ts'
import type { SinkSpec, SinkWriter, Written } from '../graph/spec.ts'
import { OBSERVE } from '../graph/observe.ts'
import type { Batch } from './edges/batch.ts'
import type { Edge } from './edges/edge.ts'
import type { Output } from './output.ts'
import type { Task, TaskContext } from './task.ts'

/** Bytes of text that are written together, about; and pieces. Each write costs a trip to another thread, and two turns of the loop. */
const MOST_BYTES = 2 * 1024 * 1024
const MOST_PIECES = 16
/** Smaller pieces are not waited with: the writer gathers those, and their frames are free for others. */
const WORTH_HOLDING = 64 * 1024

export class SinkTask implements Task {
  itemsIn = 0
  readonly cpuMs = 0
  readonly #c: TaskContext
  readonly #output: Output
  #pulling = false
  /** Waits for the end of the run. */
  #finished: { readonly writer: SinkWriter<unknown>; readonly result: unknown } | undefined

  constructor(context: TaskContext, output: Output) {
    this.#c = context
    this.#output = output
  }

  get stuck(): boolean {
    return this.#pulling
  }

  /** A run that drains goes on to wait for its subscriber: what has been read is for it. */
  wake(): void {
    if (this.#c.signal.aborted) this.#output.wake()
  }

  async drive(): Promise<void> {
    const { plan, inlets, signal, weather } = this.#c
    const [stage] = plan.stages
    const spec = stage!.spec as SinkSpec
    const edge = inlets[0]!
    let writer: SinkWriter<unknown> | undefined
    try {
      const leave = (): void => {
        edge.leave()
      }
      writer = spec.kind === OBSERVE ? this.#output.writer(leave) : await spec.open(this.#c.context(stage!))
      const broken: unknown[] = []
      writer.watch?.((error) => {
        broken.push(error)
        leave()
      })
      for (;;) {
        const batch = await this.#pull(edge)
        if (broken.length > 0) {
          batch?.release()
          throw broken[0]
        }
        if (batch === undefined) break
        const batches = [batch]
        let written: Written
        try {
          if (writer.writeText !== undefined && weather === undefined) await this.#gather(batches, edge, spec.replaces !== undefined)
          const turn = weather?.turn(stage!.name, `writes ${batch.count}`)
          if (turn !== undefined) await turn
          if (this.#c.over()) throw this.#c.cancelled() // while the batch was on its way: who would end the write has been told
          weather?.outside(stage!.name, 'write')
          written = await write(writer, batches)
        } finally {
          for (const each of batches) each.release()
        }
        if (written === 'closed') {
          edge.leave()
          break
        }
        this.itemsIn += countOf(batches)
      }
      if (signal.aborted) throw this.#c.cancelled()
      const result = await writer.finish()
      if (writer.commit === undefined) this.#output.finish(result)
      else this.#finished = { writer, result }
    } catch (error) {
      this.#pulling = false
      const reason = signal.aborted ? this.#c.cancelled() : error
      await abort(writer, reason)
      if (signal.aborted || error instanceof PipelineError) throw reason
      throw this.#failed(error)
    } finally {
      edge.leave()
    }
  }

  /** Adds what else lies ready, for a writer that takes text in several pieces at a time; `patient`: and waits for more, if it is worth it. */
  async #gather(batches: Batch[], edge: Edge, patient: boolean): Promise<void> {
    let bytes = batches[0]!.bytes().length
    const waits = patient && bytes >= WORTH_HOLDING
    while (bytes < MOST_BYTES && batches.length < MOST_PIECES) {
      const batch = edge.tryPull() ?? (waits ? await this.#pull(edge) : undefined)
      if (batch === undefined) return
      batches.push(batch)
      bytes += batch.bytes().length
    }
  }

  async #pull(edge: Edge): Promise<Batch | undefined> {
    this.#pulling = true
    const batch = await edge.pull()
    this.#pulling = false
    return batch
  }

  /** The whole run has succeeded. */
  async commit(): Promise<void> {
    if (this.#finished === undefined) return
    const { writer, result } = this.#finished
    try {
      await writer.commit!()
    } catch (error) {
      throw this.#failed(error)
    }
    this.#finished = undefined
    this.#output.finish(result)
  }

  /** The run has failed after this sink had finished. */
  async rollBack(reason: unknown): Promise<void> {
    await abort(this.#finished?.writer, reason)
    this.#finished = undefined
  }

  #failed(error: unknown): PipelineError {
    const { name, site } = this.#c.plan.stages[0]!
    return sinkFailed(name, site, this.itemsIn, error)
  }
}

/** What cleaning up fails with is not what went wrong. */
const abort = async (writer: SinkWriter<unknown> | undefined, reason: unknown): Promise<void> => {
  try {
    await writer?.abort(reason)
  } catch {
    // the error that led here is the one to tell
  }
}

const countOf = (batches: readonly Batch[]): number => batches.reduce((sum, { count }) => sum + count, 0)

const write = (writer: SinkWriter<unknown>, batches: readonly Batch[]): Written | Promise<Written> => {
  if (writer.writeText === undefined) return writer.write(batches[0]!.items())
  const count = countOf(batches)
  return count === 0 ? undefined : writer.writeText(batches.map((batch) => batch.bytes()), count)
}

/**
 * A task of a plan as it is told to every worker: its program, functions, codecs and reader, and the memory that it shares with them.
 * Called by pool-task.ts; what it makes is read by remote-task.ts, on worker threads.
 */
import type { TaskPlan } from '../../plan/plan.ts'
import type { Context } from '../../prelude/context.ts'
import { COUNTS_PER_NODE, TASK_WORDS, type Registration } from '../protocol.ts'

/** The description of a task that travels to workers. */
export const registrationOf = (plan: TaskPlan, task: number, workers: number, maxLatencyMs: number, carried: Context | undefined): Registration => {
  const program = plan.program!
  const head = plan.head?.spec
  return {
    type: 'register',
    task,
    program,
    serial: plan.affinity === 'serial',
    parallelism: plan.parallelism,
    fns: plan.kernels.map((kernel) => kernel.shipment!.fns),
    envs: plan.kernels.map((kernel) => (kernel.spec.role === 'kernel' ? kernel.spec.env : undefined)),
    codecs: plan.kernels.map((kernel) => kernel.shipment!.codec),
    reader: head?.role === 'source' && head.splits !== undefined ? { kind: head.splits.reader.kind, args: head.args } : undefined,
    counters: new SharedArrayBuffer(Math.max(8, workers * program.nodes.length * COUNTS_PER_NODE * 8)),
    stop: new SharedArrayBuffer(TASK_WORDS * Int32Array.BYTES_PER_ELEMENT),
    maxLatencyMs,
    context: carried
  }
}

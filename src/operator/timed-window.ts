/**
 * The form of `window` that looks at the clock: a process on the event loop, see by-clock.ts.
 *
 * Called by window.ts.
 */
import type { KernelSpec, ProcessSpec } from '../graph/spec.ts'
import { byClock } from './waiting/by-clock.ts'
import { windowsOf, type WindowArgs } from './windows/windows.ts'

export interface WindowClock {
  /** The instant of an item is when it comes. */
  readonly byArrival: boolean
  /** Windows with something new fire so often. */
  readonly everyMs: number | undefined
}

/** The process that does what the kernel of `spec` would, by the clock. */
export const timedWindow = (spec: KernelSpec, args: WindowArgs, by: WindowClock): ProcessSpec => {
  const { kind, fns, env, onError, outlets, holds } = spec
  const run = byClock(() => windowsOf(args, fns, by.byArrival), { env, onError, late: args.late, everyMs: by.everyMs })
  return { role: 'process', kind, args: { ...args, ...by }, run, onError, outlets, holds }
}

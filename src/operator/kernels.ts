/** The table of kernels by kind, for the planner's programs on the main thread and in workers. */
import { mergeKernel, partialKernel } from './aggregate.ts'
import * as flatMap from './flat-map.ts'
import type { Kernel } from './kernel.ts'
import * as map from './map.ts'
import * as take from './take.ts'

export const kernels: Readonly<Record<string, Kernel>> = Object.fromEntries(
  [flatMap.kernel, map.kernel, mergeKernel, partialKernel, take.kernel].map((kernel) => [kernel.kind, kernel])
)

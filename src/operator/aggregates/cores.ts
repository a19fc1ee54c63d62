/**
 * The table of ready-made aggregates by name, for workers and the main thread alike.
 *
 * Each core by its name, not by its module: so a bundler leaves the constructors, and what they need, out of the worker.
 */
import { collectCore } from './collect.ts'
import type { Core } from './core.ts'
import { countCore } from './count.ts'
import { distinctCountCore } from './distinct-count.ts'
import { firstCore } from './first.ts'
import { lastCore } from './last.ts'
import { maxByCore } from './max-by.ts'
import { maxCore } from './max.ts'
import { meanCore } from './mean.ts'
import { minByCore } from './min-by.ts'
import { minCore } from './min.ts'
import { quantilesCore } from './quantiles.ts'
import { stddevCore } from './stddev.ts'
import { sumCore } from './sum.ts'
import { topKCore } from './top-k.ts'
import { varianceCore } from './variance.ts'

const all: readonly Core[] = [
  collectCore, countCore, distinctCountCore, firstCore, lastCore, maxByCore, maxCore, meanCore, minByCore, minCore, quantilesCore,
  stddevCore, sumCore, topKCore, varianceCore
]

export const cores: Readonly<Record<string, Core>> = Object.fromEntries(all.map((core) => [core.name, core]))

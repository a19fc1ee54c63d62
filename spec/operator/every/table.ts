/**
 * Every operator of docs/operators.md, by name. A new one needs an entry: `make` (the operator behind a source of numbers) and `model`
 * (what comes out, over arrays); entry.ts says the rest. spec/operator/every-operator.spec.ts compares the names.
 */
import type { Entries } from './entry.ts'
import { kernels } from './kernels.ts'
import { several } from './several.ts'
import { waiting } from './waiting.ts'

export const table: Entries = { ...kernels, ...waiting, ...several }

/** Those that run in workers. */
export const travelling: ReadonlySet<string> = new Set(Object.keys(kernels))

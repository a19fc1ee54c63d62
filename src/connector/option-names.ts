/**
 * The options that sources and sinks have, for `stageOptions` to refuse others by; as those of operators (operator/option-names.ts).
 */
import type { OptionNames } from '../error/known-options.ts'
import type { StageOptions } from '../graph/options.ts'
import type { HoldOptions } from '../operator/held.ts'

export const STAGE: OptionNames<StageOptions> = { name: 1 }
export const HOLD: OptionNames<StageOptions & HoldOptions> = { ...STAGE, capacity: 1, overflow: 1 }

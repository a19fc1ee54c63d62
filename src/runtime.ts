/**
 * `millrace/runtime`: where pipelines run. A door: named re-exports, no logic.
 */
export { Runtime } from './exec/runtime.ts'
export type { MultiThreadOptions } from './exec/runtime.ts'

/**
 * `millrace/testing`: helpers for testing pipelines. A door: named re-exports, no logic.
 */
export { collect } from './exec/collect.ts'
export type { Collected } from './exec/collect.ts'

/**
 * `millrace/fs`: sources and sinks of files and standard streams. A door: named re-exports, no logic.
 */
export * from './connector/fs/index.ts'
export type { PlainOptions } from './operator/cpu.ts'

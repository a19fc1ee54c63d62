/**
 * `millrace/portable`: only what a module of functions needs, so that a worker that imports it loads nothing else.
 * A door: named re-exports, no logic.
 */
export { currentContext } from './prelude/context.ts'
export type { Context } from './prelude/context.ts'
export { portable } from './ship/portable.ts'
export type { Portable } from './ship/portable.ts'

/**
 * `millrace/fp-ts`: sources among the types of fp-ts, and TaskEither and Reader for pipelines. Loads nothing of fp-ts itself.
 *
 * A door: named re-exports, no logic.
 */
export { ap, Apply, compact, Compactable, filter, Filterable, filterMap, Functor, getMonoid, map, partition, partitionMap, separate, URI, via } from './connector/fp-ts/instances.ts'
export { composeReader, filterReader, mapReader, provide } from './connector/fp-ts/reader.ts'
export type { FlowReader, ReaderOptions } from './connector/fp-ts/reader.ts'
export { forEachTaskEither, fromTaskEither, mapTaskEither, runTaskEither, toTaskEither } from './connector/fp-ts/task-either.ts'

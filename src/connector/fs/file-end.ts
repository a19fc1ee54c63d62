/**
 * `fs.lines('a.txt')` is a file, and which way it is used is said by where it is put: read, when it is piped from; written,
 * when it is given to `to`. So the value is a source that is a sink as well; nothing is opened or looked up by making it.
 */
import type { Sink, Source } from '../../graph/source.ts'
import type { FileResult } from './text-writer.ts'

/** A file as a source of `A` and as a sink for `B`. */
export type FileEnd<A, B> = Source<A> & Sink<B, FileResult>

/** `sink` is made when it is attached: a list of paths or a glob is no sink, but a fine source. */
export const fileEnd = <A, B>(source: Source<A>, sink: () => Sink<B, FileResult>): FileEnd<A, B> => {
  const attach: Sink<B, FileResult>['attach'] = (upstream) => sink().attach(upstream)
  return Object.freeze(Object.create(source, { attach: { value: attach } }) as FileEnd<A, B>)
}

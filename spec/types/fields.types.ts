/**
 * Operators that take names of fields: what TypeScript infers, and what it refuses. Checked by `tsc` alone; nothing here runs.
 */
import { expectTypeOf } from 'expect-type'
import type { Flow, Source } from '../../src/graph/source.ts'
import { aggregateBy } from '../../src/operator/aggregate-by.ts'
import { countBy } from '../../src/operator/count-by.ts'
import { distinct } from '../../src/operator/distinct.ts'
import { map } from '../../src/operator/map.ts'
import { pick } from '../../src/operator/pick.ts'

interface Row { readonly path: string, readonly status: number, readonly bytes?: number, readonly tags: readonly string[] }

declare const rows: Source<Row>
declare const either: Source<{ kind: 'a', x: number } | { kind: 'b', y: number }>
declare const some: readonly ('path' | 'status')[]

// -- pick ------------------------------------------------------------------------------------------------------------------
expectTypeOf(rows.pipe(pick('path', 'bytes'))).toEqualTypeOf<Source<Pick<Row, 'path' | 'bytes'>>>()
expectTypeOf(rows.pipe(pick('path', { name: 'paths', onError: 'skip' }))).toEqualTypeOf<Source<Pick<Row, 'path'>>>()
expectTypeOf(rows.pipe(pick(...some), map((r) => r.status))).toEqualTypeOf<Source<number>>()
expectTypeOf(rows.pipe(map((r) => r), pick('status'), map((r) => r.status))).toEqualTypeOf<Source<number>>()
expectTypeOf(pick<Row, 'path'>('path')).toEqualTypeOf<Flow<Row, Pick<Row, 'path'>>>()
expectTypeOf(either.pipe(pick('kind'))).toEqualTypeOf<Source<Pick<{ kind: 'a', x: number } | { kind: 'b', y: number }, 'kind'>>>()
// @ts-expect-error no such field
rows.pipe(pick('host'))
// @ts-expect-error it was left out
rows.pipe(pick('path'), pick('status'))
// @ts-expect-error a promise of a field that not every item has
either.pipe(pick('x'))
// @ts-expect-error there is nothing to try again
rows.pipe(pick('path', { onError: { times: 2 } }))

// -- keys ------------------------------------------------------------------------------------------------------------------
expectTypeOf(rows.pipe(countBy('path'))).toEqualTypeOf<Source<ReadonlyMap<string, number>>>()
expectTypeOf(rows.pipe(countBy('bytes', { maxKeys: 3 }))).toEqualTypeOf<Source<ReadonlyMap<number | undefined, number>>>()
expectTypeOf(rows.pipe(distinct('status'))).toEqualTypeOf<Source<Row>>()
expectTypeOf(rows.pipe(aggregateBy('path', { create: () => 0, add: (sum, r) => sum + r.status, combine: (a, b) => a + b })))
  .toEqualTypeOf<Source<ReadonlyMap<string, number>>>()
expectTypeOf(rows.pipe(pick('path', 'status'), aggregateBy('path', { create: () => 0, add: (sum, r) => sum + r.status, combine: (a, b) => a + b })))
  .toEqualTypeOf<Source<ReadonlyMap<string, number>>>()
expectTypeOf(either.pipe(countBy('kind'))).toEqualTypeOf<Source<ReadonlyMap<'a' | 'b', number>>>()
// @ts-expect-error no such field
rows.pipe(countBy('host'))
// @ts-expect-error an array is no key
rows.pipe(countBy('tags'))
// @ts-expect-error an array is no key
rows.pipe(distinct('tags'))
// @ts-expect-error no such field
rows.pipe(aggregateBy('host', { create: () => 0, add: (sum) => sum, combine: (a: number, b: number) => a + b }))

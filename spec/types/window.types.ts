/** What TypeScript infers for windows, and what it refuses. Checked by `tsc` alone; nothing here runs. */
import { expectTypeOf } from 'expect-type'
import {
  collect, combined, count, counted, everything, session, sliding, sum, tumbling, window, windowWithLate,
  type Combiner, type Flow, type Source, type WindowResult
} from '../../src/index.ts'

interface Row { readonly path: string, readonly bytes: number, readonly time: number }

declare const rows: Source<Row>
declare const own: Combiner<Row, Set<string>, number>
declare const plain: Combiner<Row, Set<string>>

const minute = tumbling({ sizeMs: 60_000 })

// -- the item flows from the source; without a key the key is undefined
expectTypeOf(rows.pipe(window(minute, { at: (r) => r.time, aggregate: count() }))).toEqualTypeOf<Source<WindowResult<undefined, number>>>()
expectTypeOf(rows.pipe(window(minute, { at: (r) => r.time, key: (r) => r.path, aggregate: sum((r) => r.bytes) }))).toEqualTypeOf<Source<WindowResult<string, number>>>()
expectTypeOf(rows.pipe(window(session({ gapMs: 1 }), { at: (r) => r.time, key: (r) => r.path, aggregate: own }))).toEqualTypeOf<Source<WindowResult<string, number>>>()
expectTypeOf(rows.pipe(window(minute, { at: 'arrival', aggregate: plain }))).toEqualTypeOf<Source<WindowResult<undefined, Set<string>>>>()
expectTypeOf(rows.pipe(window(everything(), { early: { count: 5 }, aggregate: collect({ max: 3 }, (r) => r.path) }))).toEqualTypeOf<Source<WindowResult<undefined, readonly string[]>>>()
expectTypeOf(rows.pipe(window(counted({ count: 5 }), { key: (r) => r.bytes, aggregate: combined({ n: count(), bytes: sum((r: Row) => r.bytes) }) }))).toEqualTypeOf<
  Source<WindowResult<number, { readonly n: number, readonly bytes: number }>>
>()
expectTypeOf(window(minute, { at: (r: Row) => r.time, aggregate: own })).toEqualTypeOf<Flow<Row, WindowResult<undefined, number>>>()

// -- env goes to every function, as its last argument
rows.pipe(
  window(sliding({ sizeMs: 10, everyMs: 5 }), {
    at: (r, env) => {
      expectTypeOf(env).toEqualTypeOf<{ zone: number }>()
      return r.time + env.zone
    },
    key: (r, { zone }) => `${r.path}${zone}`,
    aggregate: sum((r, { zone }) => r.bytes * zone),
    env: { zone: 3 }
  })
)

// -- late items are items
const sides = windowWithLate(rows, minute, { at: (r) => r.time, key: (r) => r.path, aggregate: count() })
expectTypeOf(sides.windows).toEqualTypeOf<Source<WindowResult<string, number>>>()
expectTypeOf(sides.late).toEqualTypeOf<Source<Row>>()

// -- refused
// @ts-expect-error -- an instant is a number
rows.pipe(window(minute, { at: (r) => r.path, aggregate: count() }))
// @ts-expect-error -- an object is no key
window(minute, { at: (r: Row) => r.time, key: (r: Row): object => r, aggregate: own })
// @ts-expect-error -- an aggregate of other items
rows.pipe(window(minute, { at: (r: Row) => r.time, aggregate: sum() }))
// @ts-expect-error -- no aggregate
window(minute, { at: (r: Row) => r.time })
// @ts-expect-error -- an item would be added twice
window(minute, { at: (r: Row) => r.time, aggregate: own, onError: { policy: 'retry', times: 1, initialMs: 0, factor: 1, maxMs: 0, jitter: 0, then: 'fail' } })
// @ts-expect-error -- with a source of late items there is nothing to say about them
windowWithLate(rows, minute, { at: (r) => r.time, aggregate: own, late: 'drop' })

/** Stages with a state per key: what TypeScript infers, and what it refuses. Checked by `tsc` alone; nothing here runs. */
import { expectTypeOf } from 'expect-type'
import type { Flow, Source } from '../../src/graph/source.ts'
import { count } from '../../src/operator/aggregates/count.ts'
import { keyedProcess } from '../../src/operator/keyed-process.ts'
import type { KeyContext } from '../../src/operator/keyed/turn.ts'
import { mapState } from '../../src/operator/map-state.ts'
import { scanBy } from '../../src/operator/scan-by.ts'
import { window } from '../../src/operator/window.ts'
import { tumbling } from '../../src/operator/windows/kinds.ts'

interface Row { readonly path: string, readonly status: number, readonly at: number, readonly tags: readonly string[] }

declare const rows: Source<Row>

// -- keys by the name of a field -------------------------------------------------------------------------------------------
expectTypeOf(rows.pipe(mapState({
  key: 'path', create: (key) => { expectTypeOf(key).toEqualTypeOf<string>(); return { key, n: 0 } },
  map: (state, row) => { expectTypeOf(state).toEqualTypeOf<{ key: string, n: number }>(); return row.status > 0 ? ++state.n : undefined }
}))).toEqualTypeOf<Source<number>>()
expectTypeOf(rows.pipe(mapState({ key: (r) => r.status, create: (key) => ({ key }), map: (state) => state.key }))).toEqualTypeOf<Source<number>>()
expectTypeOf(rows.pipe(scanBy('path', (n, row) => n + row.status, 0))).toEqualTypeOf<Source<readonly [string, number]>>()
expectTypeOf(scanBy('path', (n: number, row: Row) => n + row.status, 0)).toEqualTypeOf<Flow<Row, readonly [string, number]>>()
// @ts-expect-error no such field
rows.pipe(mapState({ key: 'host', create: () => ({}), map: () => 1 }))
// @ts-expect-error an array is no key
rows.pipe(mapState({ key: 'tags', create: () => ({}), map: () => 1 }))
// @ts-expect-error an array is no key
rows.pipe(scanBy('tags', () => 0, 0))

// -- timers ----------------------------------------------------------------------------------------------------------------
const visits = rows.pipe(keyedProcess({
  key: 'path', at: (row) => row.at, create: (key) => ({ key, n: 0 }),
  process: (state, row, on) => {
    expectTypeOf(row).toEqualTypeOf<Row>()
    expectTypeOf(on).toEqualTypeOf<KeyContext<string>>()
    state.n++
    on.setTimer(row.at + 5, 'idle')
  },
  onTimer: (state, timer, on) => {
    expectTypeOf(timer).toEqualTypeOf<{ readonly name: string, readonly at: number }>()
    expectTypeOf(on.timer('idle')).toEqualTypeOf<number | undefined>()
    return state.n > 1 ? { key: on.key, n: state.n } : undefined
  }
}))
expectTypeOf(visits).toEqualTypeOf<Source<{ key: string, n: number }>>()
const both = rows.pipe(keyedProcess({
  key: (row) => row.status, at: 'arrival', create: () => ({ n: 0 }), process: (state, row) => row.path.length + state.n, onTimer: () => 'over',
  onEvict: (state, key, why) => [key, why, state.n] as const
}))
expectTypeOf(both).toEqualTypeOf<Source<number | string | readonly [number, 'ttl' | 'full' | 'end', number]>>()
expectTypeOf(rows.pipe(keyedProcess({
  key: 'path', at: (row, env) => row.at + env.shift, create: () => ({ n: 0 }), process: (_, row, __, env) => row.at * env.shift, onTimer: () => undefined, env: { shift: 5 }
}))).toEqualTypeOf<Source<number>>()
const base = { create: () => ({ n: 0 }), process: () => 1, onTimer: () => 1 }
// @ts-expect-error whose time?
rows.pipe(keyedProcess({ key: 'path', ...base }))
// @ts-expect-error no such field
rows.pipe(keyedProcess({ key: 'host', at: 'arrival', ...base }))
// @ts-expect-error a state would be changed twice
rows.pipe(keyedProcess({ key: 'path', at: 'arrival', ...base, onError: { policy: 'retry' } }))

// -- windows ---------------------------------------------------------------------------------------------------------------
expectTypeOf(rows.pipe(window(tumbling({ sizeMs: 5 }), { key: (row) => row.path, at: (row) => row.at, ordered: false, aggregate: count() }))).toExtend<Source<{ key: string, value: number }>>()
// without a source, the items are those of the functions
expectTypeOf(mapState({ key: 'path', create: () => ({ n: 0 }), map: (state, row: Row) => state.n + row.status })).toEqualTypeOf<Flow<Row, number>>()
interface Loose { readonly id?: number | null, readonly x: string }
declare const loose: Source<Loose>
expectTypeOf(loose.pipe(mapState({ key: 'id', create: (key) => ({ key }), map: (state) => state }))).toEqualTypeOf<Source<{ key: number | null | undefined }>>()

/**
 * Claim: objects that are alike cross threads several times faster as columns than by `node:v8`. Encode and decode on one thread, into
 * and out of shared memory, against `v8.serialize` and `deserialize` of the same runs; the answer is a sum over what arrived.
 */
import { deserialize, serialize } from 'node:v8'
import { createArena } from '../src/frame/arena.ts'
import { readFrame, writeFrame } from '../src/frame/frame.ts'
import { hintOf } from '../src/frame/hint.ts'
import { compare, sized, type Row, type Size } from './support/harness.ts'

const RUN = 512

interface Kind {
  readonly name: string
  readonly make: (i: number) => unknown
  readonly count: (item: never) => number
  readonly target?: number
}

const kinds: readonly Kind[] = [
  {
    name: 'a record of 3 strings and 4 numbers',
    make: (i: number) => ({
      ts: 1_700_000_000_000 + i, method: i % 3 === 0 ? 'POST' : 'GET', path: `/api/v1/items/${i % 977}`, status: 200 + (i % 5) * 100,
      bytes: (i * 17) % 50_000, ua: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36', dur: i * 0.001
    }),
    count: (r: { status: number, path: string, ua: string }) => r.status + r.path.length + r.ua.length,
    target: 5
  },
  { name: 'a record of 4 numbers', make: (i: number) => ({ a: i, b: i * 2, c: i * 0.5, d: -i }), count: (r: { a: number, d: number }) => r.a + r.d },
  {
    name: 'a union of two records',
    make: (i: number) => i % 2 === 0 ? { kind: 'circle', r: i } : { kind: 'rectangle', w: i, h: i / 2 },
    count: (r: { kind: string }) => r.kind.length
  },
  {
    name: 'a record with an object and an array inside',
    make: (i: number) => ({ id: i, at: { x: i, y: -i }, tags: ['a', 'b', `c${i % 3}`] }),
    count: (r: { at: { x: number }, tags: readonly string[] }) => r.at.x + r.tags.length
  },
  { name: 'a pair of key and number', make: (i: number) => [`/api/v1/items/${i}`, i], count: (pair: readonly [string, number]) => pair[0].length + pair[1] }
]

const benchKind = ({ name, make, count, target }: Kind, size: Size): Promise<readonly Row[]> => {
  const times = sized(size, 400, 400, 2)
  const items = Array.from({ length: RUN }, (_, i) => make(i))
  const sum = (all: readonly unknown[]): number => (all as readonly never[]).reduce((total, item) => total + count(item), 0)
  const arena = createArena({ slots: 1, slotBytes: 256 * 1024 })
  const slot = arena.claim(0)
  const rounds = (once: () => number) => (): number => {
    let total = 0
    for (let round = 0; round < times; round++) total += once()
    return total
  }
  const columns = rounds(() => {
    if (writeFrame(arena, slot, items, 0, RUN) !== RUN) throw new Error('the run is more than one frame')
    return sum(readFrame(arena, slot))
  })
  return compare({
    bench: 'frame',
    work: `${name}, ${RUN} a frame, encoded and decoded`,
    units: RUN * times,
    unit: 'items/s',
    ours: { name: 'columns', run: columns },
    others: [{ name: 'node:v8', run: rounds(() => sum(deserialize(serialize(items)) as unknown[])), ...(target === undefined ? {} : { target }) }],
    expected: sum(items) * times
  }, size)
}

/** Two fields of seven are read downstream: the others stay where they are. */
const benchFields = (size: Size): Promise<readonly Row[]> => {
  const times = sized(size, 400, 400, 2)
  const items = Array.from({ length: RUN }, (_, i) => kinds[0]!.make(i))
  const arena = createArena({ slots: 1, slotBytes: 256 * 1024 })
  const slot = arena.claim(0)
  const hint = hintOf({ fields: ['status', 'bytes'] })
  const rounds = (told: typeof hint) => (): number => {
    let total = 0
    for (let round = 0; round < times; round++) {
      writeFrame(arena, slot, items, 0, RUN, told)
      for (const { status, bytes } of readFrame(arena, slot) as readonly { status: number, bytes: number }[]) total += status + bytes
    }
    return total
  }
  return compare({
    bench: 'frame',
    work: `2 of 7 fields, ${RUN} a frame, encoded and decoded`,
    units: RUN * times,
    unit: 'items/s',
    ours: { name: 'the fields that are read', run: rounds(hint) },
    others: [{ name: 'all fields', run: rounds(undefined) }],
    expected: rounds(undefined)()
  }, size)
}

export const bench = async (size: Size): Promise<readonly Row[]> => {
  const rows: Row[] = []
  for (const kind of kinds) rows.push(...(await benchKind(kind, size)))
  rows.push(...(await benchFields(size)))
  return rows
}

/**
 * Claim: cost is linear. A hundred times the items take a hundred times as long, 16 stages at most 16 times as long as one, 16 readers at most 16
 * times as long as one, a second worker halves the time; and memory does not grow with the number of items.
 *
 * Against itself. Linear means here: the rate (items/s; stages times items/s; readers times items/s) keeps at least 0.8 of what it is at the
 * smaller size, and two workers reach 1.8 times the rate of one. Memory is the most that a process of its own held. Checked: sums.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { check, interleave, sized, type Size } from './support/harness.ts'
import { rowOf, type Row } from './support/row.ts'
import { SCALE_DEFAULTS, scaled, sumOfScaled, type Scale } from './support/scaled.ts'

const LINEAR = 0.8
const TWO_WORKERS = 1.8

interface Axis {
  readonly name: string
  readonly unit: string
  readonly points: readonly { readonly label: string; readonly scale: Scale; readonly units: number }[]
  readonly target: number
}

const axes = (size: Size): readonly Axis[] => {
  const items = sized(size, 1_000_000, 300_000, 2000)
  const at = (change: Partial<Scale>): Scale => ({ ...SCALE_DEFAULTS, items, ...change })
  const most = sized(size, [100_000, 1_000_000, 10_000_000], [100_000, 1_000_000, 10_000_000], [1000, 2000, 4000])
  return [
    { name: 'items', unit: 'items/s', target: LINEAR, points: most.map((n) => ({ label: `${n} items`, scale: at({ items: n }), units: n })) },
    {
      name: 'stages',
      unit: 'stage items/s',
      target: LINEAR,
      points: [1, 4, 16].map((stages) => ({ label: `${stages} stages`, scale: at({ stages }), units: items * stages }))
    },
    {
      name: 'fan-out',
      unit: 'read items/s',
      target: LINEAR,
      points: [1, 4, 16].map((readers) => ({ label: `${readers} readers`, scale: at({ readers }), units: items * readers }))
    },
    {
      name: 'workers',
      unit: 'items/s',
      target: TWO_WORKERS,
      points: [1, 2].map((workers) => {
        const some = Math.ceil(items / 20)
        return { label: `${workers} workers, 10 us an item`, scale: at({ items: some, workers, rounds: 10_000 }), units: some }
      })
    }
  ]
}

const benchAxis = async ({ name, unit, points, target }: Axis, size: Size): Promise<readonly Row[]> => {
  const rates = await interleave(
    points.map(({ label, scale, units }) => {
      const expected = sumOfScaled(scale)
      return async (): Promise<number> => {
        const began = performance.now()
        const sum = await scaled(scale)
        const ms = performance.now() - began
        check(label, sum, expected)
        return units / (ms / 1000)
      }
    }),
    size
  )
  return points.slice(1).map(({ label }, i) =>
    rowOf({ bench: 'scale', work: `${name}: ${label}`, against: points[0]!.label, unit, ours: rates[i + 1]!, theirs: rates[0]!, better: 'more', target })
  )
}

/** Megabytes that a process held at most which runs so many items and nothing else. */
const memory = (items: number) => (): number => {
  const child = fileURLToPath(new URL('./support/scaled-child.ts', import.meta.url))
  const said = execFileSync(process.execPath, [...process.execArgv, child, String(items)], { encoding: 'utf8' })
  return Number(said)
}

const benchMemory = async (size: Size): Promise<Row> => {
  const few = sized(size, 1_000_000, 1_000_000, 1000)
  const many = 10 * few
  const [less, more] = await interleave([memory(few), memory(many)], size)
  return rowOf({
    bench: 'scale', work: `memory: ${many} items`, against: `${few} items`, unit: 'MB', ours: more!, theirs: less!, better: 'less', target: LINEAR
  })
}

export const bench = async (size: Size): Promise<readonly Row[]> => {
  const rows: Row[] = []
  for (const axis of axes(size)) rows.push(...(await benchAxis(axis, size)))
  return [...rows, await benchMemory(size)]
}

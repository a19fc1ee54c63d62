/** The kernels that have a memory say the same on a worker as on the loop, also when their state moves there in the middle. */
import * as assert from 'uvu/assert'
import '../../src/exec/pipeline.ts' // it loads the executor
import { range } from '../../src/connector/memory/range.ts'
import { compose } from '../../src/graph/flow.ts'
import type { Flow } from '../../src/graph/source.ts'
import { changes } from '../../src/operator/changes.ts'
import { dedupe } from '../../src/operator/dedupe.ts'
import { dropWhile } from '../../src/operator/drop-while.ts'
import { endWith } from '../../src/operator/end-with.ts'
import { intersperse } from '../../src/operator/intersperse.ts'
import { map } from '../../src/operator/map.ts'
import { pairwise } from '../../src/operator/pairwise.ts'
import { slidingCount } from '../../src/operator/sliding-count.ts'
import { takeBytes } from '../../src/operator/take-bytes.ts'
import { zipWithIndex } from '../../src/operator/zip-with-index.ts'
import { suite } from '../support/suite.ts'

const COUNT = 60_000

type Lane = { readonly lane?: 'blocking' | undefined }

const flows: Readonly<Record<string, (lane: Lane) => Flow<number, unknown>>> = {
  changes: (lane) => changes((n: number) => n >> 3, lane),
  dedupe: (lane) => dedupe({ maxKeys: 100, key: (n: number) => n % 150, ...lane }),
  dropWhile: (lane) => dropWhile((n: number) => n < 40_000, lane),
  endWith: (lane) => compose(map((n: number) => n, lane), endWith<number>(-1, -2)),
  intersperse: (lane) => intersperse<number>(-1, { start: -2, end: -3, ...lane }),
  pairwise: (lane) => pairwise<number>(lane),
  slidingCount: (lane) => slidingCount<number>({ size: 5, every: 3, partial: true, ...lane }),
  takeBytes: (lane) => compose(map((n: number) => `${n}`, lane), takeBytes<string>(100_000, lane)),
  zipWithIndex: (lane) => zipWithIndex<number>(lane)
}

suite('kernels with a memory', (it) => {
  for (const [name, flow] of Object.entries(flows)) {
    it(`${name}: on a worker, and on its way there, as on the loop`, async () => {
      const expected = await range(0, COUNT).pipe(flow({})).toArray({ workers: 0 })
      assert.ok(expected.length > 0)
      for (const lane of [{ lane: 'blocking' }, {}] as const) {
        assert.equal(await range(0, COUNT).pipe(map((n) => n), flow(lane)).toArray({ workers: 2 }), expected)
      }
    })
  }
}, 20_000)

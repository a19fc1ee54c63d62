/**
 * Claim: small things stay small. The first result of a tiny pipeline, the cost of `import 'millrace'` on top of an
 * empty program, and a worker's start; each in fresh processes, against the bare thing.
 */
import { execFileSync } from 'node:child_process'
import { compare, type Row, type Size } from './support/harness.ts'

const dist = new URL('../dist/', import.meta.url).href

const run = (code: string): string => execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }).trim()

export const bench = async (size: Size): Promise<readonly Row[]> => [
  ...(await compare({
    bench: 'small',
    work: "a process that imports 'millrace' (dist)",
    units: 1,
    unit: 'starts/s',
    ours: { name: 'import millrace', run: () => run(`await import('${dist}index.js'); console.log(1)`) },
    others: [
      { name: 'empty program', run: () => run('console.log(1)') },
      { name: 'import rxjs alone', run: () => run("await import('rxjs'); console.log(1)") }
    ],
    expected: '1',
    rounds: 11
  }, size)),
  ...(await compare({
    bench: 'small',
    work: 'a process that runs a pipeline of ten items (dist)',
    units: 1,
    unit: 'starts/s',
    ours: {
      name: 'millrace toArray',
      run: () => run(`const { range, map } = await import('${dist}index.js'); console.log((await range(0, 10).pipe(map((n) => n * 2)).toArray()).length)`)
    },
    others: [{ name: 'import millrace only', run: () => run(`await import('${dist}index.js'); console.log(10)`) }],
    expected: '10',
    rounds: 11
  }, size))
]

/**
 * What a worker thread loads: none of the packages that cost each thread 20 to 60 ms. `reachable` cannot leave types out, so
 * this rule has a configuration of its own in which imports are read after types are gone.
 */
const HEAVY = ['rxjs', 'fp-ts', 'io-ts']
const { options } = require('./.dependency-cruiser.cjs')

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'workers-stay-light',
      comment: `a worker thread loads none of ${HEAVY.join(', ')}: nothing that src/worker.ts imports, however far away, may import them`,
      severity: 'error',
      from: { path: '^src/worker\\.ts$' },
      to: { path: `(^|/)node_modules/(${HEAVY.join('|')})/`, reachable: true }
    }
  ],
  options: { ...options, tsPreCompilationDeps: false }
}

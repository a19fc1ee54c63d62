/**
 * Which folder of src/ may import which, as data; .ci/run checks it. ARCHITECTURE.md has the same table as a picture.
 * What a worker thread loads is a rule of its own: .dependency-cruiser.worker.cjs.
 *
 * Floors, lowest first. A folder imports from floors below its own; on its own floor from nobody. The machine (bytes and
 * threads) and the meaning (graphs and plans) do not know each other: only runtime/ and above know both. Everyone may use
 * prelude/ and error/ of the floors below, and everyone may import *types* of any lower floor.
 */
const FLOORS = [
  { machine: ['atomic'], meaning: ['prelude'] },
  { machine: ['queue'], meaning: ['error'] },
  { machine: ['frame'], meaning: ['ship'] },
  { machine: ['sync'], meaning: ['graph'] },
  { machine: ['channel', 'task'], meaning: ['plan'] },
  { machine: ['pool'], meaning: ['operator'] },
  { both: ['runtime'] },
  { both: ['exec'] },
  { both: ['connector'] },
  { both: ['testing'] }
]

/** Of the other column's folders, what everyone may use. */
const COMMON = ['prelude', 'error']

/** Folders that are told more exactly: what else they may not import at run time, though it lies below them. */
const NARROWER = {
  // connectors give the executor descriptions and readers; they never touch threads or plans
  connector: ['atomic', 'queue', 'frame', 'sync', 'channel', 'pool', 'plan']
}

const foldersOf = ({ machine = [], meaning = [], both = [] }) => [...machine, ...meaning, ...both]
const inFolders = (folders) => `^src/(${folders.join('|')})/`
const allFolders = FLOORS.flatMap(foldersOf)

/** Up, or sideways on the same floor: never, not even a type. */
const upwards = FLOORS.flatMap((floor, level) =>
  foldersOf(floor).map((folder) => ({
    name: `${folder}-imports-down-only`,
    comment: `${folder}/ is on floor L${level}: it imports from lower floors only`,
    severity: 'error',
    from: { path: inFolders([folder]) },
    to: { path: inFolders(FLOORS.slice(level).flatMap(foldersOf).filter((other) => other !== folder)) }
  }))
)

/** Down, but into the other column: types only. */
const across = [['machine', 'meaning'], ['meaning', 'machine']].map(([own, other]) => ({
  name: `${own}-knows-no-${other}`,
  comment: `the ${own} column does not run code of the ${other} column (types of lower floors, ${COMMON.join('/ and ')}/ are free)`,
  severity: 'error',
  from: { path: inFolders(FLOORS.flatMap((floor) => floor[own] ?? [])) },
  to: {
    path: inFolders(FLOORS.flatMap((floor) => floor[other] ?? []).filter((folder) => !COMMON.includes(folder))),
    dependencyTypesNot: ['type-only']
  }
}))

const narrower = Object.entries(NARROWER).map(([folder, closed]) => ({
  name: `${folder}-keeps-out`,
  comment: `${folder}/ does not run code of ${closed.join(', ')}`,
  severity: 'error',
  from: { path: inFolders([folder]) },
  to: { path: inFolders(closed), dependencyTypesNot: ['type-only'] }
}))

/** Folders inside of a folder that do not know each other: from, and what it does not import. */
const APART = [
  ['operator/loop', 'operator/(?!loop/|keyed/(keys|store)\\.ts$)', 'the loop of a task knows kernels by their contract, not the operators'],
  [
    'operator/(waiting|keyed|windows|aggregates)',
    'operator/(?!(loop|waiting|keyed|windows|aggregates)/|(check|combiner|cpu|instant|order|option-names)\\.ts$)',
    'what operators are made of knows none of them'
  ],
  ['exec/worker', 'exec/(chain|edges)/', 'a worker has neither tasks nor channels of the plan, only what protocol.ts says'],
  ['exec/chain', 'exec/worker/', 'the caller\'s loop talks to workers by protocol.ts alone'],
  ['exec/edges', 'exec/(chain|worker)/', 'channels do not know who reads and writes them']
].map(([from, to, comment], i) => ({
  name: `apart-${i}`, comment, severity: 'error', from: { path: `^src/${from}/` }, to: { path: `^src/${to}` }
}))

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...upwards,
    ...across,
    ...narrower,
    ...APART,
    {
      name: 'every-folder-has-a-floor',
      comment: 'a folder of src/ that FLOORS does not name is outside all rules',
      severity: 'error',
      from: {},
      to: { path: '^src/[^/]+/', pathNot: inFolders(allFolders) }
    },
    {
      name: 'doors-are-for-outside',
      comment: 'src/*.ts are doors and the root of a thread; only worker-text.ts is imported from inside, by runtime/',
      severity: 'error',
      from: { path: '^src/[^/]+/' },
      to: { path: '^src/[^/]+\\.ts$', pathNot: '^src/worker-text\\.ts$' }
    },
    {
      name: 'no-cycle',
      comment: 'modules that import each other cannot be loaded one after the other (types may: they are gone by then)',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }
    },
    {
      name: 'declared-packages-only',
      comment: 'src/ uses what package.json declares for users: dependencies and peers',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], dependencyTypesNot: ['npm', 'npm-peer'] }
    },
    {
      name: 'resolvable',
      comment: 'an import that leads nowhere',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true }
    }
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true, // sees `import type` too
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node'] }
  }
}

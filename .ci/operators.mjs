/**
 * Writes docs/operators.md: every operator that `millrace` exports, in groups, with what it is called elsewhere.
 *
 *   node .ci/operators.mjs            writes the page
 *   node .ci/operators.mjs --check    writes nothing; exits with 1 if the page is stale, if an exported operator has no row below,
 *                                     or if a row has no operator
 *
 * An operator is a value that src/index.ts exports from src/operator/. What the page says of it comes from its file: the first
 * sentence of its doc comment, `**Memory**` there or `state` in the file's header, and whether the file has a kernel. Its names elsewhere are in ROWS here.
 * Reads src/, writes docs/operators.md.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const PAGE = 'docs/operators.md'

/** Exported from src/operator/, but not operators. */
const OTHERS = new Set(['adaptive', 'circuitBreaker', 'retry'])

/** By group: operator, and its names in Flink (DataStream), Pekko Streams, Effect (Stream, version 4) and RxJS 7. Empty: it has none. */
const ROWS = {
  'Item by item': [
    ['map', 'map', 'map', 'map', 'map'],
    ['filter', 'filter', 'filter', 'filter', 'filter'],
    ['flatMap', 'flatMap', 'mapConcat', 'flattenIterable', 'concatMap over an iterable'],
    ['pick', 'project', '', '', ''],
    ['splitLines', '', 'Framing.delimiter', 'splitLines', ''],
    ['pairwise', '', '', 'zipWithPrevious', 'pairwise'],
    ['zipWithIndex', '', 'zipWithIndex', 'zipWithIndex', 'map with its index'],
    ['scan', 'keyed state', 'scan', 'scan, mapAccum', 'scan'],
    ['tap', '', 'wireTap', 'tap', 'tap'],
    ['mapAsync', 'AsyncDataStream', 'mapAsync, mapAsyncUnordered', 'mapEffect', 'mergeMap, concatMap'],
    ['mergeMap', '', 'flatMapMerge, flatMapConcat', 'flatMap', 'mergeMap, concatMap'],
    ['recurse', 'iterate', 'feedback loops', 'paginate', 'expand'],
    ['feedback', 'iterate', 'feedback loops (MergePreferred)', '', ''],
    ['switchMap', '', 'switchMap', 'switchMap', 'switchMap'],
    ['rx', '', '', '', 'pipe'],
    ['mapEither', 'side output', 'divertTo', 'filterMap', ''],
    ['decode', 'DeserializationSchema', '', 'mapEffect with Schema', ''],
    ['encode', 'SerializationSchema', '', 'mapEffect with Schema', ''],
    ['parseJson', '', 'JsonFraming, map', '', ''],
    ['toJson', '', '', '', '']
  ],
  'Part of the input': [
    ['take', '', 'take', 'take', 'take'],
    ['takeWhile', '', 'takeWhile', 'takeWhile', 'takeWhile'],
    ['takeUntil', '', 'KillSwitch', 'interruptWhen, haltWhen', 'takeUntil'],
    ['drop', '', 'drop', 'drop', 'skip'],
    ['dropWhile', '', 'dropWhile', 'dropWhile', 'skipWhile'],
    ['takeBytes', '', 'limitWeighted', '', ''],
    ['distinct', 'keyed state', '', '', 'distinct'],
    ['dedupe', 'keyed state with TTL', '', '', ''],
    ['changes', '', 'dropRepeated', 'changes', 'distinctUntilChanged']
  ],
  'Items of its own': [
    ['startWith', '', 'prepend', 'prepend', 'startWith'],
    ['endWith', '', 'concat', 'concat', 'endWith'],
    ['intersperse', '', 'intersperse', 'intersperse, intersperseAffixes', '']
  ],
  'Ways apart': [
    ['partition', 'side output', 'Partition', 'partition', 'partition'],
    ['route', 'side output', 'Partition, divertTo', 'partition', ''],
    ['balance', 'rebalance', 'Balance', 'mapEffect with concurrency', 'mergeMap(…, n)']
  ],
  'Several sources': [
    ['merge', 'union', 'merge, mergePreferred, mergeSorted', 'merge, mergeAll', 'merge'],
    ['concat', '', 'concat', 'concat', 'concat'],
    ['interleave', '', 'interleave', 'interleave', ''],
    ['zip', '', 'zip', 'zip', 'zip'],
    ['zipLatest', '', 'zipLatest', '', ''],
    ['combineLatest', 'connect, state', 'mergeLatest', 'zipLatest, zipLatestAll', 'combineLatest'],
    ['race', '', '', 'race, raceAll', 'race']
  ],
  Gathering: [
    ['reduce', 'reduce', 'fold, reduce', 'runFold', 'reduce'],
    ['aggregate', 'AggregateFunction', 'fold', 'aggregate', 'reduce'],
    ['aggregateBy', 'keyBy, aggregate', 'groupBy, fold', 'groupByKey', 'groupBy, reduce'],
    ['countBy', 'keyBy, sum', 'groupBy, fold', 'groupByKey', 'groupBy, count'],
    ['batch', 'countWindow', 'grouped, groupedWithin, groupedWeightedWithin', 'grouped, groupedWithin', 'bufferCount, bufferTime'],
    ['slidingCount', 'countWindow(size, slide)', 'sliding', 'sliding, slidingSize', 'bufferCount(size, every)'],
    ['sort', 'SQL ORDER BY', '', '', '']
  ],
  'State per key, and windows': [
    ['mapState', 'keyed state with TTL', 'groupBy, statefulMap', 'mapAccum', 'groupBy, scan'],
    ['scanBy', 'keyBy, reduce', 'groupBy, scan', 'groupByKey, scan', 'groupBy, scan'],
    ['keyedProcess', 'KeyedProcessFunction', '', '', ''],
    ['window', 'keyBy, window, aggregate', '', '', 'bufferTime (by the clock)'],
    ['windowWithLate', 'sideOutputLateData', '', '', '']
  ],
  'Joins and look-ups': [
    ['joinTable', 'broadcast state', '', '', ''],
    ['joinAsOf', 'FOR SYSTEM_TIME AS OF', '', '', 'withLatestFrom (by arrival)'],
    ['joinWithin', 'intervalJoin', '', '', ''],
    ['enrich', 'AsyncDataStream', 'mapAsync', 'mapEffect with RequestResolver', '']
  ],
  'Rate and time': [
    ['throttle', '', 'throttle', 'throttle', ''],
    ['debounce', '', '', 'debounce', 'debounceTime'],
    ['sample', '', '', '', 'sampleTime'],
    ['delay', '', 'delay', '', 'delay'],
    ['idleTimeout', '', 'idleTimeout', 'timeout, timeoutOrElse', 'timeout with each']
  ],
  Failure: [
    ['replay', '', '', '', '']
  ],
  'A reader that is slower, or faster': [
    ['buffer', '', 'buffer', 'buffer', ''],
    ['conflate', '', 'conflate, conflateWithSeed, batch', 'buffer with sliding', ''],
    ['expand', '', 'expand, extrapolate', '', '']
  ]
}

const wrong = []

/** Operator → its file. */
const exported = () => {
  const index = readFileSync('src/index.ts', 'utf8')
  const found = [...index.matchAll(/^export \{ ([^}]+) \} from '\.\/(operator\/[\w-]+\.ts)'$/gm)]
  const names = found.flatMap(([, list, file]) => list.split(',').map((name) => [name.trim(), file]))
  return new Map(names.filter(([name]) => !OTHERS.has(name)))
}

const unwrapped = (comment) => comment.replace(/^\s*\/?\*+\/? ?/gm, '').trim()

/** The doc comment in front of the first declaration of an exported name. */
const commentOf = (text, name) => {
  const at = text.search(new RegExp(`^export (?:const|function) ${name}\\b`, 'm'))
  const comment = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*$/.exec(text.slice(0, Math.max(at, 0)))?.[0]
  return comment === undefined ? '' : unwrapped(comment)
}

/** The paragraph that begins with a label, as one line. */
const labelled = (comment, label) => {
  const found = new RegExp(`^\\*\\*${label}\\*\\*\\s+([\\s\\S]*?)(?=\\n\\*\\*|\\n@|\\n\\n|$)`, 'm').exec(comment)?.[1]
  return found?.replace(/\s+/g, ' ').replaceAll(/\{@link (\w+)\}/g, '`$1`')
}

const firstSentence = (comment) => {
  const line = (comment.split(/\n\n|\n@|\n\*\*/)[0] ?? '').replace(/\s+/g, ' ')
  return /^.*?[.:;](?= |$)/.exec(line)?.[0].replace(/[.:;]$/, '') ?? line
}

/** `state` of the header, up to the two spaces that end it. */
const stateOf = (text) => {
  const comment = unwrapped(/^\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? '')
  return /(?:^|\s)state\s+(\S+(?: \S+)*)/m.exec(comment)?.[1]
}

/** A kernel is synchronous code that fuses and travels; what has none is a process on the event loop. */
const laneOf = (text) => (/^export const \w*kernel\b/im.test(text) ? 'blocking' : 'async')

const cell = (text) => text.replaceAll('|', '\\|')

const code = (names) => (names === '' ? '' : names.split(', ').map((name) => (/^[\w.]+$/.test(name) ? `\`${name}\`` : name)).join(', '))

const row = ([name, ...elsewhere], files) => {
  const file = files.get(name)
  if (file === undefined) {
    wrong.push(`ROWS has '${name}', which src/index.ts does not export from src/operator/`)
    return ''
  }
  const text = readFileSync(`src/${file}`, 'utf8')
  const comment = commentOf(text, name)
  if (comment === '') wrong.push(`src/${file}: ${name} has no doc comment in front of it`)
  const memory = labelled(comment, 'Memory') ?? stateOf(text)
  if (memory === undefined) wrong.push(`src/${file}: neither the comment of ${name} says **Memory**, nor the header 'state'`)
  const cells = [`[\`${name}\`](../src/${file})`, firstSentence(comment), laneOf(text), memory ?? '', ...elsewhere.map(code)]
  return `| ${cells.map(cell).join(' | ')} |`
}

const page = () => {
  const files = exported()
  const known = new Set(Object.values(ROWS).flatMap((rows) => rows.map(([name]) => name)))
  for (const name of files.keys()) if (!known.has(name)) wrong.push(`${name} is exported and has no row in ROWS`)
  const groups = Object.entries(ROWS).map(([group, rows]) =>
    [
      `## ${group}`,
      '',
      '| operator | what it does | lane | memory | Flink | Pekko | Effect | RxJS |',
      '|---|---|---|---|---|---|---|---|',
      ...rows.map((each) => row(each, files))
    ].join('\n')
  )
  return `# Operators

<!-- Written by .ci/operators.mjs from the doc comments of src/operator/; edit those, or the rows there, and run it again. -->

What \`millrace\` exports to put between a source and a sink. An operator on the *blocking* lane is synchronous, fuses with its
neighbours and travels to the workers; one on the *async* lane waits, on the event loop that called \`run()\`. *memory* is what it
holds while it runs; the empty columns are operators that the others do not have. Each name leads to its file, whose comment says
the order, the cost, the errors and where it comes from. Guides: [rate and shape](rate.md), [several sources](combine.md).

\`\`\`ts
import { changes, from, pairwise } from 'millrace'

const steps = await from([1, 1, 2, 4]).pipe(changes(), pairwise()).toArray()
if (steps.join(' ') !== '1,2 2,4') throw new Error('wrong')
\`\`\`

${groups.join('\n\n')}
`
}

const text = page()
const check = process.argv.includes('--check')
if (check) {
  let there = ''
  try {
    there = readFileSync(PAGE, 'utf8')
  } catch {
    // as if it were empty
  }
  if (there !== text) wrong.push(`${PAGE} is stale: run node .ci/operators.mjs`)
} else writeFileSync(PAGE, text)
for (const line of wrong) console.error(line)
const count = Object.values(ROWS).flat().length
console.log(wrong.length > 0 ? `${wrong.length} wrong` : `${count} operators, ${check ? 'and the page is up to date' : `written to ${PAGE}`}`)
process.exitCode = wrong.length > 0 ? 1 : 0

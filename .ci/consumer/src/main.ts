/** A user's program: stages in workers, files, a codec, observables, fp-ts. Prints what came out as one JSON object. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import { sequenceT } from 'fp-ts/lib/Apply.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { lastValueFrom, toArray } from 'rxjs'
import { decode, filter, map, pipeline, PipelineError, range, reduce, type Flow, type Report, type Source } from 'millrace'
import * as ofFp from 'millrace/fp-ts'
import * as fs from 'millrace/fs'
import { Runtime } from 'millrace/runtime'
import { Semaphore } from 'millrace/sync'
import { collect } from 'millrace/testing'
import { above, explode, inWorker } from './work.js'

const blocking = { lane: 'blocking' } as const

const Row = t.type({ name: t.string, age: t.string })

// @ts-expect-error a stage of strings behind a source of numbers
const wrong = (): unknown => range(0, 3).pipe(map((s: string) => s.length))
void wrong

const long: Flow<string, string> = filter((line: string) => line.length > 3)

/** Instances, TaskEither and Reader, with the fp-ts that the user has installed. */
const withFpTs = async (): Promise<unknown> => {
  const half = (n: number): O.Option<number> => (n % 2 === 0 ? O.some(n / 2) : O.none)
  const halves = pipe(range(0, 8), ofFp.filterMap(half), ofFp.map((n) => n + 1))
  const pairs: Source<[number, number]> = sequenceT(ofFp.Apply)(halves, range(10, 20))
  const reader = ofFp.composeReader(
    ofFp.filterReader((n: number, { least }: { readonly least: number }) => n >= least),
    ofFp.mapReader((n: number, { by }: { readonly by: number }) => n * by, blocking)
  )
  const env = { least: 2, by: 10 }
  const ask = (n: number): TE.TaskEither<string, string> => (n === 30 ? TE.left('no 30') : TE.right(`${n}`))
  const answers = halves.pipe(ofFp.provide(env)(reader), ofFp.mapTaskEither(ask))
  const told = await pipe(ofFp.toTaskEither(answers), TE.map((all) => all.join(' ')), TE.mapLeft((error: PipelineError) => error.code))()
  const refused = await ofFp.runTaskEither(pipeline({ out: halves.to(ofFp.forEachTaskEither((n) => (n > 2 ? TE.left('too much') : TE.right(n)))) }))()
  return {
    pairs: await pairs.toArray({ workers: 0 }),
    joined: await ofFp.getMonoid<number>().concat(halves, range(7, 9)).toArray({ workers: 0 }),
    told: E.isRight(told) ? told.right : told.left,
    refused: E.isLeft(refused) ? [refused.left.code, refused.left.cause] : 'it has succeeded'
  }
}

const program = async (dir: string): Promise<unknown> => {
  const text = Array.from({ length: 2000 }, (_, i) => `line ${i}`).join('\n')
  writeFileSync(join(dir, 'a.txt'), 'one\nthree\nfive5\n')
  writeFileSync(join(dir, 'b.txt.gz'), gzipSync(text))
  writeFileSync(join(dir, 'people.csv'), 'name,age\nAda,36\n"Hopper, Grace",85\n')

  const numbers = range(0, 100).pipe(map(above, blocking))
  const run = pipeline({
    sum: numbers.pipe(reduce((a, b) => a + b, 0)).observe(),
    workers: range(0, 20).pipe(map(inWorker, blocking)).observe(),
    lines: fs.lines(join(dir, '*.txt')).pipe(long).observe(),
    count: fs.lines(join(dir, 'b.txt.gz')).pipe(map((line) => line.length, blocking), reduce((a, b) => a + b, 0)).observe(),
    people: fs
      .csv(join(dir, 'people.csv'))
      .pipe(decode(Row), map((row) => ({ who: row.name, age: Number(row.age) }), blocking))
      .to(fs.ndjson(join(dir, 'people.ndjson')))
  }).run({ workers: 2 })
  const [sum, workers, lines, count] = await Promise.all([
    lastValueFrom(run.outputs.sum),
    lastValueFrom(run.outputs.workers.pipe(toArray())),
    lastValueFrom(run.outputs.lines.pipe(toArray())),
    lastValueFrom(run.outputs.count)
  ])
  const report: Report = await run.done

  const failing = pipeline({ out: range(0, 10).pipe(map(explode, { ...blocking, name: 'explode' })).observe() }).run({ workers: 2 })
  failing.outputs.out.subscribe({ error: () => undefined })
  const result = await failing.result()
  const error = E.isLeft(result) ? result.left : undefined

  const runtime = Runtime.multiThread({ workers: 2 })
  const collected = await collect(pipeline({ n: range(0, 3).pipe(map((n, { by }) => n * by, { env: { by: 7 } })).observe() }))
  await runtime.shutdown()
  const permits = new Semaphore(1)

  return {
    sum,
    allInWorkers: workers.every((yes) => yes) && workers.length === 20,
    lines,
    count,
    people: readFileSync(join(dir, 'people.ndjson'), 'utf8'),
    deadLetters: report.deadLetters,
    error: error instanceof PipelineError ? [error.code, error.stage, error.position?.index, (error.cause as Error).name] : String(error),
    collected: collected.outputs.n,
    permits: permits instanceof Semaphore,
    fpTs: await withFpTs()
  }
}

// In a bundle this file is also what workers import to find the functions.
if (isMainThread) {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-user-'))
  try {
    console.log(JSON.stringify(await program(dir)))
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

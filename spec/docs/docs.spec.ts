/**
 * The documentation keeps its word: every ```ts block of README.md and docs/, and every `@example`, compiles against the
 * sources; those that are programs run, and what stands behind `// =>` is what comes out.
 */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { globSync } from 'tinyglobby'
import ts from 'typescript'
import * as assert from 'uvu/assert'
import { suite } from '../support/suite.ts'
import { exampleBlocks, markdownBlocks, type Block } from './blocks.ts'
import { FILES, typeErrors, writeModules, type Project } from './modules.ts'

/** A block that runs longer than this hangs. */
const BLOCK_MS = 15_000

const root = fileURLToPath(new URL('../../', import.meta.url))

const inRoot = (patterns: readonly string[]): readonly string[] => globSync([...patterns], { cwd: root }).sort()
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

const blocks: readonly Block[] = [
  ...inRoot(['README.md', 'docs/**/*.md']).flatMap((file) => markdownBlocks(file, read(file))),
  ...inRoot(['src/**/*.ts']).flatMap((file) => exampleBlocks(file, read(file)))
]

/** The doors of package.json, by the name that users import. */
const doorsOf = (): Readonly<Record<string, string>> => {
  const { exports } = JSON.parse(read('package.json')) as {
    readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  }
  return Object.fromEntries(
    Object.entries(exports).flatMap(([path, door]) =>
      typeof door === 'string' ? [] : [[`millrace${path.slice(1)}`, join(root, door['millrace-source']!)]]
    )
  )
}

/** Inside the package, so that the modules find it by its name; ignored by git. */
const madeProject = (): Project => {
  mkdirSync(join(root, 'out'), { recursive: true })
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile) as { readonly config: unknown }
  return {
    root,
    folder: mkdtempSync(join(root, 'out/docs-')),
    doors: doorsOf(),
    options: ts.parseJsonConfigFileContent(config, ts.sys, root).options
  }
}

const within = async <A>(ms: number, promise: Promise<A>): Promise<A> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`has not ended after ${ms} ms`))
    }, ms)
  })
  return Promise.race([promise, late]).finally(() => {
    clearTimeout(timer)
  })
}

const project = madeProject()
const scratch = mkdtempSync(join(tmpdir(), 'millrace-docs-'))
process.on('exit', () => {
  rmSync(project.folder, { recursive: true, force: true })
  rmSync(scratch, { recursive: true, force: true })
  if (readdirSync(join(root, 'out')).length === 0) rmdirSync(join(root, 'out'))
})
const modules = writeModules(blocks, project)
for (const [path, content] of Object.entries(FILES)) {
  mkdirSync(dirname(join(scratch, path)), { recursive: true })
  writeFileSync(join(scratch, path), content)
}
// blocks read and write by relative paths, and below os.tmpdir()
process.chdir(scratch)
process.env['TMPDIR'] = scratch

suite('documentation', (it) => {
  it('shows code, and every page of the guide does', () => {
    const pages = inRoot(['README.md', 'docs/*.md', '!docs/tokio.md']) // a table of names
    assert.ok(pages.length > 5)
    for (const page of pages) assert.ok(blocks.some((block) => block.file === page), page)
    assert.ok(blocks.filter((block) => block.kind === 'example').length > 20)
  })

  it('compiles', () => {
    const errors = typeErrors(modules, project)
    if (errors.length > 0) throw new Error(errors.join('\n'))
  })

  it('would notice a wrong value, a wrong type and a value that cannot be read', async () => {
    const shown = ['await range(0, 2).toArray() // => [0]', 'range(0, 2).pipe(drop(true))', 'range(0, 2) // => two numbers']
    const given = { file: 'src/operator/drop.ts', kind: 'example', notRun: undefined, name: undefined } as const
    const wrong = shown.map((code, i): Block => ({ ...given, code, line: 10_000 + i }))
    const [value, type, unread] = writeModules(wrong, project)
    assert.match(String(await import(pathToFileURL(value!.path).href).catch((reason: unknown) => reason)), 'AssertionError')
    assert.is(typeErrors([value!], project).length, 0)
    assert.match(typeErrors([type!], project).join(), 'TS2345')
    assert.match(unread!.problem ?? '', 'is not a value')
  })

  for (const { block, path, problem } of modules) {
    if (block.notRun !== undefined) continue
    it(`${block.file}:${block.line} runs`, async () => {
      if (problem !== undefined) throw new Error(problem)
      await within(BLOCK_MS, import(pathToFileURL(path).href))
    })
  }
}, 60_000)

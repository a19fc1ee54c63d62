/**
 * Makes modules of the blocks that the documentation shows, and type-checks them as one program.
 *
 * Markdown blocks are complete programs and stay as they are. An `@example` is a fragment: the names that it uses are
 * imported from its own file and from millrace's doors, a few usual ones (`run`, `source`) are declared in front, and every
 * `// => VALUE` behind an expression, or on the line below, becomes a comparison. Lines keep their numbers, so that what the
 * compiler says can be told of the documentation. Touches the folder that it is given.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import ts from 'typescript'
import type { Block } from './blocks.ts'

export interface Module {
  readonly block: Block
  /** Where it was written. */
  readonly path: string
  /** Lines in front of the block's own. */
  readonly ahead: number
  /** Why there is no module: an expectation that cannot be read. */
  readonly problem?: string | undefined
}

export interface Project {
  readonly root: string
  /** Folder for the modules, inside the package: they import it by its name. */
  readonly folder: string
  readonly doors: Readonly<Record<string, string>>
  readonly options: ts.CompilerOptions
}

/** Names that fragments take as given. */
const CONTEXT: Readonly<Record<string, { readonly code: string; readonly needs?: readonly string[] }>> = {
  p: { code: 'const p = pipeline({ out: range(0, 3).observe() })', needs: ['pipeline', 'range'] },
  run: { code: 'const run = pipeline({ out: range(0, 3).observe() }).run()', needs: ['pipeline', 'range'] },
  source: { code: "const source = from(['one', 'two words'])", needs: ['from'] },
  lines: { code: "const lines = from(['one', 'two words'])", needs: ['from'] },
  requests: { code: 'const requests = from([{ status: 200, ms: 5 }])', needs: ['from'] },
  urls: { code: "const urls = ['data:,one', 'data:,two']" },
  separator: { code: "const separator = ' '" },
  send: { code: 'const send = async (item: unknown) => { await Promise.resolve(item) }' },
  fetchUser: { code: 'const fetchUser = async (id: number) => ({ id })' },
  Request: { code: 'const Request = t.type({ ms: t.number })', needs: ['t'] },
  codec: { code: 'const codec = t.type({ user: t.type({ age: t.number }) })', needs: ['t'] },
  input: { code: "const input = { user: { age: 'x' } }" }
}

/** Files that fragments read, in the folder that they run in. */
export const FILES: Readonly<Record<string, string | Uint8Array>> = {
  'logs/app.gz': gzipSync('INFO up\nERROR down\n'),
  'requests/a.ndjson': '{"ms":5}\n{"ms":1500}\n',
  'birdstrikes.csv': 'Aircraft,Effect Amount of damage\nA 320,Substantial\nB 737,None\n',
  'image.raw': 'not an image'
}

/** Packages that fragments use by the names under which they are usually imported. */
const USUAL: Readonly<Record<string, string>> = {
  fs: "import * as fs from 'millrace/fs'",
  t: "import * as t from 'io-ts'",
  E: "import * as E from 'fp-ts/lib/Either.js'"
}

/** Packages whose names fragments use bare; behind those of millrace. */
const PACKAGES = ['rxjs', 'fp-ts/lib/Either.js']

/** The module of `fromModule` in examples. */
const WORK = 'export const parse = (line: string): unknown => JSON.parse(line)\n'

/** A module that names can be imported from: what it exports, and whether that is only a type. */
type Home = readonly [from: string, names: ReadonlyMap<string, boolean>]

const exportsOf = (program: ts.Program, file: string): ReadonlyMap<string, boolean> => {
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(file)
  const symbol = source === undefined ? undefined : checker.getSymbolAtLocation(source)
  const names = new Map<string, boolean>()
  for (const exported of symbol === undefined ? [] : checker.getExportsOfModule(symbol)) {
    const target = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    names.set(exported.name, (target.flags & ts.SymbolFlags.Value) === 0)
  }
  return names
}

/** Every name that a fragment mentions, other than as a property, less those that it declares at its top level. */
const mentioned = (source: ts.SourceFile): ReadonlySet<string> => {
  const used = new Set<string>()
  const declared = new Set<string>()
  const declare = (name: ts.BindingName): void => {
    if (ts.isIdentifier(name)) declared.add(name.text)
    else for (const element of name.elements) if (ts.isBindingElement(element)) declare(element.name)
  }
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node
      const isProperty =
        (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        (ts.isPropertyAssignment(parent) && parent.name === node) ||
        (ts.isBindingElement(parent) && parent.propertyName === node)
      if (!isProperty) used.add(node.text)
    }
    ts.forEachChild(node, visit)
  }
  ts.forEachChild(source, visit)
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement)) for (const { name } of statement.declarationList.declarations) declare(name)
    if ((ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) && statement.name !== undefined) declare(statement.name)
    if (ts.isImportDeclaration(statement)) {
      const { name, namedBindings } = statement.importClause ?? {}
      if (name !== undefined) declared.add(name.text)
      if (namedBindings !== undefined && ts.isNamespaceImport(namedBindings)) declared.add(namedBindings.name.text)
      if (namedBindings !== undefined && ts.isNamedImports(namedBindings)) for (const one of namedBindings.elements) declared.add(one.name.text)
    }
  }
  for (const name of [...declared, 'same', 'throws']) used.delete(name)
  return used
}

const EXPECTATION = /\/\/ ?=> ?(.*)/

/** `Map { 'a' => 1 }` and `Set { 1 }`, as they are printed, as expressions. */
const asExpression = (text: string): string =>
  text
    .replace(/\bMap(?:\(\d+\))? \{([^{}]*)\}/g, (_, inner: string) => `new Map([${inner.replace(/([^,]+?)\s*=>\s*([^,]+)/g, '[$1, $2]')}])`)
    .replace(/\bSet(?:\(\d+\))? \{([^{}]*)\}/g, 'new Set([$1])')

const isExpression = (text: string): boolean => {
  const { diagnostics } = ts.transpileModule(`const value = (${text})`, { reportDiagnostics: true })
  return diagnostics === undefined || diagnostics.length === 0
}

interface Edit {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** The text with parts replaced; line ends in them stay, so that later lines keep their numbers. */
const edited = (text: string, edits: readonly Edit[]): string => {
  let result = text
  for (const edit of [...edits].sort((a, b) => b.from - a.from)) {
    const lineEnds = text.slice(edit.from, edit.to).replace(/[^\n]/g, '')
    result = result.slice(0, edit.from) + edit.text + lineEnds + result.slice(edit.to)
  }
  return result
}

/** The comparison of one statement with what the comment behind it says. */
const comparison = (statement: ts.Statement, source: ts.SourceFile, said: string, where: string): readonly Edit[] => {
  const expected = asExpression(said)
  const fails = /^(?:throws|rejects)(?: with)? (\w+)/.exec(expected)?.[1]
  if (fails === undefined && !isExpression(expected)) throw new Error(`${where}: what stands behind "// =>" is not a value: ${expected}`)
  if (ts.isVariableStatement(statement)) {
    const name = statement.declarationList.declarations[0]!.name.getText(source)
    return [{ from: statement.end, to: statement.end, text: `; same(await ${name}, (${expected}))` }]
  }
  if (!ts.isExpressionStatement(statement)) throw new Error(`${where}: "// =>" stands behind something that has no value`)
  const whole = statement.expression
  const printed = ts.isCallExpression(whole) && whole.expression.getText(source) === 'console.log' ? whole.arguments[0] : undefined
  const value = printed ?? whole
  const [before, after] = fails === undefined ? [';same(await (', `), (${expected}))`] : [';await throws(async () => (', `), '${fails}')`]
  return [
    { from: statement.getStart(source), to: value.getStart(source), text: before },
    { from: value.end, to: statement.end, text: after }
  ]
}

/** A fragment with its expectations turned into comparisons, and everything else where it was. */
const withComparisons = ({ file, line, code }: Block, source: ts.SourceFile): string => {
  const behind = new RegExp(`^[ \\t;]*\\n?[ \\t]*${EXPECTATION.source}`)
  const edits: Edit[] = []
  let found = 0
  for (const statement of source.statements) {
    const expected = behind.exec(code.slice(statement.end))?.[1]?.trim()
    if (expected === undefined) continue
    found++
    edits.push(...comparison(statement, source, expected, `${file}:${line}`))
  }
  const left = [...code.matchAll(new RegExp(EXPECTATION, 'g'))].length - found
  if (left > 0) throw new Error(`${file}:${line}: ${left} of its "// =>" stand behind nothing that can be compared`)
  return edited(code, edits)
}

const importLines = (names: readonly { readonly name: string; readonly isType: boolean }[], from: string): readonly string[] =>
  names.length === 0 ? [] : [`import { ${names.map(({ name, isType }) => (isType ? `type ${name}` : name)).join(', ')} } from '${from}'`]

/** The lines in front of a fragment: imports of what it names, and what fragments take as given. */
const preamble = (names: ReadonlySet<string>, homes: readonly Home[]): string => {
  const wanted = new Set(names)
  const context: string[] = []
  const known = (name: string): boolean => homes.some(([, exported]) => exported.has(name))
  for (const [name, { code, needs = [] }] of Object.entries(CONTEXT)) {
    if (!names.has(name) || known(name)) continue
    context.push(code)
    for (const need of needs) wanted.add(need)
  }
  const lines: string[] = []
  for (const [from, exported] of homes) {
    const mine = [...wanted].filter((name) => exported.has(name)).map((name) => ({ name, isType: exported.get(name) === true }))
    lines.push(...importLines(mine, from))
    for (const { name } of mine) wanted.delete(name)
  }
  for (const [name, line] of Object.entries(USUAL)) if (wanted.has(name)) lines.push(line)
  return [...lines, ...context].join(';')
}

/** Writes the modules of all blocks and answers them. */
export const writeModules = (blocks: readonly Block[], project: Project): readonly Module[] => {
  const { root, folder, doors, options } = project
  const shown = [...new Set(blocks.filter((block) => block.kind === 'example').map((block) => join(root, block.file)))]
  const probes = PACKAGES.map((name, i) => [name, join(folder, `probe-${i}.ts`)] as const)
  mkdirSync(folder, { recursive: true })
  for (const [name, path] of probes) writeFileSync(path, `export * from '${name}'\n`)
  const program = ts.createProgram({ rootNames: [...Object.values(doors), ...shown, ...probes.map(([, path]) => path)], options })
  const homes = [...Object.entries(doors), ...probes].map(([name, file]) => [name, exportsOf(program, file)] as const)
  const helpers = relativeImport(join(folder, 'x', 'y.ts'), join(root, 'spec/docs/same.ts'))
  return blocks.map((block) => {
    const path = join(folder, block.file.replace(/\W+/g, '-'), block.name ?? `line-${block.line}.ts`)
    mkdirSync(dirname(path), { recursive: true })
    if (block.code.includes('./work.js')) writeFileSync(join(dirname(path), 'work.ts'), WORK)
    if (block.kind === 'markdown') {
      writeFileSync(path, `${block.code}\nexport {}\n`)
      return { block, path, ahead: 0 }
    }
    const source = ts.createSourceFile(path, block.code, ts.ScriptTarget.Latest, true)
    const own: Home = [relativeImport(path, join(root, block.file)), exportsOf(program, join(root, block.file))]
    let code: string
    try {
      code = withComparisons(block, source)
    } catch (error) {
      return { block, path, ahead: 1, problem: (error as Error).message }
    }
    // the names of a door that is used as a namespace are its own files' only: `lines` is not `fs.lines`
    const shared = ([, names]: Home): number => [...own[1].keys()].filter((name) => names.has(name)).length
    // the door of the example's own file first: `Closed` is a type of one door and a value of another
    const bare = homes.filter(([name]) => name !== 'millrace/fs').sort((a, b) => shared(b) - shared(a))
    const names = mentioned(ts.createSourceFile(path, code, ts.ScriptTarget.Latest, true))
    const first = `import { same, throws } from '${helpers}';${preamble(names, [own, ...bare])}`
    writeFileSync(path, `${first}\n${code}\nvoid [same, throws]; export {}\n`)
    return { block, path, ahead: 1 }
  })
}

const relativeImport = (from: string, to: string): string => {
  const path = relative(dirname(from), to)
  return path.startsWith('.') ? path : `./${path}`
}

/** What the compiler says about the modules, told of the lines of the documentation. */
export const typeErrors = (modules: readonly Module[], { options }: Project): readonly string[] => {
  const written = modules.filter((module) => module.problem === undefined)
  const program = ts.createProgram({ rootNames: written.map((module) => module.path), options })
  return written.flatMap(({ block, path, ahead }) => {
    const source = program.getSourceFile(path)
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map((diagnostic) => {
      const { line } = ts.getLineAndCharacterOfPosition(source!, diagnostic.start ?? 0)
      const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n  ')
      return `${block.file}:${Math.max(line - ahead, 0) + block.line}: TS${diagnostic.code} ${text}`
    })
  })
}

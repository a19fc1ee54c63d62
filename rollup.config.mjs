/**
 * `npm run build`: every door of package.json's `exports` becomes dist/NAME.js and dist/NAME.d.ts; shared code goes to flat chunks
 * beside them.
 *
 * A worker's program is not a file of the package, since bundlers of users lose such files. src/worker.ts with all that it
 * reaches is bundled into one CommonJS text here (threads compile it as such), and takes the place of src/worker-text.ts.
 * What that text contains of other packages goes along with its licence. Nothing here may warn: CI builds with
 * `--failAfterWarnings`.
 */
import { readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import dts from 'rollup-plugin-dts'
import esbuild from 'rollup-plugin-esbuild'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const pkg = JSON.parse(readFileSync(at('package.json'), 'utf8'))

/** What the oldest Node of `engines` runs. */
const target = 'node20'

/** { index: '…/src/index.ts', fs: '…/src/fs.ts', … } */
const doors = Object.fromEntries(
  Object.values(pkg.exports)
    .filter((door) => typeof door === 'object')
    .map((door) => [/^\.\/src\/(.+)\.ts$/.exec(door['millrace-source'])[1], at(door['millrace-source'])])
)

const packages = Object.keys({ ...pkg.dependencies, ...pkg.peerDependencies })
const external = (id) => id.startsWith('node:') || packages.some((name) => id === name || id.startsWith(`${name}/`))

/** What `import.meta.url` becomes in the text, to be found there: a text has no place. */
const NOWHERE = 'millrace:a-text-has-no-url'

/** Packages of which the text holds something; paths are as in the metafile. */
const packagesIn = ({ outputs }) => {
  const [{ inputs }] = Object.values(outputs)
  const folders = Object.entries(inputs).flatMap(([path, { bytesInOutput }]) =>
    bytesInOutput > 0 ? (/^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[0] ?? []) : []
  )
  return [...new Set(folders)].sort().map((folder) => ({ folder, ...JSON.parse(readFileSync(at(`${folder}/package.json`), 'utf8')) }))
}

/** A text that would fail in a user's worker fails here. */
const checkText = (text, inside) => {
  const heavy = inside.filter(({ name }) => name in pkg.peerDependencies)
  if (heavy.length > 0) throw new Error(`the worker loads ${heavy.map(({ name }) => name).join(', ')}: workers must stay light`)
  if (/[^\0-\x7f]/.test(text)) throw new Error('the text of the worker is not ASCII, and threads take it as one byte a character')
  if (text.includes(NOWHERE)) throw new Error('the worker reaches a module that reads import.meta.url, which a text does not have')
  const loads = [...text.matchAll(/\b(?:require|import)\("([^"]+)"\)/g)].map((found) => found[1])
  const missing = loads.filter((name) => !name.startsWith('node:'))
  if (missing.length > 0) throw new Error(`the worker loads ${missing.join(', ')}, which a text cannot find`)
}

/** The licences of what the text holds of others, for the comment in front of it. */
const noticeOf = (inside) => {
  if (inside.length === 0) return ''
  const licences = inside.map(({ folder, name, version }) => {
    const licence = readFileSync(at(`${folder}/LICENSE`), 'utf8').trim()
    return `${name} ${version}\n\n${licence}`
  })
  return `/*!\nThe worker's text contains:\n\n${licences.join('\n\n')}\n*/\n`
}

/** The whole program of a worker thread, as a module that exports its text. */
const bundleWorker = async () => {
  const { outputFiles, metafile, warnings } = await build({
    entryPoints: [at('src/worker.ts')],
    absWorkingDir: at('.'),
    bundle: true,
    write: false,
    metafile: true,
    format: 'cjs',
    platform: 'node',
    target,
    define: { 'import.meta.url': JSON.stringify(NOWHERE) },
    // names stay: they are in stack traces
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'silent'
  })
  if (warnings.length > 0) throw new Error(`the worker's bundle: ${warnings.map((warning) => warning.text).join('; ')}`)
  const [{ text }] = outputFiles
  const inside = packagesIn(metafile)
  checkText(text, inside)
  return `${noticeOf(inside)}export const workerText = ${JSON.stringify(text)}\n`
}

/** In the sources workers are found by URL. A build has none, and bundlers of users would look for the file. */
const SOURCE_URL = "new URL('../worker.ts', import.meta.url)"

const workerAsText = {
  name: 'worker-as-text',
  buildStart() {
    rmSync(at('dist'), { recursive: true, force: true })
  },
  load(id) {
    return id === at('src/worker-text.ts') ? bundleWorker() : null
  },
  transform(code, id) {
    if (id !== at('src/runtime/worker-program.ts')) return null
    if (!code.includes(SOURCE_URL)) throw new Error(`src/runtime/worker-program.ts no longer says ${SOURCE_URL}: rollup.config.mjs replaces it`)
    // as long as what it replaces, so that the source map stays right without one of its own
    return { code: code.replace(SOURCE_URL, "new URL('millrace:worker')".padEnd(SOURCE_URL.length)), map: null }
  }
}

export default [
  {
    input: doors,
    external,
    plugins: [workerAsText, esbuild({ target, tsconfig: at('tsconfig.json') })],
    output: { dir: 'dist', format: 'es', sourcemap: true, hoistTransitiveImports: false, chunkFileNames: 'chunk-[name].js' }
  },
  {
    input: doors,
    external,
    plugins: [dts({ tsconfig: at('tsconfig.json') })],
    output: { dir: 'dist', format: 'es', chunkFileNames: 'chunk-[name].d.ts' }
  }
]

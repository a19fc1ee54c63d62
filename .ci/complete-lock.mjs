/**
 * Completes package-lock.json after `npm install` (`npm run lock`), so that `npm ci` accepts it on every platform.
 *
 * npm 11 leaves optional packages of other platforms out of the lockfile when it cannot fetch them, and `npm ci` then refuses
 * the lockfile: "Missing: … from lock file" (npm/cli #9846). Each missing one gets an entry here: its version is the one
 * that its owner pins, its platform is read from its name. There is no tarball to hash, hence no `integrity`:
 * see docs/decisions/0004. Running it twice changes nothing. Touches package-lock.json of the current folder only.
 */
import { readFileSync, writeFileSync } from 'node:fs'

const FILE = 'package-lock.json'
const OSES = ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'aix', 'win32', 'windows']
// `arm64` before `arm`: the first one that a word of the name starts with is taken
const CPUS = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32']

const nested = '/node_modules/'

/** Whether the package at `owner` finds `name`, as Node would: beside it, or in a folder further up. */
const isLocked = (packages, owner, name) => {
  if (packages[`node_modules/${name}`] !== undefined) return true
  const parts = owner.split(nested)
  for (let depth = parts.length; depth > 0; depth--) {
    if (packages[parts.slice(0, depth).join(nested) + nested + name] !== undefined) return true
  }
  return false
}

/** The lockfile's entry for a package of which only the name and the wanted version are known. */
const entryOf = (name, range, dev) => {
  const words = name.split(/[/-]/)
  const os = OSES.find((known) => words.includes(known))
  const cpu = CPUS.find((known) => words.some((word) => word.startsWith(known)))
  return {
    version: range.replace(/^[~^=]/, ''),
    ...(cpu !== undefined && { cpu: [cpu] }),
    ...(dev && { dev: true }),
    optional: true,
    ...(os !== undefined && { os: [os === 'windows' ? 'win32' : os] }),
    ...(name.includes('musl') && { libc: ['musl'] })
  }
}

const lock = JSON.parse(readFileSync(FILE, 'utf8'))
const packages = lock.packages
let added = 0

for (const [owner, { optionalDependencies = {}, dev = false }] of Object.entries(packages)) {
  for (const [name, range] of Object.entries(optionalDependencies)) {
    if (isLocked(packages, owner, name)) continue
    packages[`node_modules/${name}`] = entryOf(name, range, dev)
    added++
  }
}

// npm's own order, so that the next `npm install` makes no difference of its own
const byPath = ([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)
lock.packages = Object.fromEntries(Object.entries(packages).sort(byPath))
writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${FILE}: ${added} entries added`)

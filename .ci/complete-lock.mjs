import { readFileSync, writeFileSync } from 'node:fs'
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const oses = ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'aix', 'win32', 'windows']
const cpus = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32']
for (const [at, pkg] of Object.entries(lock.packages)) for (const [name, range] of Object.entries(pkg.optionalDependencies ?? {})) {
  const parts = at.split('/node_modules/')
  let found = lock.packages[`node_modules/${name}`] !== undefined
  for (let i = parts.length; i > 0 && !found; i--) found = lock.packages[`${parts.slice(0, i).join('/node_modules/')}/node_modules/${name}`] !== undefined
  if (found) continue
  const words = name.split(/[/-]/), os = oses.find((o) => words.includes(o)), cpu = cpus.find((c) => words.some((w) => w.startsWith(c)))
  lock.packages[`node_modules/${name}`] = { version: range.replace(/^[~^=]/, ''), ...(cpu && { cpu: [cpu] }), ...(pkg.dev && { dev: true }), optional: true, ...(os && { os: [os === 'windows' ? 'win32' : os] }), ...(name.includes('musl') && { libc: ['musl'] }) }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
writeFileSync('package-lock.json', JSON.stringify(lock, null, 2) + '\n')

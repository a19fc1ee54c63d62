/**
 * Tokio beside us: builds bench/tokio, offline, with the crate that the distribution has, and asks
 * the program for its cases over a pipe, so that it takes part in the rounds like every other contender.
 *
 * Where cargo or the crate is missing it says so in one line and is left out. Crates are looked for where Debian puts
 * them (`MILLRACE_CRATES` names another folder of unpacked crates), else in cargo's own cache. Writes out/bench-tokio.
 */
import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Contender } from './harness.ts'

const BUILD_MS = 300_000

const sources = fileURLToPath(new URL('../tokio/', import.meta.url))
const folder = fileURLToPath(new URL('../../out/bench-tokio/', import.meta.url))
const crates = process.env['MILLRACE_CRATES'] ?? '/usr/share/cargo/registry'

type Asked = (answer: string) => void

interface Program {
  readonly version: string
  readonly ask: (line: string) => Promise<string>
}

const cargo = (): string | undefined =>
  ['cargo', join(homedir(), '.cargo/bin/cargo')].find((path) => spawnSync(path, ['--version']).status === 0)

/** The program's path, or why there is none. */
const build = (): { readonly path: string } | { readonly why: string } => {
  const path = cargo()
  if (path === undefined) return { why: 'there is no cargo' }
  mkdirSync(folder, { recursive: true })
  cpSync(join(sources, 'Cargo.toml'), join(folder, 'Cargo.toml'))
  cpSync(join(sources, 'src'), join(folder, 'src'), { recursive: true })
  const from = existsSync(crates)
    ? ['--config', 'source.crates-io.replace-with="unpacked"', '--config', `source.unpacked.directory="${crates}"`]
    : []
  const { status, stderr } = spawnSync(path, ['build', '--release', '--offline', ...from], { cwd: folder, encoding: 'utf8', timeout: BUILD_MS })
  if (status === 0) return { path: join(folder, 'target/release/millrace-bench-tokio') }
  const said = stderr.split('\n').find((line) => line.startsWith('error')) ?? 'it did not end in time'
  return { why: `cargo cannot build bench/tokio offline (${said.trim()})` }
}

const versionOf = (): string => {
  const found = existsSync(crates) ? readdirSync(crates).find((name) => /^tokio-\d/.test(name)) : undefined
  return found?.replace('tokio-', '') ?? ''
}

/** Answers come in the order of the questions; the program does not hold the process. */
const start = (path: string): Program => {
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(path, { stdio: ['pipe', 'pipe', 'inherit'] })
  const waiting: Asked[] = []
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(line))
  child.unref()
  for (const stream of [child.stdin, child.stdout]) (stream as unknown as { unref: () => void }).unref()
  const hold = (held: boolean): void => {
    const stream = child.stdout as unknown as { ref: () => void; unref: () => void }
    if (held) stream.ref()
    else stream.unref()
  }
  return {
    version: versionOf(),
    ask: (line) =>
      new Promise((settle) => {
        hold(true)
        waiting.push((answer) => {
          if (waiting.length === 0) hold(false)
          settle(answer)
        })
        child.stdin.write(`${line}\n`)
      })
  }
}

let program: Program | undefined
let tried = false

const started = (): Program | undefined => {
  if (tried) return program
  tried = true
  const built = build()
  if ('path' in built) program = start(built.path)
  else console.log(`without Tokio, since ${built.why}`)
  return program
}

/** Tokio as a contender for a case of bench/tokio/src/main.rs, `units` of it; none where it cannot be had. */
export const tokio = (name: string, units: number): readonly Contender[] => {
  const found = started()
  if (found === undefined) return []
  return [{ name: `tokio ${found.version}`.trim(), run: async () => Number(await found.ask(`${name} ${units}`)) }]
}

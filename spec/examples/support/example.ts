/** Examples as what they are: programs in processes of their own, with folders of their own. */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Scope } from '../../support/suite.ts'

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Example {
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>
  readonly ended: Promise<Ended>
  /** Resolves when stdout or stderr has shown the text; rejects when the program ends without. */
  seen(text: string): Promise<void>
}

export const root = fileURLToPath(new URL('../../../', import.meta.url))

/** The real logs and tables that lie beside the project on some machines, or undefined: then it says so. */
export const sharedData = (file: string): string | undefined => {
  const path = join(root, '../shared/data', file)
  if (existsSync(path)) return path
  console.log('skipped: no shared data')
  return undefined
}

/** A folder that is gone after the test. */
export const tempDir = (defer: Scope['defer']): string => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-example-'))
  defer(() => {
    rmSync(dir, { recursive: true, force: true })
  })
  return dir
}

/** Starts an example. It is killed when the test ends before it. */
export const startExample = (defer: Scope['defer'], example: string, args: readonly string[], stdout: number | 'pipe' = 'pipe'): Example => {
  const child = spawn(process.execPath, ['-C', 'millrace-source', '--import', 'tsx', `examples/${example}.ts`, ...args], {
    cwd: root,
    stdio: ['pipe', stdout, 'pipe']
  }) as Example['process']
  const said = { stdout: '', stderr: '' }
  const watchers = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    // a stream that goes elsewhere is null
    ;(child[name] as Readable | null)?.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text
      for (const watch of watchers) watch()
    })
  }
  child.stdin.on('error', () => undefined) // the program may end before it has read everything
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ code, signal, ...said })
    })
  })
  defer(() => {
    child.kill('SIGKILL')
  })
  const seen = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const watch = (): void => {
        if (said.stdout.includes(text) || said.stderr.includes(text)) resolve()
      }
      watchers.add(watch)
      watch()
      void ended.then(() => {
        reject(new Error(`ended without saying "${text}": ${said.stdout}${said.stderr}`))
      })
    })
  return { process: child, ended, seen }
}

/** Runs an example to its end, without standard input. */
export const runExample = (defer: Scope['defer'], example: string, args: readonly string[], stdout?: number): Promise<Ended> => {
  const started = startExample(defer, example, args, stdout)
  started.process.stdin.end()
  return started.ended
}

/** The values of an NDJSON file. */
export const ndjson = (file: string): readonly unknown[] => {
  const text = readFileSync(file, 'utf8')
  if (text === '') return []
  if (!text.endsWith('\n')) throw new Error(`${file}: the last line does not end`)
  return text.slice(0, -1).split('\n').map((line) => JSON.parse(line) as unknown)
}

/** Programs in processes of their own: what a user sees of a script, its exit code and how it ends. */
import { spawn, type ChildProcess } from 'node:child_process'

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly ms: number
}

export interface Child {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when stdout or stderr has shown the text. */
  seen(text: string): Promise<void>
}

const root = new URL('../../', import.meta.url)

/** Starts `node ARGS` in the project's root with the sources of millrace; killed after `deadlineMs`. */
export const startNode = (args: readonly string[], deadlineMs = 20_000): Child => {
  const began = performance.now()
  const child = spawn(process.execPath, ['-C', 'millrace-source', '--import', 'tsx', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' }
  })
  let stdout = ''
  let stderr = ''
  const watchers = new Set<() => void>()
  const look = (): void => {
    for (const watch of watchers) watch()
  }
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString()
    look()
  })
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString()
    look()
  })
  const ended = new Promise<Ended>((resolve) => {
    const late = setTimeout(() => child.kill('SIGKILL'), deadlineMs)
    child.on('close', (code, signal) => {
      clearTimeout(late)
      resolve({ code, signal, stdout, stderr, ms: performance.now() - began })
    })
  })
  return {
    process: child,
    ended,
    seen: (text) =>
      new Promise((resolve, reject) => {
        const watch = (): void => {
          if (!stdout.includes(text) && !stderr.includes(text)) return
          watchers.delete(watch)
          resolve()
        }
        watchers.add(watch)
        watch()
        void ended.then(() => {
          reject(new Error(`ended without saying "${text}": ${stdout}${stderr}`))
        })
      })
  }
}

/** Runs TypeScript text as a program. */
export const runText = (text: string, deadlineMs?: number): Promise<Ended> => startNode(['--input-type=module', '-e', text], deadlineMs).ended

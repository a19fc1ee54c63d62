/**
 * A child process that runs: its standard streams as sink and sources, its end as a promise.
 *
 *     stdin ──▶ write … end       stdout ──▶ read … undefined       status ◀── exited, and what it wrote has been handed over
 *
 * Invariants
 *   P1  bytes of the child are taken when somebody reads; a child that is not read waits; one that does not read holds the writer up
 *   P2  `status` resolves once, after the child has exited; `stop` resolves after that
 *   P3  one that is asked to end and does not, is ended
 * Called by command.ts; touches one process of node:child_process.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Readable, Writable } from 'node:stream'
import { notBytes } from '../../error/wording-net.ts'
import { cannotStart, ChildError, noSuchFolder, notPiped } from '../../error/wording-process.ts'
import { sinkOf, sourceOf, type Sink, type Source } from '../../graph/source.ts'
import type { SinkWriter, SourceCursor, Written } from '../../graph/spec.ts'
import { settleWithin } from '../settle-within.ts'
import { StreamPull } from '../stream-pull.ts'
import type { CommandOptions, Elsewhere } from './options.ts'
import { Tail } from './tail.ts'

/** Time for a child to end by itself when it is asked to, in milliseconds. */
const GRACE_MS = 300

/** How a child ended. */
export interface ChildStatus {
  /** Its exit code; `null` when a signal ended it. */
  readonly code: number | null
  /** The signal that ended it; `null` when it exited. */
  readonly signal: NodeJS.Signals | null
  /** Whether that is no failure: code 0, or one that was allowed. */
  readonly ok: boolean
  /** The end of what it wrote to its standard error, at most 4 KiB; empty unless that is kept. */
  readonly stderr: string
}

/** What the standard input of a child answers, as a sink. */
export interface FedBytes {
  readonly bytes: number
}

/** How the standard streams of a child are to be. */
export interface Plumbing {
  readonly stdin: Elsewhere
  readonly stdout: Elsewhere
  readonly stderr: 'keep' | Elsewhere
}

/** The child has closed its standard input, or is gone: what it has not read it did not want. */
const GONE: ReadonlySet<unknown> = new Set(['EPIPE', 'ECONNRESET', 'EOF', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END'])

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null | undefined)?.code

/**
 * A child process of {@link Command.spawn}. Dispose of it when it is done with: `await using child = …` ends it, unless `killOnDispose` is false.
 *
 * **Source**  tokio `process::Child`
 */
export class Child implements AsyncDisposable {
  readonly pid: number
  /**
   * Resolves when it has exited, however that was; does not wait for its streams to be read. Never rejects: look at `ok`, or call {@link Child.check}.
   */
  readonly status: Promise<ChildStatus>
  readonly #file: string
  readonly #process: ChildProcess
  readonly #options: CommandOptions
  readonly #plumbing: Plumbing
  readonly #tail: Tail | undefined

  /** For {@link Command}: of a process that has started. */
  constructor(file: string, process: ChildProcess, options: CommandOptions, plumbing: Plumbing, status: Promise<ChildStatus>, tail: Tail | undefined) {
    this.#file = file
    this.#process = process
    this.#options = options
    this.#plumbing = plumbing
    this.#tail = tail
    this.pid = process.pid!
    this.status = status
  }

  /** Starts a program. Rejects when it cannot be started. */
  static async start(file: string, args: readonly string[], options: CommandOptions, plumbing: Plumbing): Promise<Child> {
    const { cwd, env } = options
    const folder = cwd instanceof URL ? fileURLToPath(cwd) : cwd
    if (folder !== undefined && !existsSync(folder)) throw noSuchFolder(file, folder)
    let made: ChildProcess
    try {
      made = spawn(file, [...args], {
        cwd: folder,
        env: env === undefined ? process.env : { ...env },
        shell: false,
        windowsHide: true,
        stdio: [plumbing.stdin, plumbing.stdout, plumbing.stderr === 'keep' ? 'pipe' : plumbing.stderr]
      })
    } catch (error) {
      throw cannotStart(file, folder, error) // what Node finds out by itself
    }
    const tail = plumbing.stderr === 'keep' ? new Tail(made.stderr!) : undefined
    for (const stream of [made.stdin, made.stdout, made.stderr]) stream?.on('error', () => undefined) // told to who reads or writes
    const status = new Promise<ChildStatus>((resolve) => {
      made.once('exit', (code, signal) => {
        // what it has said may still be in the pipe; a grandchild may hold it open for ever
        const said = made.stderr
        const kept = tail === undefined || said === null || said.closed ? Promise.resolve() : settleWithin(new Promise((done) => said.once('close', done)))
        void kept.then(() => {
          resolve({ code, signal, ok: allowed(options, code), stderr: tail?.text ?? '' })
        })
      })
    })
    await new Promise<void>((resolve, reject) => {
      made.once('spawn', resolve)
      made.once('error', (error) => {
        reject(cannotStart(file, folder, error))
      })
    })
    made.on('error', () => undefined) // a kill that came too late
    return new Child(file, made, options, plumbing, status, tail)
  }

  /** The end of what it has written to its standard error so far, where that is kept. */
  get stderrTail(): string {
    return this.#tail?.text ?? ''
  }

  /** Its standard input: ends when the source that feeds it has ended. A child that closes it early has what it wants: that is no failure. */
  get stdin(): Sink<Uint8Array, FedBytes> {
    this.#writable()
    return sinkOf<Uint8Array, FedBytes>({
      role: 'sink', kind: 'stdin', args: { command: this.#file }, accepts: 'items', open: ({ signal }) => this.#writer(signal)
    })
  }

  /** What it writes to its standard output, as chunks; can be run once. */
  get stdout(): Source<Uint8Array> {
    return this.#source('stdout')
  }

  /** What it writes to its standard error; only with `{ stderr: 'pipe' }`, and then it must be read. */
  get stderr(): Source<Uint8Array> {
    return this.#source('stderr')
  }

  /** Resolves when it has exited as it should; rejects with ChildError (ERR_MILLRACE_CHILD_FAILED) when it has not. */
  async check(): Promise<ChildStatus> {
    const status = await this.status
    if (!status.ok) throw new ChildError(this.#file, status)
    return status
  }

  /** Sends it a signal; whether it was still there. Harmless when it has exited. */
  kill(signal: NodeJS.Signals = this.#options.killSignal ?? 'SIGTERM'): boolean {
    const { exitCode, signalCode } = this.#process
    return exitCode === null && signalCode === null && this.#process.kill(signal)
  }

  /** Ends it: by the option `killSignal`, and by SIGKILL when it has not exited in time. Resolves when it has. */
  async stop(): Promise<ChildStatus> {
    if (this.kill()) {
      await settleWithin(this.status, this.#options.graceMs ?? GRACE_MS)
      this.kill('SIGKILL')
    }
    const { stdin, stdout, stderr } = this.#process
    const status = await this.status
    // a grandchild may still hold them
    for (const stream of [stdin, stdout, stderr]) stream?.destroy()
    return status
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#options.killOnDispose !== false) await this.stop()
    else this.#letGo()
  }

  /** It goes on by itself, and holds neither this process nor its streams. */
  #letGo(): void {
    this.#process.unref()
    for (const stream of [this.#process.stdin, this.#process.stdout, this.#process.stderr]) (stream as { unref?: () => void } | null)?.unref?.()
  }

  #writable(): Writable {
    const { stdin } = this.#process
    if (stdin === null) throw notPiped(this.#file, 'stdin', this.#plumbing.stdin)
    return stdin
  }

  #readable(name: 'stdout' | 'stderr'): Readable {
    const stream = this.#process[name]
    if (stream === null || (name === 'stderr' && this.#tail !== undefined)) throw notPiped(this.#file, name, this.#plumbing[name])
    return stream
  }

  #source(name: 'stdout' | 'stderr'): Source<Uint8Array> {
    this.#readable(name)
    return sourceOf<Uint8Array>({ role: 'source', kind: name, args: { command: this.#file }, open: ({ stage }) => this.#cursor(name, stage) })
  }

  #cursor(name: 'stdout' | 'stderr', stage: string): SourceCursor {
    const pulling = new StreamPull(this.#readable(name), stage)
    return {
      pull: async () => {
        const items = await pulling.all()
        return items === undefined ? undefined : { items }
      },
      // whoever leaves early closes the pipe: the child is told by SIGPIPE, or an error, when it writes on
      close: () => pulling.destroy()
    }
  }

  /** @internal */
  read(stage: string): SourceCursor {
    return this.#cursor('stdout', stage)
  }

  /** @internal */
  feed(signal: AbortSignal): SinkWriter<FedBytes> {
    return this.#writer(signal)
  }

  #writer(signal: AbortSignal): SinkWriter<FedBytes> {
    const stdin = this.#writable()
    let bytes = 0
    const put = (item: Uint8Array): Promise<Written> =>
      new Promise((resolve, reject) => {
        const over = (): void => {
          signal.removeEventListener('abort', abort)
        }
        const abort = (): void => {
          over()
          // what a signal gives as its reason is passed on as it is, an Error or not
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
          reject(signal.reason)
        }
        signal.addEventListener('abort', abort)
        // the callback comes when the pipe has taken it
        stdin.write(item, (error) => {
          over()
          if (error == null) resolve()
          else if (GONE.has(codeOf(error))) resolve('closed')
          else reject(error)
        })
      })
    return {
      write: async (items) => {
        for (const item of items) {
          if (!(item instanceof Uint8Array)) throw notBytes(`command '${this.#file}'`, item)
          if (stdin.destroyed || (await put(item)) === 'closed') return 'closed'
          bytes += item.length
        }
      },
      finish: async () => {
        if (!stdin.destroyed) {
          await new Promise<void>((resolve) => {
            stdin.once('close', resolve)
            stdin.end(resolve)
          })
        }
        return { bytes }
      },
      abort: () => {
        stdin.destroy()
      }
    }
  }
}

const allowed = ({ allow = [] }: CommandOptions, code: number | null): boolean =>
  allow === 'any' || code === 0 || (code !== null && allow.includes(code))

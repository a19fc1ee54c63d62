/**
 * Programs as stages: a flow through a child process, a source of what it writes, a sink of what it reads.
 *
 *     in ──▶ stdin ═▶ child ═▶ stdout ──▶ out        exit code 0, or allowed ──▶ the flow ends
 *                       └─ stderr ──▶ kept for messages      any other ──▶ the flow fails
 *
 * Each run starts a child of its own. It is ended when the run is cancelled or fails, and when nobody reads what it writes; the run is
 * over when the child is.
 */
import { ChildError } from '../../error/wording-process.ts'
import type { Flow, Sink, Source } from '../../graph/source.ts'
import { flowOf, sinkOf, sourceOf } from '../../graph/source.ts'
import type { ProcessContext, RunContext, SinkWriter, SourceCursor } from '../../graph/spec.ts'
import { processSpec } from '../../operator/process.ts'
import '../executor-later.ts'
import { Child, type ChildStatus, type FedBytes, type Plumbing } from './child.ts'
import { checkedArguments, checkedOptions, type CommandOptions } from './options.ts'

/** What a command answers as a sink. */
export interface CommandResult extends FedBytes {
  readonly status: ChildStatus
}

/**
 * A program and its arguments, not started yet; made by {@link command}. It is a flow: `source.pipe(command('gzip'))`.
 */
export class Command implements Flow<Uint8Array, Uint8Array> {
  readonly file: string
  readonly args: readonly string[]
  readonly #options: CommandOptions
  readonly #flow: Flow<Uint8Array, Uint8Array>

  /** For {@link command}, which checks. */
  constructor(file: string, args: readonly string[], options: CommandOptions) {
    this.file = file
    this.args = Object.freeze([...args])
    this.#options = options
    const named = options.name === undefined ? {} : { name: options.name }
    const spec = processSpec('command', (context) => this.#through(context), named, { file, args: this.args })
    this.#flow = flowOf<Uint8Array, Uint8Array>({ ...spec, restless: true }, options.name)
  }

  /** The flow through the program: what comes in goes to its standard input, what it writes goes on. */
  apply(source: Source<Uint8Array>): Source<Uint8Array> {
    return this.#flow.apply(source)
  }

  /** A source of what the program writes, with nothing on its standard input. */
  source(): Source<Uint8Array> {
    const open = async (context: RunContext): Promise<SourceCursor> => {
      const child = await this.#start({ stdin: 'ignore', stdout: 'pipe', stderr: this.#stderr })
      const reading = child.read(context.stage)
      let ended = false
      return {
        pull: async () => {
          const batch = await reading.pull()
          if (batch !== undefined) return batch
          ended = true
          if (!context.signal.aborted) await child.check()
          return undefined
        },
        close: async () => {
          if (!ended) await reading.close()
          await child.stop()
        }
      }
    }
    return sourceOf<Uint8Array>({ role: 'source', kind: 'command', args: this.#shown, open }, this.#options.name)
  }

  /** A sink that gives the program what it reads; it answers how the program ended. What that writes is shown, unless `stdout` says otherwise. */
  sink(): Sink<Uint8Array, CommandResult> {
    const open = async ({ signal }: RunContext): Promise<SinkWriter<CommandResult>> => {
      const stdout = this.#options.stdout === 'ignore' ? 'ignore' : 'inherit'
      const child = await this.#start({ stdin: 'pipe', stdout, stderr: this.#stderr })
      const feeding = child.feed(signal)
      return {
        write: (items) => feeding.write(items),
        finish: async () => {
          const { bytes } = await feeding.finish()
          const status = await untilAborted(child.check(), signal)
          return { bytes, status }
        },
        abort: async (reason) => {
          await feeding.abort(reason)
          await child.stop()
        }
      }
    }
    return sinkOf<Uint8Array, CommandResult>({ role: 'sink', kind: 'command', args: this.#shown, accepts: 'items', open }, this.#options.name)
  }

  /**
   * Starts it, for those who want its streams, or its end, by themselves.
   *
   * **Errors**  IoError ERR_MILLRACE_CHILD_NOT_STARTED when there is no such program, or it cannot be run
   * @example
   * await using child = await command('cat').spawn()
   * const said = child.stdout.toArray({ workers: 0 })
   * await pipeline({ fed: from([Buffer.from('hello')]).to(child.stdin) }).run({ workers: 0 }).done
   * const text = Buffer.concat(await said).toString() // => 'hello'
   * const { code } = await child.status
   * code // => 0
   */
  spawn(): Promise<Child> {
    const { stdin = 'pipe', stdout = 'pipe' } = this.#options
    return this.#start({ stdin, stdout, stderr: this.#stderr })
  }

  get #stderr(): Plumbing['stderr'] {
    return this.#options.stderr ?? 'keep'
  }

  get #shown(): Readonly<Record<string, unknown>> {
    return { file: this.file, args: this.args }
  }

  #start(plumbing: Plumbing): Promise<Child> {
    return Child.start(this.file, this.args, this.#options, plumbing)
  }

  async #through({ inlets, outlets, signal, stage }: ProcessContext): Promise<void> {
    // nobody could read a stderr of its own here: it is kept
    const stderr = this.#stderr === 'pipe' ? 'keep' : this.#stderr
    const child = await this.#start({ stdin: 'pipe', stdout: 'pipe', stderr })
    const stopped = new AbortController()
    const stop = (): void => {
      stopped.abort(signal.reason)
      void child.stop()
    }
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    const [inlet, outlet] = [inlets[0]!, outlets[0]!]
    const feeding = child.feed(stopped.signal)
    const reading = child.read(stage)

    const feed = async (): Promise<void> => {
      for (let batch = await inlet.pull(); batch !== undefined; batch = await inlet.pull()) {
        if ((await feeding.write(batch.items)) !== 'closed') continue
        inlet.close()
        return
      }
      await feeding.finish()
    }

    /** Whether all that the child wrote has been taken. */
    const pass = async (): Promise<boolean> => {
      try {
        for (let batch = await reading.pull(); batch !== undefined; batch = await reading.pull()) {
          if (!(await outlet.push(batch.items))) return false
        }
        return true
      } finally {
        await reading.close()
      }
    }

    try {
      const fed = feed().catch((error: unknown) => {
        stopped.abort(error)
        void child.stop()
        throw error
      })
      fed.catch(() => undefined) // is looked at when the output has ended
      const taken = await pass()
      inlet.close() // a child that has closed its output wants nothing more
      if (!taken) return
      const status = await child.status
      if (stopped.signal.aborted) await fed // what it failed with
      signal.throwIfAborted()
      if (!status.ok) throw new ChildError(this.file, status)
      await fed
    } finally {
      signal.removeEventListener('abort', stop)
      stopped.abort(new Error('the stage has ended'))
      await child.stop()
    }
  }
}

/** What a promise answers, or the signal's reason if that comes first. */
const untilAborted = <A>(promise: Promise<A>, signal: AbortSignal): Promise<A> =>
  new Promise((resolve, reject) => {
    const abort = (): void => {
      // what a signal gives as its reason is passed on as it is, an Error or not
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      reject(signal.reason)
    }
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort)
    })
  })

/**
 * A program as a stage, started without a shell: arguments are what they are, and need no quoting.
 *
 * As a flow (`pipe`) its standard input is what comes in, and its output goes on; `source()` and `sink()` are the ends alone, and `spawn()` is
 * the child in your hands.
 *
 * **When to use**  for what a program does better: sort, grep, jq, ffmpeg; items are bytes in both directions, cut anywhere
 * **Cost**         a process per run, and two pipes; a slow program holds its source up, a slow reader the program
 * **Errors**       ERR_MILLRACE_CHILD_FAILED when it exits with a code other than 0 or those in `allow`, or is ended by a signal, with the end of what it
 *                  wrote to its standard error; ERR_MILLRACE_CHILD_NOT_STARTED when it cannot be started
 * **Cancel**       with the run: it is asked to end by SIGTERM, ended by SIGKILL after 300 ms, and waited for
 * **Source**       tokio `process::Command`
 * @example
 * const lines = from(['pear\n', 'apple\n']).pipe(map((line) => Buffer.from(line)))
 * const sorted = await lines.pipe(command('sort', ['-r'])).toArray({ workers: 0 })
 * Buffer.concat(sorted).toString() // => 'pear\napple\n'
 */
export const command = (file: string, args: readonly string[] = [], options: CommandOptions = {}): Command => {
  checkedArguments(file, args)
  return new Command(file, args, checkedOptions(options))
}

/**
 * A source of the signals that this process is sent.
 *
 *     signals('SIGHUP', 'SIGUSR1')    out  ---SIGHUP--------SIGUSR1---
 *
 * Signals of one name that come while nobody takes them are one, as they are for the system.
 */
import type { StageOptions } from '../../graph/options.ts'
import { sourceOf, type Source } from '../../graph/source.ts'
import type { ItemBatch, SourceCursor } from '../../graph/spec.ts'
import { stageOptions } from '../../operator/check.ts'
import { STAGE } from '../option-names.ts'
import '../executor-later.ts'
import { Changes } from '../net/changes.ts'
import { heard, onMainThread } from './heard.ts'

class Listening implements SourceCursor {
  readonly #names: readonly NodeJS.Signals[]
  readonly #changes = new Changes()
  readonly #came = new Set<string>()
  #closed = false

  constructor(names: readonly NodeJS.Signals[]) {
    onMainThread('signals')
    this.#names = names
    for (const name of names) process.on(name, this.#hear)
  }

  readonly #hear = (name: string): void => {
    this.#came.add(name)
    this.#changes.tell()
  }

  async pull(): Promise<ItemBatch | undefined> {
    while (this.#came.size === 0 && !this.#closed) await this.#changes.next()
    if (this.#closed) return undefined
    const items = [...this.#came]
    this.#came.clear()
    return { items }
  }

  close(): void {
    this.#closed = true
    for (const name of this.#names) process.off(name, this.#hear)
    this.#changes.tell()
  }
}

/**
 * The names of the signals that this process is sent, from the start of the run to its end. While it runs they do what the pipeline
 * does, and nothing else: SIGHUP or SIGTERM do not end the process. Several that listen each get every signal.
 *
 * **Memory**  one of each name: signals that come faster than they are taken are one, as they are for the system
 * **Cancel**  with the run: the listeners are gone when it has ended
 * **Errors**  RangeError at declaration for a name that is none, or of one that nobody hears; ERR_MILLRACE_IN_WORKER outside the main thread
 * **Source**  tokio `signal::unix::signal`
 * @example
 * const reload = signals('SIGHUP').pipe(take(1)).toArray({ workers: 0 })
 * while (process.listenerCount('SIGHUP') === 0) await yieldNow()
 * process.kill(process.pid, 'SIGHUP')
 * await reload // => ['SIGHUP']
 */
export function signals<N extends NodeJS.Signals>(...names: readonly [N, ...N[]]): Source<N>
export function signals<N extends NodeJS.Signals>(names: readonly [N, ...N[]], options: StageOptions): Source<N>
export function signals<N extends NodeJS.Signals>(...given: readonly unknown[]): Source<N> {
  const [names, options] = Array.isArray(given[0]) ? [given[0] as readonly unknown[], (given[1] ?? {}) as StageOptions] : [given, {}]
  stageOptions('signals', options, STAGE)
  if (names.length === 0) heard('signals', undefined)
  const wanted = [...new Set(names.map((name) => heard('signals', name)))]
  return sourceOf<N>({ role: 'source', kind: 'signals', args: { names: wanted }, open: () => new Listening(wanted) }, options.name)
}

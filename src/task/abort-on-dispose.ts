/** A task that does not outlive its block. Source: tokio-util `AbortOnDropHandle`. Called by users, through `millrace/runtime`. */
import type { WaitOptions } from '../sync/waiters.ts'
import type { JoinHandle } from './join-handle.ts'

/** A handle whose disposal aborts its task. */
export class AbortOnDisposeHandle<T> implements PromiseLike<T>, Disposable {
  readonly #handle: JoinHandle<T>
  #detached = false

  /** Made by {@link abortOnDispose}. */
  constructor(handle: JoinHandle<T>) {
    this.#handle = handle
  }

  get id(): number {
    return this.#handle.id
  }

  get isFinished(): boolean {
    return this.#handle.isFinished
  }

  abort(): void {
    this.#handle.abort()
  }

  /** Disposal does nothing any more; answers the handle. */
  detach(): JoinHandle<T> {
    this.#detached = true
    return this.#handle
  }

  /** See {@link JoinHandle.join}. */
  join(options: WaitOptions = {}): Promise<T> {
    return this.#handle.join(options)
  }

  /** For `await`; see {@link JoinHandle.join}. */
  then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null
  ): Promise<A | B> {
    return this.#handle.then(fulfilled, rejected)
  }

  [Symbol.dispose](): void {
    if (this.#detached) return
    this.#handle.abort()
    this.#handle.detach()
  }
}

/**
 * A handle that aborts its task at the end of a block: `using poll = abortOnDispose(spawn(…))`.
 *
 * **Source**  tokio-util `AbortOnDropHandle`
 * @example
 * const handle = spawn(() => sleep(60_000))
 * abortOnDispose(handle)[Symbol.dispose]() // what `using` does
 * const joined = await handle.joined()
 * joined.status === 'rejected' ? joined.reason.kind : '' // => 'cancelled'
 */
export const abortOnDispose = <T>(handle: JoinHandle<T>): AbortOnDisposeHandle<T> => new AbortOnDisposeHandle(handle)

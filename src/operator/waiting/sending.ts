/**
 * An outlet that a stage sends to without waiting: it goes on with its input while the reader is busy.
 *
 *   free ──send──▶ on its way ── taken ──▶ free      the bell rings
 *                            └── nobody reads any more ──▶ gone
 *
 * Called by the operators whose answer depends on what the reader does meanwhile (conflate, expand), or on when their items came
 * (debounce, delay, sample).
 */
import type { Outlet } from '../../graph/spec.ts'
import type { Bell } from './bell.ts'

export class Sending {
  /** Nobody reads any more. */
  gone = false
  readonly #outlet: Outlet
  readonly #bell: Bell
  #busy = false
  #failure: { readonly error: unknown } | undefined

  constructor(outlet: Outlet, bell: Bell) {
    this.#outlet = outlet
    this.#bell = bell
  }

  /** Nothing is on its way. Throws what the last push failed with. */
  get free(): boolean {
    if (this.#failure !== undefined) throw this.#failure.error
    return !this.#busy
  }

  /** Only while it is free. */
  send(items: readonly unknown[]): void {
    this.#busy = true
    this.#outlet.push(items).then(
      (more) => {
        this.#busy = false
        this.gone = !more
        this.#bell.ring()
      },
      (error: unknown) => {
        this.#failure = { error }
        this.#bell.ring()
      }
    )
  }
}

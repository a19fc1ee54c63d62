/** The one value of a run with an output `total`, when the run is over. Called by benchmarks whose pipelines end in one sum. */
import type { Observable } from 'rxjs'

interface Totalling<A> {
  readonly outputs: { readonly total: Observable<A> }
  readonly done: Promise<unknown>
}

export const only = async <A>(run: Totalling<A>): Promise<A> => {
  let found: A | undefined
  run.outputs.total.subscribe((value) => (found = value))
  await run.done
  return found!
}

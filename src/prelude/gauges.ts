/**
 * Numbers and words that something knows about itself while it runs, for the metrics of the stage that it runs in.
 *
 *   circuit.around(fn) ── carries its gauges ──▶ mapAsync finds them ──▶ run.metrics().stages[k].gauges
 *
 * A function carries them, since it is a function that a stage is given. Called by operator/ and connector/.
 */

export type Gauges = () => Readonly<Record<string, number | string>>

const known = new WeakMap<object, Gauges>()

/** The function, known to have gauges. */
export const withGauges = <F extends object>(fn: F, gauges: Gauges): F => {
  known.set(fn, gauges)
  return fn
}

export const gaugesOf = (fn: object): Gauges | undefined => known.get(fn)

/**
 * Quantiles of numbers with a bound on the relative error, in a bounded number of counters.
 *
 * A number x > 0 is counted in bin ceil(log x / log gamma), gamma = (1 + a) / (1 - a): whatever is in a bin lies within a of its
 * middle. Only `maxBins` bins of the greatest magnitudes are told apart; smaller magnitudes count as the least of those. Which
 * those are depends on the greatest number alone, so parts combine in any order into what one pass would have made.
 * Why not a library: those that there are keep their state in instances of classes, and a state has to survive structured clone.
 * Source: Masson, Rim and Lee, DDSketch, VLDB 2019. Called by quantiles.ts, on workers too.
 */

/** Counts by bin, of one sign. */
interface Bins {
  counts: Map<number, number>
  /** The bin of the greatest magnitude. */
  top: number
}

export interface Sketch {
  readonly above: Bins
  readonly below: Bins
  zeros: number
  n: number
}

export interface SketchBounds {
  readonly relativeError: number
  readonly maxBins: number
}

export const createSketch = (): Sketch => ({
  above: { counts: new Map(), top: -Infinity },
  below: { counts: new Map(), top: -Infinity },
  zeros: 0,
  n: 0
})

const gammaOf = ({ relativeError }: SketchBounds): number => (1 + relativeError) / (1 - relativeError)

const floorOf = ({ top }: Bins, { maxBins }: SketchBounds): number => top - maxBins + 1

const addBin = (bins: Bins, bin: number, count: number, bounds: SketchBounds): void => {
  if (bin > bins.top) bins.top = bin
  bins.counts.set(bin, (bins.counts.get(bin) ?? 0) + count)
  if (bins.counts.size <= bounds.maxBins) return
  bins.counts = collapsed(bins, bounds)
}

/** The bins with those below the floor counted in it. */
const collapsed = (bins: Bins, bounds: SketchBounds): Map<number, number> => {
  const floor = floorOf(bins, bounds)
  const counts = new Map<number, number>()
  for (const [bin, count] of bins.counts) {
    const to = Math.max(bin, floor)
    counts.set(to, (counts.get(to) ?? 0) + count)
  }
  return counts
}

export const addNumber = (sketch: Sketch, x: number, bounds: SketchBounds): void => {
  sketch.n++
  if (x === 0) sketch.zeros++
  else addBin(x > 0 ? sketch.above : sketch.below, Math.ceil(Math.log(Math.abs(x)) / Math.log(gammaOf(bounds))), 1, bounds)
}

export const addSketch = (sketch: Sketch, other: Sketch, bounds: SketchBounds): void => {
  sketch.n += other.n
  sketch.zeros += other.zeros
  for (const [bin, count] of other.above.counts) addBin(sketch.above, bin, count, bounds)
  for (const [bin, count] of other.below.counts) addBin(sketch.below, bin, count, bounds)
}

const sortedBins = (bins: Bins, bounds: SketchBounds): [bin: number, count: number][] =>
  [...collapsed(bins, bounds)].sort((a, b) => a[0] - b[0])

/** Estimates for quantiles, each from 0 (the least) to 1 (the greatest). Of nothing: NaN. */
export const quantilesOf = (sketch: Sketch, quantiles: readonly number[], bounds: SketchBounds): readonly number[] => {
  const gamma = gammaOf(bounds)
  const middle = (bin: number): number => (2 * gamma ** bin) / (gamma + 1)
  const steps: [value: number, count: number][] = [
    ...sortedBins(sketch.below, bounds).reverse().map(([bin, count]): [number, number] => [-middle(bin), count]),
    [0, sketch.zeros],
    ...sortedBins(sketch.above, bounds).map(([bin, count]): [number, number] => [middle(bin), count])
  ]
  return quantiles.map((q) => {
    if (sketch.n === 0) return NaN
    const rank = Math.floor(q * (sketch.n - 1))
    let seen = 0
    for (const [value, count] of steps) {
      seen += count
      if (seen > rank) return value
    }
    return NaN
  })
}

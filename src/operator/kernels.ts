/**
 * The table of kernels by kind, for the planner's programs on the main thread and in workers.
 *
 * Workers load it, and with it every file of a synchronous operator: none of them imports rxjs, fp-ts or io-ts but for types.
 * Operators that wait (mapAsync, merge, concat, zip, buffer, throttle …, batch with maxMs, dedupe with withinMs) have no kernel and are not here.
 */
import * as aggregate from './aggregate.ts'
import * as aggregateBy from './aggregate-by.ts'
import * as batch from './batch.ts'
import * as changes from './changes.ts'
import * as countBy from './count-by.ts'
import * as decode from './decode.ts'
import * as dedupe from './dedupe.ts'
import * as distinct from './distinct.ts'
import * as drop from './drop.ts'
import * as dropWhile from './drop-while.ts'
import * as endWith from './end-with.ts'
import * as filter from './filter.ts'
import * as flatMap from './flat-map.ts'
import * as intersperse from './intersperse.ts'
import type { Kernel } from './loop/kernel.ts'
import * as keyedProcess from './keyed-process.ts'
import * as map from './map.ts'
import * as mapEither from './map-either.ts'
import * as mapState from './map-state.ts'
import * as pairwise from './pairwise.ts'
import * as parseJson from './parse-json.ts'
import * as partition from './partition.ts'
import * as pick from './pick.ts'
import * as reduce from './reduce.ts'
import * as replay from './replay.ts'
import * as route from './route.ts'
import * as scan from './scan.ts'
import * as scanBy from './scan-by.ts'
import * as slidingCount from './sliding-count.ts'
import * as splitLines from './split-lines.ts'
import * as spread from './keyed/spread.ts'
import * as spreadTimed from './keyed/spread-timed.ts'
import * as take from './take.ts'
import * as takeBytes from './take-bytes.ts'
import * as takeWhile from './take-while.ts'
import * as tap from './tap.ts'
import * as toJson from './to-json.ts'
import * as window from './window.ts'
import * as zipWithIndex from './zip-with-index.ts'

// Each kernel by its name, not by its module: so a bundler leaves the constructors, and what they need, out of the worker.
const whole = [
  batch.kernel, changes.kernel, decode.kernel, dedupe.kernel, distinct.kernel, drop.kernel, dropWhile.kernel, endWith.kernel,
  filter.kernel, flatMap.kernel, intersperse.kernel, keyedProcess.kernel, map.kernel, mapEither.kernel, mapState.kernel, pairwise.kernel, parseJson.kernel,
  partition.kernel, pick.kernel, reduce.kernel, replay.kernel, route.kernel, scan.kernel, scanBy.kernel, slidingCount.kernel, splitLines.kernel, spread.kernel,
  spreadTimed.kernel, take.kernel, takeBytes.kernel, takeWhile.kernel, tap.kernel, toJson.kernel, window.kernel, zipWithIndex.kernel
]

const halves = [
  aggregate.partialKernel, aggregate.combineKernel, aggregate.mergeKernel, aggregate.inOrderKernel,
  aggregateBy.partialKernel, aggregateBy.combineKernel, aggregateBy.mergeKernel, aggregateBy.inOrderKernel,
  countBy.partialKernel, countBy.combineKernel, countBy.mergeKernel, reduce.partialKernel, reduce.mergeKernel
]

export const kernels: Readonly<Record<string, Kernel>> = Object.fromEntries([...whole, ...halves].map((kernel) => [kernel.kind, kernel]))

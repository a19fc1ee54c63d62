/**
 * What can be told of a program's nodes before its loop is written: where ways part, which counters are enough, where a loop may be left.
 *
 *     map ── map ── filter ── map        counted:  1st map, by the place in the batch (2nd, filter: the same, less those on which a map fails)   3rd map
 *
 * Pure; called by generate.ts.
 */
import type { Program } from '../../plan/program.ts'
import type { Kernel } from './kernel.ts'

/** Nodes that are one of several readers: only where ways part can one of them be closed while the others go on. */
export const branches = ({ roots, nodes }: Program): ReadonlySet<number> => {
  const several = [roots, ...nodes.map((node) => node.targets.flat())].filter((targets) => targets.length > 1)
  return new Set(several.flat().flatMap((t) => ('node' in t ? [t.node] : [])))
}

/** Which node feeds a node alone, and it alone; -1 for the inlet, `undefined` where several do or there are several. */
const onlyFeeders = ({ roots, nodes }: Program): readonly (number | undefined)[] => {
  const feeders = nodes.map((): number | undefined => undefined)
  for (const [from, targets] of [roots, ...nodes.map((node) => node.targets.flat())].entries()) {
    if (targets.length === 1 && 'node' in targets[0]!) feeders[targets[0].node] = from - 1
  }
  return feeders
}

/** How many nodes there are before each one, each of which feeds the next one alone. */
const depthsOf = (feeders: readonly (number | undefined)[]): readonly number[] => {
  const depths: number[] = []
  const depthOf = (k: number): number => {
    const feeder = feeders[k]
    return (depths[k] ??= feeder === undefined || feeder < 0 ? 0 : depthOf(feeder) + 1)
  }
  return feeders.map((_, k) => depthOf(k))
}

/** What can be told of a program's nodes before a text is written. Feeders come before those whom they feed. */
export const traits = (program: Program, all: readonly Kernel[], resumable: boolean, parted: ReadonlySet<number>) => {
  const feeders = onlyFeeders(program)
  /** What is let go at the end of a batch goes by the states. */
  const byBatch = all.some((kernel) => kernel.batchEnd !== undefined)
  /** Behind stages that do nothing with an item after they have emitted it: a loop may be left there, between two items. */
  const plain: boolean[] = []
  /** Whose counter counts the node too: as many items leave the one before it as come, but those on which it fails. */
  const counters: number[] = []
  const depths = depthsOf(feeders)
  const order = feeders.map((_, k) => k).sort((a, b) => depths[a]! - depths[b]!)
  for (const k of order) {
    const feeder = feeders[k]
    if (feeder === undefined || feeder < 0) {
      plain[k] = !resumable && !byBatch && feeder === -1
      counters[k] = k
      continue
    }
    const { emits } = all[feeder]!
    plain[k] = emits !== undefined && emits !== 'none' && plain[feeder]!
    counters[k] = !resumable && emits === 'one' && all[k]!.stops !== true && !parted.has(k) ? counters[feeder]! : k
  }
  /** Nodes that have been counted with a node, and that an item has not reached on which that node fails. */
  const behind = (k: number): readonly number[] => counters.flatMap((counter, other) => (counter === counters[k] && depths[other]! > depths[k]! ? [other] : []))
  /** The node that every item of a batch enters, if its place tells how many have: it needs no counter (-1: none). */
  const placed = resumable ? -1 : feeders.findIndex((feeder, k) => feeder === -1 && all[k]!.stops !== true)
  return { plain, counters, behind, placed }
}

/**
 * The decisions of one simulated run, as numbers: taken from a seed, or from a list, and written down, so that they can be taken again
 * and made smaller. Pure.
 *
 * A decision is `choose(n)`: a whole number from 0 to below n. 0 is what happens undisturbed, so that a list of zeros, which is an
 * empty list, is the plainest run. Called by simulate.ts and scheduler.ts. Source: Hypothesis, whose choices are shrunk likewise.
 */
import { randomOf } from '../pool/random.ts'

export interface Choices {
  /** What was decided so far. */
  readonly made: readonly number[]
  choose(n: number): number
}

const record = (next: (n: number) => number): Choices => {
  const made: number[] = []
  return {
    made,
    choose: (n) => {
      const choice = n <= 1 ? 0 : next(n)
      if (n > 1) made.push(choice)
      return choice
    }
  }
}

/** Decisions by a seed; half of them are the undisturbed one, so that what differs stands out. */
export const seeded = (seed: number): Choices => {
  const random = randomOf(seed, 0)
  for (let i = 0; i < 8; i++) random(2) // seeds that are near begin alike
  return record((n) => (random(4) === 0 ? 0 : random(n)))
}

/** Decisions by a list; behind it, the undisturbed ones. */
export const listed = (list: readonly number[]): Choices => {
  let at = 0
  return record((n) => {
    const choice = list[at++] ?? 0
    return choice < n ? choice : choice % n
  })
}

/** Without the zeros at the end, which go without saying. */
export const trimmed = (list: readonly number[]): readonly number[] => {
  let end = list.length
  while (end > 0 && list[end - 1] === 0) end--
  return list.slice(0, end)
}

/** Whether `a` is simpler than `b`: shorter, then with fewer decisions that disturb, then with smaller ones. */
const simpler = (a: readonly number[], b: readonly number[]): boolean => {
  if (a.length !== b.length) return a.length < b.length
  const weight = (list: readonly number[]): number => list.reduce((sum, n) => sum + (n === 0 ? 0 : 1000 + n), 0)
  return weight(a) < weight(b)
}

function* candidates(list: readonly number[]): Generator<readonly number[]> {
  yield []
  for (let size = list.length >> 1; size > 0; size >>= 1) {
    yield list.slice(0, list.length - size)
    for (let at = 0; at + size <= list.length; at += size) {
      yield [...list.slice(0, at), ...list.slice(at + size)]
      if (list.slice(at, at + size).some((n) => n > 0)) yield [...list.slice(0, at), ...new Array<number>(size).fill(0), ...list.slice(at + size)]
    }
  }
  for (let at = list.length - 1; at >= 0; at--) {
    const n = list[at]!
    if (n > 0) yield [...list.slice(0, at), 0, ...list.slice(at + 1)]
    if (n > 1) yield [...list.slice(0, at), n >> 1, ...list.slice(at + 1)]
  }
}

/**
 * The simplest list that can be found for which `fails` answers what it failed with; `budget` says how long to go on.
 * Greedy: the first simpler one that fails is taken, and it begins again from there.
 */
export const shrink = async <F>(
  begin: { readonly list: readonly number[]; readonly failure: F },
  fails: (list: readonly number[]) => Promise<F | undefined>,
  budget: () => boolean
): Promise<{ readonly list: readonly number[]; readonly failure: F }> => {
  let best = { ...begin, list: trimmed(begin.list) }
  const tried = new Set<string>()
  for (let found = true; found; ) {
    found = false
    for (const candidate of candidates(best.list)) {
      const list = trimmed(candidate)
      const key = list.join()
      if (tried.has(key) || !simpler(list, best.list)) continue
      tried.add(key)
      if (!budget()) return best
      const failure = await fails(list)
      if (failure === undefined) continue
      best = { list, failure }
      found = true
      break
    }
  }
  return best
}

/** Who waits for permits, in both forms of them: near (permits.ts) and far (far-permits.ts). */
import type { Waiter } from './waiters.ts'

/** Who wants permits, and what happens then. */
export interface Claim<A> {
  /** Runs when the claim is served; its value is the answer. Must not throw. */
  granted(): A
  /** The reason with which the claim is refused. */
  refused(): unknown
  /** When it is there, refused claims are answered with its value instead. Must not throw. */
  released?(): A
  /** Its signal has aborted, and what it had collected has gone to the next. */
  abandoned?(): void
}

/** A claim that waits. */
export interface Waiting {
  readonly claim: Claim<unknown>
  readonly wanted: number
  missing: number
  /** Far: its place in the line; -1: none yet. */
  place: number
  /** Far: what was refused before it came. */
  readonly refused: number
}

/** Ends a wait without permits. */
export const refuse = (waiter: Waiter<unknown, Waiting>): void => {
  const { claim } = waiter.claim
  if (claim.released === undefined) waiter.refuse(claim.refused())
  else waiter.settle(claim.released())
}

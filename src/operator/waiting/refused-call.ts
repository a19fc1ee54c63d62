/**
 * What a call is refused with that never reached the function, and what it says of its item.
 * Thrown by circuit-breaker.ts, understood by calls.ts.
 */
import type { Afterwards } from '../../graph/options.ts'

export class CircuitOpenError extends Error {
  readonly code = 'ERR_MILLRACE_CIRCUIT_OPEN'
  /** What becomes of the item, whatever the stage's policy says. */
  readonly policy: Afterwards | undefined

  constructor(policy: Afterwards | undefined) {
    super("the circuit is open: what is called has failed too often. Wait for it (whenOpen: 'wait'), or give the stage an onError policy")
    this.name = 'CircuitOpenError'
    this.policy = policy
  }
}

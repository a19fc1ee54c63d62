/** Who may be blocked. Called by every `blocking…` of sync/ and channel/ before it looks at anything. */
import { here } from '../atomic/threads.ts'
import { wouldBlockLoop } from '../error/wording-sync.ts'

/** Throws unless this thread may be blocked, also when there would be nothing to wait for: a mistake shows at once. */
export const blockingCheck = (call: string): void => {
  if (!here().mayBlock) throw wouldBlockLoop(call)
}

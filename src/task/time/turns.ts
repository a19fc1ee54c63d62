/**
 * Turns of the event loop, and whether anybody will go on by himself: how one waits for others to have done what they can, without
 * a clock. What promises do ends before the loop turns.
 *
 * Called by virtual-clock.ts, and by testing/, which lets others go on and looks what has come of it.
 */
import { setImmediate } from 'node:timers'

/** What ends by itself, and somebody goes on from then; as `process.getActiveResourcesInfo` names it. */
const REQUESTS: ReadonlySet<string> = new Set(['FSReqPromise', 'FSReqCallback', 'CloseReq', 'GetAddrInfoReqWrap'])

/** Looks of this thread that are waiting: setImmediates that are nobody's work. */
let looks = 0

/** Calls `look` when this turn is over; not counted as somebody's work. */
export const atTheEndOfTheTurn = (look: () => void): void => {
  looks++
  setImmediate(() => {
    looks--
    look()
  })
}

/** Whether somebody of this thread will go on by himself. */
export const underWay = (): 'turns' | 'requests' | undefined => {
  let immediates = -looks
  let requests = 0
  for (const name of process.getActiveResourcesInfo()) {
    if (name === 'Immediate') immediates++
    else if (REQUESTS.has(name)) requests++
  }
  return immediates > 0 ? 'turns' : requests > 0 ? 'requests' : undefined
}

/**
 * A handle on its way between threads: told when it cannot arrive any more, so that nobody waits for it.
 *
 *     departs ──▶ { key, port } ══ postMessage ══▶ arrives: claims by the key, closes the port
 *        └── the port has closed: whoever was to get it has claimed it, or is gone for good
 *
 * A message that waits for a thread that ends is thrown away with the port in it, and that closes the port's other side.
 * So does `forsake` (prelude/travel.ts), for what was packed and is not sent after all. Called by the channels.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { load } from '../atomic/park.ts'
import type { SeatCounts, Ticket } from './seats.ts'

/** What goes with the handle; its port has to be in the list of what is moved. */
export interface Crossing {
  readonly port: MessagePort
}

/** Begins one; `over` is told when it has ended, well or not. It does not hold the process. */
export const depart = (over: () => void): Crossing => {
  const { port1, port2 } = new MessageChannel()
  port1.on('close', over)
  port1.unref()
  return { port: port2 }
}

/** Ends one, where the handle has arrived. */
export const land = ({ port }: Crossing): void => {
  port.close()
}

/** A handle that is counted, on its way. */
export interface Counted extends Crossing {
  readonly ticket: Ticket
}

/** One more is counted, here until it has arrived; if it never does it is taken out, and `none` is told when it was the last. */
export const departCounted = (counts: SeatCounts, none: () => void): Counted => {
  const ticket = counts.depart()
  const { port } = depart(() => {
    if (hasArrived(ticket)) return
    counts.arrive(ticket, () => true)
    if (counts.addStrong(-1) === 0) none()
  })
  return { ticket, port }
}

export const hasArrived = ({ used }: Ticket): boolean => load(new Int32Array(used), 0) !== 0

/** It is counted where it has arrived; false when all others had gone before, and `kept` says that it is too late. */
export const landCounted = (counts: SeatCounts, counted: Counted, kept: () => boolean): boolean => {
  const open = counts.arrive(counted.ticket, kept)
  land(counted)
  return open
}

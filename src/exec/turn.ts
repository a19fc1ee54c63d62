/**
 * Turns of the event loop among tasks that never have to wait: one clock for all tasks of the thread.
 *
 *     task a  ▓▓▓▓▓▓▓▓ due ┐                    together they hold the loop for TURN_MS at most, however many they are;
 *     task b     ▓▓▓  ▓▓▓  ┴ joins ── turn ──▶  and none runs on alone while another has stepped back
 *
 * Source: tokio's cooperative budget, by time. Called by local-loop.ts.
 */
import { setImmediate } from 'node:timers/promises'

/** After so long without a turn the event loop gets one, in milliseconds. */
const TURN_MS = 8

let began = performance.now()
let turning: Promise<void> | undefined

const turned = async (): Promise<void> => {
  await setImmediate()
  began = performance.now()
  turning = undefined
}

/** Gives the event loop its turn; who asks meanwhile shares it. */
export const turn = (): Promise<void> => (turning ??= turned())

/** A promise of the turn that is due or under way, or `undefined` when there is none. */
export const turnIfDue = (): Promise<void> | undefined => (turning === undefined && performance.now() - began <= TURN_MS ? undefined : turn())

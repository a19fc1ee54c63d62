/**
 * The loop of stages that hold the newest item until it is due: debounce and sample, which differ in when that is.
 *
 *   feed ──▶ newest item, since when one is held, when it is due ──▶ due, or the input has ended, and the reader is free ──▶ out
 *
 * Called by debounce.ts and sample.ts.
 */
import type { AtHand } from './at-hand.ts'
import { Feed } from './feed.ts'
import { Sending } from './sending.ts'

/** When an item is due that has come `now`, where one has been held `since` then, in a stage that `began`. */
export type DueOf = (now: number, since: number, began: number) => number

export const newest =
  (dueOf: DueOf) =>
  async ({ context: { signal, inlets, outlets, underWay }, bell, time, wake }: AtHand): Promise<void> => {
    const feed = new Feed(inlets[0]!, bell)
    const sending = new Sending(outlets[0]!, bell)
    const began = time.now()
    let held: { item: unknown; due: number; readonly since: number } | undefined
    for (;;) {
      signal.throwIfAborted()
      while (feed.want()) {
        const item = feed.take(Infinity).at(-1)
        const now = time.now()
        const since = held?.since ?? now
        held = { item, since, due: dueOf(now, since, began) }
      }
      if (sending.free) {
        if (sending.gone) return
        if (held !== undefined && (feed.over || time.now() >= held.due)) {
          sending.send([held.item])
          held = undefined
        } else if (feed.over) return
        else if (held !== undefined) wake.at(held.due)
      }
      underWay?.(held !== undefined)
      await bell.next()
    }
  }

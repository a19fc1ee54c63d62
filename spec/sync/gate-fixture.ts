/** What the threads of spec/sync/gate.spec.ts and event.spec.ts do. */
import { sleep } from '../../src/atomic/park.ts'
import { Event } from '../../src/sync/event.ts'
import { Gate } from '../../src/sync/gate.ts'

/** Goes inside, says so, and stays. */
export const staysInside = (words: Int32Array): void => {
  new Gate(words, 0, () => undefined).enter()
  words[2] = 1
  for (;;) sleep(1000)
}

/** Adds to a plain word, inside, so many times. */
export const addsInside = (words: Int32Array, times: number): number => {
  let mended = 0
  const gate = new Gate(words, 0, () => mended++)
  for (let i = 0; i < times; i++) {
    gate.enter()
    words[2] = words[2]! + 1
    gate.exit()
  }
  return mended
}

/** Waits until the value is at least `goal`. */
export const sees = (words: Int32Array, goal: number, blocks: boolean): number | Promise<number> => {
  const event = Event.attach(words, 1)
  const look = (): number | undefined => (words[0]! >= goal ? words[0] : undefined)
  return blocks ? event.blockingUntil('sees', look) : event.until(look)
}

/** Raises the value one by one, telling each time. */
export const raises = (words: Int32Array, to: number): void => {
  const event = Event.attach(words, 1)
  for (let i = 1; i <= to; i++) {
    words[0] = i
    event.tell()
    if (i % 16 === 0) sleep(0.05)
  }
}

/** Blocking jobs of the benchmarks; loaded by the main thread and by workers. */
import { portable } from 'millrace/portable'
import { Closed, type Receiver, type Sender } from 'millrace/sync'

/** Does nothing. */
export const same = portable(import.meta, 'same', (n: number): number => n)

/** Answers every number with the next one, until there are none. */
export const echo = portable(import.meta, 'echo', (receiver: Receiver<number>, sender: Sender<number>): number => {
  let answered = 0
  for (let item = receiver.blockingRecv(); item !== Closed; item = receiver.blockingRecv()) {
    sender.blockingSend(item + 1)
    answered++
  }
  sender.close()
  return answered
})

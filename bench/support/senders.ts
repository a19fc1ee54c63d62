/** Jobs that feed a channel from a thread of their own; loaded by the main thread and by workers. */
import { portable } from 'millrace/portable'
import type { Sender } from 'millrace/sync'
import { visitOf, type Visit } from './visit.ts'

export const sendVisits = portable(import.meta, 'sendVisits', (sender: Sender<Visit>, items: number): number => {
  for (let i = 0; i < items; i++) sender.blockingSend(visitOf(i))
  sender.close()
  return items
})

export const sendHalves = portable(import.meta, 'sendHalves', (sender: Sender<number>, items: number): number => {
  for (let i = 0; i < items; i++) sender.blockingSend(i * 0.5)
  sender.close()
  return items
})

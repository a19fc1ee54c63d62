/** Jobs that feed a channel from a thread of their own; loaded by the main thread and by workers. */
import { portable } from 'millrace/portable'
import type { Sender } from 'millrace/sync'
import { recordOf, type LogRecord } from './record.ts'

export const sendNumbers = portable(import.meta, 'sendNumbers', (sender: Sender<number>, items: number): number => {
  for (let i = 0; i < items; i++) sender.blockingSend(i)
  sender.close()
  return items
})

export const sendRecords = portable(import.meta, 'sendRecords', (sender: Sender<LogRecord>, items: number): number => {
  for (let i = 0; i < items; i++) sender.blockingSend(recordOf(i))
  sender.close()
  return items
})

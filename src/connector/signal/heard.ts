/** Which signals can be listened to, and where. Called by this folder. */
import { constants } from 'node:os'
import { isMainThread } from 'node:worker_threads'
import { notASignal, signalsInWorker } from '../../error/wording-process.ts'

const UNHEARD: ReadonlySet<string> = new Set(['SIGKILL', 'SIGSTOP'])

export const heard = (call: string, name: unknown): NodeJS.Signals => {
  if (typeof name === 'string' && Object.hasOwn(constants.signals, name) && !UNHEARD.has(name)) return name as NodeJS.Signals
  throw notASignal(call, name)
}

export const onMainThread = (call: string): void => {
  if (!isMainThread) throw signalsInWorker(call)
}

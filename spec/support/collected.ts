/** Lets the garbage collector run, without a flag on the command line. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** Resolves when everything that nobody holds has been collected, and told to the registries that asked. */
export const collected = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    gc()
  }
  await new Promise((resolve) => setTimeout(resolve, 10))
}

/** Collects what nobody holds, within this call. */
export const collectNow = gc

/** Bytes of the heap that are in use after a collection. */
export const heapInUse = async (): Promise<number> => {
  await collected()
  return process.memoryUsage().heapUsed
}

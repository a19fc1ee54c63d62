/** How much memory is left behind by what a spec does over and over. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

const settled = async (): Promise<NodeJS.MemoryUsage> => {
  for (let i = 0; i < 6; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5)) // finalizers, and closing ports, take turns
    gc()
  }
  return process.memoryUsage()
}

/** Bytes of the heap, and of buffers, that so many cycles leave, after a tenth of them to warm up. */
export const growth = async (cycles: number, cycle: () => Promise<void>): Promise<{ readonly heap: number; readonly memory: number }> => {
  for (let i = 0; i < cycles / 10; i++) await cycle()
  const before = await settled()
  for (let i = 0; i < cycles; i++) {
    await cycle()
    if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const after = await settled()
  return { heap: after.heapUsed - before.heapUsed, memory: after.external - before.external }
}

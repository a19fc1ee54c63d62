/** What a hundred thousand cycles of something leave behind: memory between equal rounds of them, after everything that can go has gone. */
import * as assert from 'uvu/assert'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

export const CYCLES = 100_000
const MiB = 2 ** 20

/** Bytes: of the heap and what is beside it; of the process, shared memory too. */
interface Use {
  readonly told: number
  readonly resident: number
}

const inUse = async (): Promise<Use> => {
  for (let i = 0; i < 4; i++) {
    gc()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { told: heapUsed + external, resident: rss }
}

/** A leak of 42 bytes a cycle is more; measuring coverage takes some itself. */
const TOLD = 2 * MiB
/** Memory that was freed goes back to the operating system in parts; a leak of 1.3 KiB of shared memory a cycle is more. */
const RESIDENT = 64 * MiB

/** A leak grows in every round; memory that malloc has not given back yet, once. */
const ROUNDS = 3

const settled = async (first: Use): Promise<Use> => {
  let grown: Use
  // finalizers, ports that close, and signals that nobody has any more, take their time: what does not come back in a second is kept
  for (let i = 0; ; i++) {
    const { told, resident } = await inUse()
    grown = { told: told - first.told, resident: resident - first.resident }
    if (i === 20 || (grown.told < TOLD && grown.resident < RESIDENT)) return grown
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Makes {@link CYCLES} cycles, and throws unless the second half of them, or a further one, leaves the memory as the one before did. */
export const leavesNothing = async (cycle: (i: number) => Promise<void> | void): Promise<void> => {
  let done = 0
  const half = async (): Promise<void> => {
    for (const end = done + CYCLES / 2; done < end; ) {
      await cycle(++done)
      if (done % 1000 === 0) await new Promise((resolve) => setImmediate(resolve)) // what is weakly held goes between turns
    }
  }
  await half() // tables of what is weakly held keep the size that they have once had, and so does the memory of malloc
  let grown: Use = { told: Infinity, resident: Infinity }
  for (let round = 0; round < ROUNDS && (grown.told >= TOLD || grown.resident >= RESIDENT); round++) {
    const before = await inUse()
    await half()
    grown = await settled(before)
  }
  assert.ok(grown.told < TOLD, `${(grown.told / MiB).toFixed(2)} MiB of heap and buffers more`)
  assert.ok(grown.resident < RESIDENT, `${(grown.resident / MiB).toFixed(0)} MiB of the process more`)
}

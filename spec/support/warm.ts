/** Starts the pool's threads, so that what a spec does next finds them ready. */
import { map, range } from '../../src/index.ts'

export const warmPool = async (workers: number): Promise<void> => {
  await range(0, 1).pipe(map((n) => n, { lane: 'blocking' })).toArray({ workers })
}

/**
 * A run that a caller waits for, tied to the task that the caller is in: when the task is aborted, the run is cancelled, and the wait
 * rejects with the task's reason, as every wait of a task does.
 *
 * A run that was started by `run()` is its own, and goes by the signal that it is given. Called by `toArray` and `for await`.
 */
import { follow, type Listener } from '../sync/abort.ts'
import type { Outputs, Run } from './run.ts'

export const tied = async (run: Run<Outputs>): Promise<void> => {
  let end: { readonly reason: unknown } | undefined
  const listener: Listener = {
    aborted: (reason) => {
      end = { reason }
    },
    left: () => {
      run.cancel(end!.reason)
    }
  }
  const ends = follow(listener)
  if (ends?.isOver === true) {
    listener.aborted(ends.reason)
    listener.left()
  }
  try {
    await run.done
  } catch (error) {
    throw end === undefined ? error : end.reason
  } finally {
    ends?.ignore(listener)
  }
}

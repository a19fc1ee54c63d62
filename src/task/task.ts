/** What code can ask about the task that it runs in. Called by users, through `millrace/runtime`. */
import { scope } from '../sync/scope.ts'
import { notInTask } from './wording.ts'

/**
 * The task that the asking code runs in, over all of its awaits, clean-up included.
 *
 * **Source**  tokio `task::id`, `task::try_id`
 * @example
 * const handle = spawn(() => Promise.resolve(Task.id()))
 * await handle.join() === handle.id // => true
 * Task.tryId() // => undefined
 */
export const Task = {
  /** Its id. Throws ERR_MILLRACE_NO_TASK outside of tasks. */
  id: (): number => {
    const id = Task.tryId()
    if (id === undefined) throw notInTask('Task.id')
    return id
  },

  /** Its id; `undefined` outside of tasks. */
  tryId: (): number | undefined => scope()?.task?.id,

  /** Its name, if it was given one. */
  name: (): string | undefined => scope()?.task?.name,

  /** The signal that aborts when it is aborted; in a branch of a `select`, also when the branch has lost. `undefined` outside of tasks. */
  signal: (): AbortSignal | undefined => scope()?.ends?.signal
} as const

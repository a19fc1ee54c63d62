/** The wording of what goes wrong with tasks, in one place. Called by task/ and by who makes tasks (runtime/). */
import type { ErrorCode } from '../error/pipeline-error.ts'

const coded = <E extends Error>(code: ErrorCode, error: E): E & { readonly code: ErrorCode } => Object.assign(error, { code })

export const notInTask = (call: string): Error =>
  coded('ERR_MILLRACE_NO_TASK', new Error(`${call}: this code runs in no task. Call it in a function that was spawned, or ask by the try form`))

export const localNotSet = (name: string | undefined): Error =>
  coded(
    'ERR_MILLRACE_NO_TASK',
    new Error(`taskLocal${name === undefined ? '' : ` '${name}'`}: it has no value here. Read it in the function given to scope(), or ask by tryGet()`)
  )

export const noSpawner = (call: string): Error =>
  coded('ERR_MILLRACE_ARGUMENT', new TypeError(`${call}: nothing here can run blocking work. Import millrace/runtime, or give the set a spawner`))

export const noTaskSpawner = (call: string): Error =>
  coded('ERR_MILLRACE_ARGUMENT', new TypeError(`${call}: spawner must have a method spawn. Give a Runtime, or leave it out for the default runtime`))

export const noHandle = (call: string, got: unknown): Error =>
  coded('ERR_MILLRACE_ARGUMENT', new TypeError(`${call}: takes the JoinHandle of a task; got ${got === null ? 'null' : typeof got}. Give what spawn answered, or spawn the function here`))

export const nothingToSelect = (): Error =>
  coded(
    'ERR_MILLRACE_ARGUMENT',
    new TypeError("select: every branch is disabled, and there is no 'else'. Enable one, or give { else: () => … } as an option")
  )

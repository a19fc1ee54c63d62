/** The wording of what locks and what threads share cannot do. Called by sync/ and channel/. */
import { TimeoutError } from './timeout-error.ts'

const coded = <E extends Error>(error: E, code: `ERR_MILLRACE_${string}`): E => Object.assign(error, { code })

/** A blocking call on a thread whose event loop would have to go on. */
export const wouldBlockLoop = (call: string): Error =>
  coded(
    new Error(`${call}: called on a thread with an event loop, which would stop while it waits. Await the other form, or call it in a function of spawnBlocking`),
    'ERR_MILLRACE_WOULD_BLOCK_LOOP'
  )

/** A blocking call whose time is over. */
export const blockedTooLong = (call: string): TimeoutError =>
  new TimeoutError(`${call}: not done within its timeoutMs. Nothing was taken or sent; give it more time, or see who keeps it waiting`)

/** A blocking call that only this thread could end. */
export const waitsForItself = (call: string, why: string): Error =>
  coded(
    new Error(`${call}: it would wait for ever: ${why}. Release it first, use the form that is awaited, or share it with another thread`),
    'ERR_MILLRACE_WOULD_BLOCK_LOOP'
  )

/** The value of a lock that is to travel, and is not shared memory. */
export const valueStays = (lock: string, found: string): TypeError =>
  coded(
    new TypeError(
      `${lock}: it cannot cross threads with this value: ${found}. What it guards must be undefined, a SharedArrayBuffer, ` +
        'a typed array or DataView over one, or a plain object or array of these, so that all threads see the same'
    ),
    'ERR_MILLRACE_NOT_CLONEABLE'
  )

/** The value of a once cell that is to be seen by other threads. */
export const cellStays = (cause: unknown): TypeError =>
  coded(
    new TypeError(
      `OnceCell: its value cannot cross threads: ${cause instanceof Error ? cause.message : String(cause)}. ` +
        'A cell that has travelled holds what structured clone accepts: leave functions, symbols and live objects out of it',
      { cause }
    ),
    'ERR_MILLRACE_NOT_CLONEABLE'
  )

/** Another value for a lock that other threads have. */
export const valueIsShared = (lock: string): TypeError =>
  coded(
    new TypeError(`${lock}: its value cannot be replaced, since other threads have the lock and would not see it. Change the shared memory that it is made of`),
    'ERR_MILLRACE_ARGUMENT'
  )

/** A guard that is used after its release. */
export const guardReleased = (lock: string): Error =>
  coded(new Error(`${lock} guard: it was released, so its value must not be used any more. Take the lock again`), 'ERR_MILLRACE_ARGUMENT')

/** Something shared arrives in a thread that millrace does not know. */
export const strangeProgram = (kind: string): TypeError =>
  coded(
    new TypeError(
      `a ${kind} arrived in a thread that millrace has not started, where nobody could be woken. ` +
        'Use threads of a Runtime, or of a pipeline; a handle cannot be sent to another process or to a Worker of your own'
    ),
    'ERR_MILLRACE_ARGUMENT'
  )

/**
 * The wording of what goes wrong with time. Called by task/time/ and operator/.
 */
import { TimeoutError } from './timeout-error.ts'

/** A call of a stage with `timeoutMs`. */
export const noAnswer = (ms: number): TimeoutError => new TimeoutError(`no answer within ${ms} ms (timeoutMs)`)

/** An `idleTimeout`. */
export const silentFor = (ms: number): TimeoutError =>
  new TimeoutError(`no item within ${ms} ms. Give the input more time, or see what it waits for; whenIdle: 'end' ends the stream instead`)

/** A `timeout`. */
export const tookTooLong = (ms: number): TimeoutError =>
  new TimeoutError(`timeout: not done within ${ms} ms. Give it more time, or see what it waits for`)

const timeError = (message: string): Error => Object.assign(new Error(message), { code: 'ERR_MILLRACE_TIME' })

export const notPausable = (call: string): Error =>
  timeError(`time.${call}: time goes by itself here, and cannot be stopped. Call it in a task of Runtime.currentThread(), whose time is its own`)

export const alreadyPaused = (): Error => timeError('time.pause: time is paused already. Call time.resume() before it is paused again')

export const notPaused = (call: string): Error => timeError(`time.${call}: time is not paused. Call time.pause() before`)

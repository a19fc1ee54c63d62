/**
 * What a test may decide of the runs that it starts: how much of its input a task takes at a time, whose turn it is, what fails.
 * A run without a weather asks nobody.
 *
 * Which one is current is a property of the asynchronous context, as with the clock: a run reads it once, when it starts. Called by
 * exec/ and by the operators that call asynchronous functions; made by testing/.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { perThread } from './per-thread.ts'

/** A user's function, type erased. */
export type AnyFunction = (...args: never[]) => unknown

export interface Weather {
  /** How many of `items` the task of that stage takes in its next slice; a whole number from 1 to `items`. */
  slice(stage: string, items: number): number | Promise<number>
  /** Waits until it is the turn of that stage to do what it is about to do; `undefined`: at once. */
  turn(stage: string, what: string): Promise<void> | undefined
  /** Results that gather before an expanding stage pauses; `undefined`: as ever. */
  readonly pauseAt: number | undefined
  /** Whether a task goes on with a copy of its state, as one that moves to a worker does. */
  moves(stage: string): boolean
  /** Whether a task that may run on workers goes there now; asked after each of its slices until it does. */
  leaves(stage: string): boolean
  /** How many items the next morsel of that stage should hold; a whole number >= 1. */
  morsel(stage: string): number
  /** The function to call instead of a user's. */
  fn(stage: string, fn: AnyFunction): AnyFunction
  /** Called before a source is pulled and a sink is written to: what it throws is their failure. */
  outside(stage: string, what: 'pull' | 'write'): void
}

const current = perThread('weather.1', () => new AsyncLocalStorage<Weather>())

/** An answer, when it is the turn of that stage to hear it; it is awaited once. */
export const inTurn = async <A>(sky: Weather, stage: string, answer: PromiseLike<A> | A, what: string): Promise<A> => {
  const settled = Promise.resolve(answer)
  await settled.catch(() => undefined)
  await sky.turn(stage, what)
  return settled
}

/** The weather of the code that asks. */
export const weather = (): Weather | undefined => current.getStore()

/** Runs `body`, and whatever it starts, in a weather. */
export const withWeather = <A>(made: Weather, body: () => A): A => current.run(made, body)

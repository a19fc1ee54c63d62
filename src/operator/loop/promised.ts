/** Refuses a promise where a value belongs: a synchronous stage cannot wait. Called by the loops of tasks, on workers too. */

export const promised = (value: Promise<unknown>): never => {
  value.catch(() => undefined) // its rejection, if any, is not what went wrong here
  const error = new TypeError('a synchronous stage returned a promise; use mapAsync for work that waits')
  throw Object.assign(error, { code: 'ERR_MILLRACE_STAGE_PROMISE' })
}

/** The value, unless it is a promise. */
export const settled = <V>(value: V): V => (typeof value === 'object' && value instanceof Promise ? promised(value) : value)

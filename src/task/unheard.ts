/**
 * Failures of tasks that nobody waits for: told once, instead of crashing the process or being lost.
 *
 *     failed, detached ────────────────────────────────▶ told at once
 *     failed, its handle not awaited (yet) ── 1 s, or the loop runs dry ── still not ──▶ told
 *
 * A handle may be awaited late, after other work: so a failure gets some time to be heard, and one that was told is still
 * there for who awaits it. Called by task-cell.ts.
 */
import type { JoinError } from './join-error.ts'

/** How long a failure waits for somebody to await its handle, in milliseconds. */
export const UNHEARD_MS = 1_000

/** A failure, as long as nobody has heard of it. */
export interface Unheard {
  heard: boolean
  readonly site: string | undefined
  readonly error: JoinError
  /** Instead of the process warning. */
  readonly onUnhandled: ((error: JoinError) => void) | undefined
}

const waiting = new Set<Unheard>()
let timer: NodeJS.Timeout | undefined

const warn = ({ error, site }: Unheard): void => {
  const stack = error.cause instanceof Error ? error.cause.stack : undefined
  process.emitWarning(
    `${error.message}${site === undefined ? '' : ` (spawned at ${site})`}, and nobody waits for it. Await its handle, or give spawn an onUnhandled`,
    { type: 'MillraceWarning', code: error.code, ...(stack === undefined ? {} : { detail: stack }) }
  )
}

/** Tells a failure, if nobody has heard of it. A hook that throws is an uncaught exception: nobody else could hear of it. */
export const tell = (failure: Unheard): void => {
  waiting.delete(failure)
  if (failure.heard) return
  failure.heard = true // told once
  const { onUnhandled, error } = failure
  if (onUnhandled === undefined) warn(failure)
  else queueMicrotask(() => {
    onUnhandled(error)
  })
}

const tellAll = (): void => {
  clearTimeout(timer)
  timer = undefined
  process.off('beforeExit', tellAll)
  for (const failure of [...waiting]) tell(failure)
}

/** Tells a failure in a while, if nobody has heard of it until then. */
export const tellLater = (failure: Unheard): void => {
  waiting.add(failure)
  if (timer !== undefined) return
  // real time, by intent: what is told is not part of what a test with time of its own looks at
  timer = setTimeout(tellAll, UNHEARD_MS).unref()
  process.on('beforeExit', tellAll)
}

/**
 * Waiting for Ctrl-C.
 */
import { heard, onMainThread } from './heard.ts'

export interface CtrlCOptions {
  /** Ends the wait: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** As long as a timer of Node can be set for: it holds the process, which listening to a signal does not. */
const LONG_MS = 0x7fffffff

/**
 * Resolves at the next Ctrl-C (SIGINT), and keeps the process running until then. While anybody waits, Ctrl-C does not end the process;
 * when nobody does any more, it does again: so the first asks a program to finish, and the second ends it.
 *
 * **Cancel**  by `signal`; the listener is gone when the wait is over
 * **Errors**  ERR_MILLRACE_IN_WORKER outside the main thread
 * **Source**  tokio `signal::ctrl_c`, whose listeners stay for ever
 * @example
 * const stop = new AbortController()
 * const asked = ctrlC({ signal: stop.signal })
 * process.kill(process.pid, 'SIGINT')
 * await asked
 */
export const ctrlC = async ({ signal }: CtrlCOptions = {}): Promise<void> => {
  onMainThread('ctrlC')
  signal?.throwIfAborted()
  const name = heard('ctrlC', 'SIGINT')
  const held = setInterval(() => undefined, LONG_MS)
  let over: () => void = () => undefined
  try {
    await new Promise<void>((resolve, reject) => {
      const pressed = (): void => {
        resolve()
      }
      const abort = (): void => {
        // what a signal gives as its reason is passed on as it is, an Error or not
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(signal?.reason)
      }
      over = () => {
        process.off(name, pressed)
        signal?.removeEventListener('abort', abort)
      }
      process.on(name, pressed)
      signal?.addEventListener('abort', abort)
    })
  } finally {
    clearInterval(held)
    over()
  }
}

/**
 * Bytes in both directions, and the copy between two of them.
 *
 *     a.read ──▶ b.write … b.end        b.read ──▶ a.write … a.end        each at its own pace, to its own end
 */
import type { WaitOptions } from './changes.ts'

/** Two streams of bytes: one that is read, one that is written. A {@link Connection} is one. */
export interface ByteDuplex {
  /** The next bytes; `undefined` at their end. */
  read(options?: WaitOptions): Promise<Uint8Array | undefined>
  /** Resolves when there is room for more. */
  write(bytes: Uint8Array, options?: WaitOptions): Promise<void>
  /** Ends what is written; resolves when all of it has left. */
  end(): Promise<void>
  /** Ends both at once, as broken. */
  reset(): void
}

/** How many bytes went each way. */
export interface Copied {
  readonly aToB: number
  readonly bToA: number
}

const pump = async (from: ByteDuplex, to: ByteDuplex, signal: AbortSignal): Promise<number> => {
  let bytes = 0
  for (let chunk = await from.read({ signal }); chunk !== undefined; chunk = await from.read({ signal })) {
    await to.write(chunk, { signal })
    bytes += chunk.length
  }
  await to.end()
  return bytes
}

/**
 * Copies between two duplexes, both ways at once, until both have ended: a proxy. A direction that has ended is ended on the other
 * side, while the other one goes on; one that is blocked holds up its own source only.
 *
 * **Cost**    chunks are passed on, not copied
 * **Cancel**  by `signal`: both are reset, and it rejects with the signal's reason
 * **Errors**  the first failure of either side ends both directions at once: both are reset
 * **Source**  tokio `io::copy_bidirectional`
 * @example
 * const [target, proxy] = [await listen({ port: 0 }), await listen({ port: 0 })]
 * const client = await connect({ port: proxy.port })
 * const copied = copyBidirectional(await proxy.accept(), await connect({ port: target.port }))
 * const server = await target.accept()
 * await Promise.all([client.write(Buffer.from('ping')), client.end()])
 * await server.write(Buffer.from('pong!'))
 * await Promise.all([server.end(), server.source.toArray(), client.source.toArray()])
 * await copied // => { aToB: 4, bToA: 5 }
 * await Promise.all([target.close(), proxy.close()])
 */
export const copyBidirectional = async (a: ByteDuplex, b: ByteDuplex, { signal }: WaitOptions = {}): Promise<Copied> => {
  const stop = new AbortController()
  const abort = (): void => {
    stop.abort(signal?.reason)
  }
  stop.signal.addEventListener('abort', () => {
    a.reset()
    b.reset()
  })
  signal?.addEventListener('abort', abort)
  if (signal?.aborted === true) abort()
  const guarded = async (from: ByteDuplex, to: ByteDuplex): Promise<number> => {
    try {
      return await pump(from, to, stop.signal)
    } catch (error) {
      if (!stop.signal.aborted) stop.abort(error)
      throw error
    }
  }
  try {
    const [aToB, bToA] = await Promise.allSettled([guarded(a, b), guarded(b, a)])
    if (aToB.status === 'fulfilled' && bToA.status === 'fulfilled') return { aToB: aToB.value, bToA: bToA.value }
    throw stop.signal.reason // the first failure; the other direction's comes of it
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

/**
 * Cuts a socket off, so that the other side finds it broken and does not take what it has for all there was.
 * Called by connection.ts and listener.ts.
 */
import type { Socket } from 'node:net'

export const resetSocket = (socket: Socket): void => {
  // a local socket has no reset, and one cannot be sent while an orderly end is on its way
  const ending = socket.writableEnded && !socket.writableFinished
  if (socket.remoteAddress === undefined || ending || socket.destroyed) socket.destroy()
  else socket.resetAndDestroy()
}

// How a connection ends that we have nothing more to say on.

import type { Duplex } from 'node:stream'

/** A client that does not read has as long to take what was said to it, unless it has as long as it likes. */
const FLUSH_MS = 5000

/**
 * Resolves when the client has gone, too, or has had its time. It is not left before: what it still says would find
 * nobody, and with that error it would lose what was said to it.
 *
 * @param limitMs milliseconds; `Infinity` for none
 */
export function hangUp(socket: Duplex, last?: string, limitMs = FLUSH_MS): Promise<void> {
  if (socket.destroyed) return Promise.resolve()
  socket.removeAllListeners('data')
  // What it says is not listened to any more, but that it goes is.
  socket.resume()
  return new Promise((resolve) => {
    const leave = () => {
      clearTimeout(limit)
      socket.destroy()
      resolve()
    }
    const limit = limitMs === Infinity ? undefined : setTimeout(leave, limitMs)
    socket.once('close', leave)
    socket.once('end', leave)
    socket.end(last)
    if (socket.readableEnded) socket.once('finish', leave)
  })
}

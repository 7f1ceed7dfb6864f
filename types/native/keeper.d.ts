// native/keeper/binding.cc: frames and descriptors to and from the keeper. What they mean is
// lib/keeper's affair. Everything is on the inline lane; frames arrive from the epoll thread.

import type { Subscription } from './ns.js'

/**
 * Descriptors belong to the receiver; none are left of those of a `bare` frame, as this process may not
 * have so many. `closed` comes once and last.
 */
export type ConnectionEvent =
  | { type: 'frame'; frame: Buffer; fds: number[]; bare: boolean }
  | { type: 'closed' }
  | { type: 'lost'; count: number }

export interface KeeperRoom {
  /** Connects to the keeper's socket. ENOENT and ECONNREFUSED: none is there. */
  connect(path: string, callback: (event: ConnectionEvent) => void): Subscription
  /** False: the socket is full, try again. The caller keeps the descriptors. */
  send(connection: Subscription, frame: Buffer, fds: number[]): boolean
  disconnect(connection: Subscription): void
  /** Throws what the next read would fail with: SO_ERROR of socket(7). */
  takeError(socket: number): void
}

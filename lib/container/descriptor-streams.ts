// Node streams over descriptors that the keeper has passed. Nothing here blocks: pipes and terminals
// are waited for by libuv.

import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ReadStream } from 'node:tty'

/** One end of a pipe; the stream closes the descriptor. */
export function openPipe(fd: number, direction: 'read' | 'write'): Duplex {
  const reads = direction === 'read'
  const socket = new Socket({ fd, readable: reads, writable: !reads })
  // A socket that only writes would otherwise never notice its end; one that reads must not start
  // before somebody listens.
  if (reads) socket.pause()
  return socket
}

/** A terminal's master: keys in, output out. */
export function openTerminal(fd: number): Duplex {
  const terminal = new ReadStream(fd)
  terminal.pause()
  // When the last program has closed its side, a read says EIO: that is the end, and no error.
  const destroy = terminal._destroy.bind(terminal)
  terminal._destroy = (error, done) => {
    const code = (error as NodeJS.ErrnoException | null)?.code
    if (code !== 'EIO') return destroy(error, done)
    terminal.push(null)
    destroy(null, done)
  }
  return terminal
}

// Node streams over descriptors that the keeper has passed. Nothing here blocks: pipes and terminals
// are waited for by libuv.

import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ReadStream } from 'node:tty'
import { native } from './native.js'

/** One end of a pipe; the stream closes the descriptor. */
export function openPipe(fd: number, direction: 'read' | 'write'): Socket {
  const reads = direction === 'read'
  // Nothing is read before somebody listens: what we had read and nobody took would be lost to a
  // later process. `tty.ReadStream` does the same by this option, which has no documentation.
  const options = { fd, readable: reads, writable: !reads, manualStart: true }
  return new Socket(options)
}

/**
 * What a program writes, as the keeper's relay passes it on.
 *
 * @param lost what the stream fails with when the relay has gone before the end of it
 */
export function openOutput(fd: number, lost: (cause: Error) => Error): Socket {
  const output = openPipe(fd, 'read')
  const destroy = output.destroy.bind(output)
  const push = output.push.bind(output)
  output.destroy = (error) => {
    const cut = (error as NodeJS.ErrnoException | undefined)?.code === 'ECONNRESET'
    return destroy(cut ? lost(error as Error) : error)
  }
  // Where libuv sees that the other end has gone before it has read all, it does not read to the error.
  output.push = (chunk) => {
    try {
      if (chunk === null) native.keeper.takeError(fd)
      return push(chunk)
    } catch (error) {
      output.destroy(error as Error)
      return false
    }
  }
  // Who does not read it is not to be taken down by that.
  output.on('error', () => undefined)
  return output
}

/** A terminal's master: keys in, output out. */
export function openTerminal(fd: number): Duplex {
  const terminal = new ReadStream(fd)
  // When the last program has closed its side, a read says EIO: that is the end, and no error.
  const destroy = terminal.destroy.bind(terminal)
  terminal.destroy = (error) => {
    if ((error as NodeJS.ErrnoException | undefined)?.code !== 'EIO') return destroy(error)
    terminal.once('end', () => destroy())
    terminal.push(null)
    return terminal
  }
  return terminal
}

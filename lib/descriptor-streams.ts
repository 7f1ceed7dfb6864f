// Node streams over descriptors that the keeper has passed. Nothing here blocks.

import fs from 'node:fs'
import { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { ClosedError } from './errors.js'
import { native } from './native.js'

/** One end of a pipe; the stream closes the descriptor. */
export function openPipe(fd: number, direction: 'read' | 'write'): Socket {
  const reads = direction === 'read'
  // Nothing is read before somebody listens: what we had read and nobody took would be lost to a
  // later process. `tty.ReadStream` of Node uses this option, too, which has no documentation.
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

/**
 * Keys for a terminal, by its master, which must not block: libuv would have this thread wait where
 * nobody reads them. A key has been pressed when its write has been told so.
 */
export function openKeys(fd: number): Writable {
  let writing: Promise<void> = Promise.resolve()
  const keys = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      writing = writeAll(fd, chunk, () => keys.destroyed)
      writing.then(() => done(), done)
    },
    destroy: (error, done) => {
      // Not under a write: the number could mean another file by then.
      const close = () => fs.close(fd, () => done(error))
      writing.then(close, close)
    },
  })
  return keys
}

const write = promisify(fs.write)
const read = promisify(fs.read)
const FULL_MS = 20

async function writeAll(fd: number, bytes: Buffer, closed: () => boolean): Promise<void> {
  const output = Buffer.alloc(4096)
  for (let from = 0; from < bytes.length;) {
    if (closed()) throw new ClosedError('keyboard')
    from += await write(fd, bytes, from).then(({ bytesWritten }) => bytesWritten, ifFull)
    if (from === bytes.length) return
    // Only a read tells that the other end has gone: EIO. Its output is nobody's.
    await read(fd, output, 0, output.length, null).catch(ifFull)
    await setTimeout(FULL_MS)
  }
}

function ifFull(error: NodeJS.ErrnoException): 0 {
  if (error.code !== 'EAGAIN') throw error
  return 0
}

// Where an image's archive comes from: a file, opened once, or a directory archived as it is read.

import { constants } from 'node:fs'
import { open, realpath, stat, type FileHandle } from 'node:fs/promises'
import { isAbsolute, relative } from 'node:path'
import { decompress, detectCompression } from './compression.js'
import { ImageCorruptError, ImageSourceError } from './errors.js'
import { Program } from './program.js'

const CHUNK = 256 * 1024

/** A stream of archive bytes, and one of what they were before they were decompressed. */
export interface ImageSource extends AsyncDisposable {
  /** Bytes of the file; null for a directory. */
  readonly total: number | null
  /**
   * The plain archive.
   *
   * @param tap sees the bytes as they were given: what the digest is made of
   */
  read(tap: (chunk: Buffer) => void): AsyncIterable<Buffer>
}

/**
 * @param pool the pool's root, which must not be inside of a directory that is imported into it
 * @throws ImageSourceError
 */
export async function openSource(path: string, pool: string): Promise<ImageSource> {
  try {
    const info = await stat(path)
    if (info.isDirectory()) return await openDirectory(path, pool)
    if (!info.isFile()) throw new ImageSourceError(path, 'is neither a file nor a directory')
    // Not blocking, in case it became a FIFO just now.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    return new ArchiveFile(path, file, info.size)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new ImageSourceError(path, 'does not exist', { cause: error })
    }
    if (code === 'EACCES') throw new ImageSourceError(path, 'may not be read', { cause: error })
    throw error
  }
}

class ArchiveFile implements ImageSource {
  constructor(
    readonly path: string,
    readonly file: FileHandle,
    readonly total: number,
  ) {}

  async *read(tap: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
    const chunks = this.#chunks(tap)
    const first = await chunks.next()
    if (first.done === true) return
    const all = prepend(first.value, chunks)
    yield* decompress(all, detectCompression(first.value), this.path)
  }

  async *#chunks(tap: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
    for (;;) {
      // A new buffer each time: the consumers keep parts of it.
      const { bytesRead, buffer } = await this.file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK)
      if (bytesRead === 0) return
      const chunk = buffer.subarray(0, bytesRead)
      tap(chunk)
      yield chunk
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file.close()
  }
}

async function* prepend(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}

async function openDirectory(path: string, pool: string): Promise<ImageSource> {
  const [from, to] = [await realpath(path), await realpath(pool)]
  const inside = relative(from, to)
  if (inside === '' || (!inside.startsWith('..') && !isAbsolute(inside))) {
    throw new ImageSourceError(path, 'the pool is inside of it')
  }
  return new DirectoryTree(path, await Program.start('tar', createArguments(from)))
}

class DirectoryTree implements ImageSource {
  readonly total = null
  constructor(
    readonly path: string,
    readonly tar: Program,
  ) {}

  async *read(tap: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
    for await (const data of this.tar.stdout) {
      const chunk = data as Buffer
      tap(chunk)
      yield chunk
    }
    const status = await this.tar.finish()
    if (status !== 0) {
      throw new ImageCorruptError(this.path, `could not be read as it is: ${this.tar.complaint}`)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tar[Symbol.asyncDispose]()
  }
}

// The same tree gives the same bytes: names sorted, no times that reading changes, and tar's own
// names for headers without its process id. Only version 0.0 of the sparse format is free of that.
function createArguments(directory: string): string[] {
  return [
    '--create',
    '--file=-',
    `--directory=${directory}`,
    '--format=posix',
    '--pax-option=delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f',
    '--sort=name',
    '--numeric-owner',
    '--one-file-system',
    '--sparse',
    '--sparse-version=0.0',
    '--warning=no-file-ignored',
    ...attributeArguments,
    '.',
  ]
}

/**
 * Which extended attributes an image has. Not those of overlay filesystems, which would change what
 * the image looks like below one, and not the labels of another machine's security modules.
 */
export const attributeArguments: readonly string[] = [
  '--acls',
  '--xattrs',
  '--xattrs-include=security.capability',
  '--xattrs-include=user.*',
  '--xattrs-exclude=user.overlay.*',
]
